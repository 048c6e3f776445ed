"""What a shopper is told who writes when nobody will answer soon (F25, F37).

It goes with the message it answers, in one commit: a shopper hears it at once, and a
restart cannot repeat it. Once for each time that the shop is closed, or nobody is
there; who has just had an answer by a person is not told that there is none.
"""

from typing import NamedTuple

from actors.chat.events import ControlChanged, Event, Opened, Said
from actors.chat.limits import has_room
from actors.chat.spoken import next_opening
from actors.chat.state import ChatState, evolve
from actors.chat.texting import MOST_CHARS
from actors.ids import SYSTEM, Millis
from actors.settings.rules import Rules
from actors.templates import fill


class Notice(NamedTuple):
    """A text, and since when the shopper needs it: once after that is enough."""

    text: str | None
    since: Millis


def with_reply(
    state: ChatState, events: tuple[Event, ...], rules: Rules
) -> tuple[Event, ...]:
    """Return `events`, and behind them what a shopper is to be told who wrote."""
    # Nearly always: it is asked for every message.
    if rules.settings.hours.auto_reply is None and not rules.crowded:
        return events
    at = events[0].at
    notice = _notice(state, events, rules)
    if notice is None or not notice.text or _told(state, notice.since, at, rules):
        return events
    if not has_room(state.seq + len(events), rules.limits):
        return events
    hours, locale = rules.hours, rules.settings.chat.locale
    values = {"hours.next": next_opening(hours, at, locale)}
    text = fill(notice.text, values).text
    channel = _after(state, events).channel
    if channel == "sms" and len(text) > MOST_CHARS:
        # No telephone takes it, and a part of it may say the contrary.
        return events
    return (*events, Event(SYSTEM, at, Said(text, auto="offhours")))


def _notice(state: ChatState, events: tuple[Event, ...], rules: Rules) -> Notice | None:
    """Return what there is to be told, if somebody is to be told anything."""
    fresh = type(events[0].body) is Opened
    handed = any(_hands_over(event) for event in events)
    if not (fresh or handed or any(_asks(state, event) for event in events)):
        return None
    after = _after(state, events)
    if (after.status, after.control) != ("open", "humans"):
        return None
    settings, hours, at = rules.settings, rules.hours, events[0].at
    if not hours.is_open(at):
        return Notice(settings.hours.auto_reply, hours.turned(at))
    if settings.hours.when_no_agents and not rules.attended:
        # Once, also if some come and go: until a person has answered here.
        since = max(hours.turned(at), state.answered_at or Millis(0))
        return Notice(settings.hours.auto_reply, since)
    if rules.crowded and (fresh or handed):
        return Notice(settings.assignment.long_wait, at)
    return None


def _told(state: ChatState, since: Millis, at: Millis, rules: Rules) -> bool:
    """Return whether the shopper knows, or was just answered by a person."""
    if state.offhours_at is not None and state.offhours_at >= since:
        return True
    quiet = rules.settings.hours.quiet_s * 1000
    return state.answered_at is not None and at < state.answered_at + quiet


def _asks(state: ChatState, event: Event) -> bool:
    body = event.body
    return type(body) is Said and body.auto is None and event.by == state.shopper


def _hands_over(event: Event) -> bool:
    """Return whether the bot gives up, so that the shopper waits for a person."""
    body = event.body
    return (
        type(body) is ControlChanged and body.to == "humans" and body.why == "handoff"
    )


def _after(state: ChatState, events: tuple[Event, ...]) -> ChatState:
    """Return how the chat is after `events`, as far as it matters here."""
    after = ChatState(
        shopper=state.shopper,
        channel=state.channel,
        status=state.status,
        control=state.control,
    )
    for event in events:
        evolve(after, event)
    return after
