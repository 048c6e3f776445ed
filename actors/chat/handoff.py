"""Rules of handing a chat over from the bot to people (F36).

The shopper is asked first, unless they have asked for a person themselves. Whoever is
to answer then has control in the same commit; where that is another system, nobody has
it until the system has a ticket, and if it never does, our own agents. A ticket is one
of the humans' from then on, and for nobody before.
"""

from actors.chat.commands import AnswerHandoff, Command, PassOn, ReportHandoff, Tick
from actors.chat.events import (
    Assigned,
    Closed,
    Control,
    ControlChanged,
    Event,
    HandoffChanged,
    Said,
    Target,
)
from actors.chat.limits import full
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState
from actors.chat.teams import team_for
from actors.chat.traits import Traits
from actors.ids import AGENT, ANON, BOT, SYSTEM, Millis, Person
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules

ANSWER_WITHIN = Millis(5 * 60 * 1000)
"""How long an offer stands that nobody answers."""
SIGN_IN_WITHIN = Millis(10 * 60 * 1000)
"""How long one stands for a visitor, who has to sign in to take it."""
HUMAN = "human"
"""The reason of a hand-off that the shopper has asked for."""
BY_MAIL = "gorgias"
"""Where the answer comes by e-mail, so that the chat is over."""


def offer(
    state: ChatState, at: Millis, reason: str | None, rules: Rules
) -> list[Event]:
    """Return the question whether a person is to answer; it is asked once."""
    if state.bot is not None and state.bot.offer is not None:
        return []
    visitor = state.shopper.startswith(ANON)
    until = Millis(at + (SIGN_IN_WITHIN if visitor else ANSWER_WITHIN))
    asked = Said(rules.settings.ai.offer, auto="handoff")
    target = rules.settings.ai.handoff
    offered = HandoffChanged(target, "offered", until, reason)
    return [Event(BOT, at, asked), Event(BOT, at, offered)]


def answer(state: ChatState, command: AnswerHandoff, rules: Rules) -> Outcome:
    """Hand the chat over, or leave it with the bot."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    offered = None if state.bot is None else state.bot.offer
    if offered is None or command.at >= offered.until:
        why = "there is no such offer any more"
        return Refused(Reason.CONFLICT, holder=state.control, why=why)
    target = rules.settings.ai.handoff
    if command.yes and needs_login(state, target):
        return Refused(Reason.LOGIN_REQUIRED)
    if command.yes:
        events = hand_over(state, command, offered.reason, rules)
    else:
        declined = HandoffChanged(target, "declined")
        events = (Event(command.by, command.at, declined, command.id),)
    return full(state, rules.limits) or events


def needs_login(state: ChatState, target: Target) -> bool:
    """Return whether this is a visitor, whom no person answers."""
    return state.shopper.startswith(ANON) and target != "message"


def hand_over(
    state: ChatState, command: Command, reason: str | None, rules: Rules
) -> tuple[Event, ...]:
    """Return what hands the chat over; the first event stands for the command."""
    ai, at = rules.settings.ai, command.at
    target = ai.handoff
    accepted = HandoffChanged(target, "accepted", reason=reason)
    events = [Event(command.by, at, accepted, command.id)]
    if target == "message":
        events.append(Event(BOT, at, Said(ai.message, auto="handoff")))
        events.append(Event(SYSTEM, at, HandoffChanged(target, "done")))
    elif target == "helpdesk":
        events.append(Event(BOT, at, Said(ai.connecting, auto="handoff")))
        events += _to_humans(state, at, reason, rules)
        events.append(Event(SYSTEM, at, HandoffChanged(target, "done")))
    else:
        events.append(Event(BOT, at, Said(ai.connecting, auto="handoff")))
        events.append(Event(SYSTEM, at, _turned(state, "none")))
    return tuple(events)


def report(state: ChatState, command: ReportHandoff, rules: Rules) -> Outcome:
    """Go on with a hand-off, now that the other system has it or never will."""
    target = None if state.bot is None else state.bot.target
    if target is None and state.control == "external" and command.ref is None:
        # It took the chat over, and takes nothing more.
        target = "zendesk"
    if target is None or state.status == "closed":
        return Unchanged()
    by, at = command.by, command.at
    if command.ref is None:
        failed = HandoffChanged(target, "failed", reason=command.reason)
        events = [Event(by, at, failed, command.id)]
        if state.control in {"none", "external"}:
            # Never silence: our own agents are always there to be asked.
            events += _to_humans(state, at, command.reason, rules)
        return tuple(events)
    done = HandoffChanged(target, "done", ref=command.ref)
    events = [Event(by, at, done, command.id)]
    if state.control != "none":
        return tuple(events)
    if target == BY_MAIL:
        events.append(Event(BOT, at, Said(rules.settings.ai.by_mail, auto="handoff")))
        events.append(Event(by, at, Closed("handoff")))
    else:
        events.append(Event(by, at, _turned(state, "external")))
    return tuple(events)


def pass_on(state: ChatState, command: PassOn, rules: Rules) -> Outcome:
    """Say here what was said in the system that has control, or end with it."""
    if state.status == "closed" or state.control != "external":
        return Unchanged()
    by, at = command.by, command.at
    if command.over:
        return (Event(by, at, Closed("handoff"), command.id),)
    said = Event(by, at, Said(command.text), command.id)
    return full(state, rules.limits) or (said,)


def tick(state: ChatState, command: Tick, rules: Rules) -> tuple[Event, ...]:
    """Return that the offer's time is over, if it is."""
    due = deadline(state)
    if due is None or command.at < due:
        return ()
    withdrawn = HandoffChanged(rules.settings.ai.handoff, "withdrawn")
    return (Event(SYSTEM, command.at, withdrawn),)


def deadline(state: ChatState) -> Millis | None:
    """Return when the offer's time is over, if there is one."""
    bot = state.bot
    return None if bot is None or bot.offer is None else bot.offer.until


def with_offer_withdrawn(
    state: ChatState, events: tuple[Event, ...], rules: Rules
) -> tuple[Event, ...]:
    """Return `events`, behind the end of an offer that they make pointless."""
    if deadline(state) is None or not any(_ends(event) for event in events):
        return events
    if any(type(event.body) is HandoffChanged for event in events):
        return events
    gone = HandoffChanged(rules.settings.ai.handoff, "withdrawn")
    return (Event(SYSTEM, events[0].at, gone), *events)


def _ends(event: Event) -> bool:
    return type(event.body) is ControlChanged or type(event.body) is Closed


def _to_humans(
    state: ChatState, at: Millis, reason: str | None, rules: Rules
) -> list[Event]:
    """Return what makes it a ticket of the humans, in the queue for this reason."""
    assignment = rules.settings.assignment
    team = team_for(assignment, Traits(tags=state.tags, bot_reason=reason))
    events: list[Event] = []
    if team is not None and team != state.team:
        queued = Assigned(state.assignee, state.assignee, "routing", team)
        events.append(Event(SYSTEM, at, queued))
    events.append(Event(SYSTEM, at, _turned(state, "humans")))
    return events


def _turned(state: ChatState, to: Control) -> ControlChanged:
    return ControlChanged(state.control, to, "handoff")


def external(target: str) -> Person:
    """Return who speaks in a chat for the people of another system."""
    return Person(AGENT + target)
