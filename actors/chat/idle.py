"""Rules of chats in which the shopper has fallen silent (F43).

The silence is counted from the last word of an agent or the bot that the shopper has
not answered, and from the moment the ticket came back or got an owner, if that was
later. It never counts while it is our turn, while the ticket is put aside or waits in a
queue, or while another system answers. A warning that was late leaves the shopper as
much time as one in time.
"""

from actors.chat.commands import Tick
from actors.chat.events import Closed, Event, Said
from actors.chat.limits import is_full
from actors.chat.state import ChatState
from actors.ids import SYSTEM, Millis
from actors.settings.rules import Rules

MINUTE = 60 * 1000


def tick(state: ChatState, command: Tick, rules: Rules) -> tuple[Event, ...]:
    """Return the warning or the end, whichever has fallen due."""
    due = deadline(state, rules)
    if due is None or command.at < due:
        return ()
    if _to_be_warned(state, rules):
        warning = Said(rules.settings.idle.warn_text, auto="idle")
        return (Event(SYSTEM, command.at, warning),)
    return (Event(SYSTEM, command.at, Closed("idle")),)


def deadline(state: ChatState, rules: Rules) -> Millis | None:
    """Return when the shopper is warned, or the chat closed, if ever."""
    idle, since = rules.settings.idle, state.idle_since
    if idle.close_min is None or since is None or not _counts(state):
        return None
    closes, ahead = since + idle.close_min * MINUTE, (idle.warn_min or 0) * MINUTE
    if _to_be_warned(state, rules):
        return Millis(closes - ahead)
    warned = state.idle_warned_at
    return Millis(closes if warned is None else max(closes, warned + ahead))


def _counts(state: ChatState) -> bool:
    if state.status != "open":
        return False
    if state.control == "bot":
        return True
    answered = state.ball is None and state.assignee is not None
    return state.control == "humans" and answered


def _to_be_warned(state: ChatState, rules: Rules) -> bool:
    # A full journal keeps its last places for the end.
    wanted = rules.settings.idle.warn_min is not None
    return wanted and state.idle_warned_at is None and not is_full(state, rules.limits)
