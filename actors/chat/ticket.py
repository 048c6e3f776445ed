"""Rules of the ticket's status and owner (F15, F16, F17, F24)."""

from actors.chat import guard
from actors.chat.commands import Assign, Snooze, Wake
from actors.chat.events import Assigned, Event, StatusChanged
from actors.chat.limits import full
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState
from actors.ids import Millis
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules

SOONEST = Millis(60 * 1000)
LATEST = Millis(90 * 24 * 3600 * 1000)
"""A snooze ends one minute to ninety days ahead (F17)."""


def snooze(state: ChatState, command: Snooze, rules: Rules) -> Outcome:
    """Put the ticket aside; a second time moves the alarm."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    until = command.until
    if state.status == "snoozed" and until == state.until:
        return Unchanged()
    if until is not None and not SOONEST <= until - command.at <= LATEST:
        return Refused(Reason.BAD_TIME, path="$.until")
    unseen = guard.unseen(state, command.if_head)
    if unseen is not None:
        return unseen
    change = StatusChanged(state.status, "snoozed", until)
    return full(state, rules.limits) or (
        Event(command.by, command.at, change, command.id),
    )


def wake(state: ChatState, command: Wake, rules: Rules) -> Outcome:
    """Bring the ticket back; an open one stays as it is."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    if state.status == "open":
        return Unchanged()
    change = StatusChanged("snoozed", "open", None, "manual")
    return full(state, rules.limits) or (
        Event(command.by, command.at, change, command.id),
    )


def assign(state: ChatState, command: Assign, rules: Rules) -> Outcome:
    """Give the ticket to another agent or to nobody; the same one changes nothing."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    if (state.assignee, state.team) == (command.to, command.team_after(state.team)):
        return Unchanged()
    if command.spoilt is not None:
        return command.spoilt
    change = Assigned(state.assignee, command.to, "manual", command.team)
    return full(state, rules.limits) or (
        Event(command.by, command.at, change, command.id),
    )
