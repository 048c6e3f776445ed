"""Rules of control: who answers the shopper (F36).

It is one token with one holder: the bot, the humans, another system, or nobody. Who
does not hold it is not heard, so the shopper never has two answers to one question; of
two who reach for it the later one is told who was first.
"""

from actors.chat.commands import (
    Command,
    PassOn,
    ReleaseControl,
    Say,
    TakeControl,
    TakeTurn,
)
from actors.chat.events import Assigned, ControlChanged, Event
from actors.chat.limits import full
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState
from actors.ids import AGENT, BOT
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules


def take(state: ChatState, command: TakeControl, rules: Rules) -> Outcome:
    """Give control to the humans, and the ticket to the agent who asks."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    agent = command.by[len(AGENT) :]
    if state.control == "humans":
        if state.assignee in (None, agent):
            return Unchanged()
        return Refused(Reason.CONFLICT, holder=state.control)
    if state.control == "external":
        return Refused(Reason.CONFLICT, holder=state.control)
    by, at = command.by, command.at
    taken = ControlChanged(state.control, "humans", "taken")
    events = [Event(by, at, taken, command.id)]
    if state.assignee != agent:
        assigned = Assigned(state.assignee, agent, "manual")
        events.append(Event(by, at, assigned))
    return full(state, rules.limits) or tuple(events)


def release(state: ChatState, command: ReleaseControl, rules: Rules) -> Outcome:
    """Give control back to the bot; the ticket is nobody's then."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    if state.control == "bot":
        return Unchanged()
    if state.control == "external" or not rules.bot:
        # Without a bot the shopper would be left to nobody.
        why = None if rules.bot else "there is no bot"
        return Refused(Reason.CONFLICT, holder=state.control, why=why)
    by, at = command.by, command.at
    released = ControlChanged(state.control, "bot", "released")
    events = [Event(by, at, released, command.id)]
    if state.assignee is not None:
        freed = Assigned(state.assignee, None, "manual")
        events.append(Event(by, at, freed))
    return full(state, rules.limits) or tuple(events)


def may_speak(state: ChatState, command: Command) -> bool:
    """Return whether this is the bot of the site, or another system it handed over to.

    The bot may take its turn, the other system pass on what is said there.
    """
    turn = command.by == BOT and isinstance(command, TakeTurn)
    own = turn or isinstance(command, PassOn)
    return own and state.seq > 0 and command.site == state.site


def came_too_late(command: Command, refused: Refused) -> bool:
    """Return whether these are words of the bot in a chat that it has no more."""
    late = refused.reason in (Reason.CHAT_CLOSED, Reason.CONFLICT)
    return late and command.by == BOT


def taken_by_reply(state: ChatState, command: Say) -> tuple[Event, ...] | Refused:
    """Return what an agent's answer does to control: it is the humans' from there on.

    Where another system answers, an agent's words would come between.
    """
    if state.control == "humans":
        return ()
    if state.control == "external":
        return Refused(Reason.CONFLICT, holder=state.control)
    taken = ControlChanged(state.control, "humans", "reply")
    return (Event(command.by, command.at, taken),)
