"""What goes with an agent's message: in the same commit, or not at all (F32)."""

from msgspec import UNSET

from actors.chat import tags
from actors.chat.commands import Say, Tag, Then
from actors.chat.events import Assigned, Closed, Event, Status, StatusChanged
from actors.chat.state import ChatState
from actors.refusals import Refused
from actors.settings.rules import Rules


def after(
    state: ChatState, say: Say, then: Then, rules: Rules, *, status: Status
) -> tuple[Event, ...] | Refused:
    """Return what `then` changes about a ticket of this status, an end as the last."""
    by, at = say.by, say.at
    events: list[Event] = []
    if then.tag:
        tagged = tags.tag(state, Tag("", by, say.site, at, then.tag), rules)
        if isinstance(tagged, Refused):
            return tagged
        if isinstance(tagged, tuple):
            events += tagged
    if then.assign is not UNSET and then.assign != state.assignee:
        handed = Assigned(state.assignee, then.assign, "manual")
        events.append(Event(by, at, handed))
    if then.snooze and (status, state.until) != ("snoozed", then.until):
        aside = StatusChanged(status, "snoozed", then.until)
        events.append(Event(by, at, aside))
    if then.close:
        events.append(Event(by, at, Closed("agent")))
    return tuple(events)
