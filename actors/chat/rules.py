"""What a chat says to a command. Pure: no clock, no IO, no ids made up.

The rules live by concern in modules beside this one; here each command finds its own.
"""

from typing import assert_never

from actors.chat import (
    checkin,
    control,
    cursors,
    erasing,
    handoff,
    identity,
    idle,
    offhours,
    rating,
    routing,
    sla,
    tags,
    talk,
    texting,
    ticket,
    transfer,
    turns,
)
from actors.chat.commands import (
    AnswerHandoff,
    AnswerTransfer,
    AnyCommand,
    Assign,
    Block,
    End,
    Erase,
    Identify,
    MoveCursor,
    Note,
    PassOn,
    Rarer,
    Rate,
    ReleaseControl,
    Report,
    ReportHandoff,
    Requeue,
    Route,
    Say,
    Snooze,
    Start,
    Tag,
    TakeControl,
    TakeTurn,
    Tick,
    Transfer,
    Wake,
    WriteCursors,
)
from actors.chat.cursors import Moving
from actors.chat.events import Event, StatusChanged
from actors.chat.limits import misspelt
from actors.chat.outcomes import Outcome, Repeated, Unchanged
from actors.chat.state import ChatState
from actors.chat.teams import may_open
from actors.ids import AGENT, SYSTEM, Millis, Person
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules

__all__ = ["Moving", "decide", "may_enter", "next_deadline"]


def decide(
    state: ChatState, command: AnyCommand, rules: Rules, moving: Moving
) -> Outcome:
    """Return what comes of `command`; only `moving` may change by it.

    A command whose id the asker used before in this chat is `Repeated`, whatever
    happened since; only then is anything else judged (F8).
    """
    seen = state.seen.get(command.by)
    if seen is not None and command.id:
        seq = seen.get(command.id)
        if seq is not None:
            return Repeated(seq)
    if isinstance(command, Start):
        asked = (command.by, command.site, command.channel)
        if state.seq and asked != (state.shopper, state.site, state.channel):
            return Refused(Reason.NOT_FOUND)
    elif not may_enter(
        state, command.by, command.site, rules
    ) and not control.may_speak(state, command):
        return Refused(Reason.NOT_FOUND)
    if state.erased and not isinstance(command, erasing.HARMLESS):
        return Refused(Reason.ERASED)
    # In order of frequency: nearly every command is one of these two.
    if isinstance(command, Say):
        wrong = misspelt(command.id, "$.id")
        return wrong or _settled(state, talk.say(state, command, rules), rules)
    if isinstance(command, MoveCursor):
        return cursors.move(state, command, moving)
    if isinstance(command, WriteCursors):
        return cursors.write(state, command, rules, moving)
    wrong = misspelt(command.id, "$.id")
    if isinstance(command, Identify):
        found = identity.identify(state, command, moving)
        return wrong or _settled(state, found, rules)
    return wrong or _settled(state, _decide_rarer(state, command, rules), rules)


def may_enter(state: ChatState, who: Person, site: str, rules: Rules) -> bool:
    """Return whether `who` takes part here: its shopper, or an agent of its site.

    That is any agent, unless the ticket's team keeps its tickets to itself.
    """
    if not state.seq or state.site != site:
        return False
    if who.startswith(AGENT):
        return may_open(state, who, rules)
    # Texts come from their sender's telephone, and nowhere else.
    return who == SYSTEM or (who == state.shopper and state.channel == "chat")


def next_deadline(state: ChatState, rules: Rules) -> Millis | None:
    """Return when a `Tick` will have something to do, if ever."""
    if state.status == "closed":
        return None
    soonest = state.until if state.status == "snoozed" else None
    if state.ball is not None and soonest is None:
        soonest = checkin.deadline(state, rules)
    if state.idle_since is not None:
        soonest = _sooner(soonest, idle.deadline(state, rules))
    if state.offer is not None:
        soonest = _sooner(soonest, state.offer.until)
    if rules.settings.sla.policies:
        soonest = _sooner(soonest, sla.deadline(state, rules))
    if state.bot is not None:
        soonest = _sooner(soonest, handoff.deadline(state))
    return soonest


def _sooner(one: Millis | None, other: Millis | None) -> Millis | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def _settled(state: ChatState, outcome: Outcome, rules: Rules) -> Outcome:
    """Return `outcome`, with what it means for all else that is under way."""
    if type(outcome) is not tuple:
        return outcome
    if state.bot is not None:
        outcome = handoff.with_offer_withdrawn(state, outcome, rules)
    if state.offer is not None:
        outcome = transfer.with_offer_withdrawn(state, outcome)
    return sla.judged(state, offhours.with_reply(state, outcome, rules), rules)


def _decide_rarer(state: ChatState, command: Rarer, rules: Rules) -> Outcome:
    match command:
        case Start():
            return talk.start(state, command, rules)
        case Note():
            return talk.note(state, command, rules)
        case End():
            return talk.end(state, command)
        case Snooze():
            return ticket.snooze(state, command, rules)
        case Wake():
            return ticket.wake(state, command, rules)
        case Transfer():
            return transfer.transfer(state, command, rules)
        case Assign():
            return ticket.assign(state, command, rules)
        case Route():
            return routing.route(state, command, rules)
        case Requeue():
            return routing.requeue(state, command, rules)
        case AnswerTransfer():
            return transfer.answer(state, command, rules)
        case Block():
            return talk.block(state, command)
        case Erase():
            return erasing.erase(state, command)
        case Rate():
            return rating.rate(state, command)
        case Tag():
            return tags.tag(state, command, rules)
        case TakeControl():
            return control.take(state, command, rules)
        case ReleaseControl():
            return control.release(state, command, rules)
        case TakeTurn():
            return turns.take(state, command, rules)
        case AnswerHandoff():
            return handoff.answer(state, command, rules)
        case ReportHandoff():
            return handoff.report(state, command, rules)
        case PassOn():
            return handoff.pass_on(state, command, rules)
        case Report():
            return texting.report(state, command)
        case Tick():
            return _tick(state, command, rules)
        case _:
            assert_never(command)


def _tick(state: ChatState, command: Tick, rules: Rules) -> Outcome:
    """Do what has fallen due; a late or repeated tick does nothing."""
    if state.status == "closed":
        return Unchanged()
    expired = transfer.tick(state, command) or handoff.tick(state, command, rules)
    if expired:
        return expired
    if state.status == "snoozed":
        if state.until is None or command.at < state.until:
            return Unchanged()
        woken = StatusChanged("snoozed", "open", None, "due")
        return (Event(SYSTEM, command.at, woken),)
    broken = sla.tick(state, command, rules)
    more = idle.tick(state, command, rules) or checkin.tick(state, command, rules)
    return broken + more if isinstance(more, tuple) else broken or more
