"""Rules of handing a ticket on (F29).

At any moment it has one owner or is in one queue: a transfer is one event. One that has
to be accepted is an offer until then, and the ticket its owner's; an offer ends once,
by an answer, by its time, or because the ticket has gone elsewhere.
"""

from actors.chat.commands import AnswerTransfer, Note, Tick, Transfer
from actors.chat.events import Assigned, Closed, Event, OfferChanged
from actors.chat.limits import full
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState
from actors.chat.talk import note
from actors.ids import AGENT, SYSTEM, Millis
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules

ANSWER_WITHIN = Millis(30_000)
"""How long who is offered a ticket may think about it."""


def transfer(state: ChatState, command: Transfer, rules: Rules) -> Outcome:
    """Hand the ticket on, or offer it; to whom it belongs already changes nothing."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    if (state.assignee, state.team) == (command.to, command.team_after(state.team)):
        return Unchanged()
    if command.spoilt is not None:
        return command.spoilt
    noted = _noted(state, command, rules)
    if isinstance(noted, Refused):
        return noted
    by, at, agent = command.by, command.at, command.by.removeprefix(AGENT)
    if command.accept and command.to not in (None, agent):
        if state.offer is not None:
            return Refused(Reason.CONFLICT, holder=state.offer.to)
        until = Millis(at + ANSWER_WITHIN)
        offered = OfferChanged(agent, command.to, "offered", until)
        own = Event(by, at, offered, command.id)
    else:
        change = Assigned(state.assignee, command.to, "transfer", command.team)
        own = Event(by, at, change, command.id)
    return full(state, rules.limits) or (*noted, own)


def answer(state: ChatState, command: AnswerTransfer, rules: Rules) -> Outcome:
    """Take the ticket that was offered, or leave it where it is."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    offer, agent = state.offer, command.by.removeprefix(AGENT)
    if offer is None or offer.to != agent or command.at >= offer.until:
        why = "there is no such offer any more"
        return Refused(Reason.CONFLICT, holder=state.assignee, why=why)
    body: Assigned | OfferChanged
    if command.yes:
        body = Assigned(state.assignee, agent, "transfer")
    else:
        body = OfferChanged(offer.origin, agent, "declined")
    return full(state, rules.limits) or (
        Event(command.by, command.at, body, command.id),
    )


def tick(state: ChatState, command: Tick) -> tuple[Event, ...]:
    """Return that the offer's time is over, if it is."""
    offer = state.offer
    if offer is None or command.at < offer.until:
        return ()
    expired = OfferChanged(offer.origin, offer.to, "expired")
    return (Event(SYSTEM, command.at, expired),)


def with_offer_withdrawn(
    state: ChatState, events: tuple[Event, ...]
) -> tuple[Event, ...]:
    """Return `events`, behind the end of an offer that they make pointless."""
    offer = state.offer
    if offer is None or not any(_ends(offer.to, event) for event in events):
        return events
    gone = OfferChanged(offer.origin, offer.to, "withdrawn")
    return (Event(SYSTEM, events[0].at, gone), *events)


def _ends(to: str, event: Event) -> bool:
    body = event.body
    if type(body) is Assigned:
        return body.to != to
    return type(body) is Closed


def _noted(
    state: ChatState, command: Transfer, rules: Rules
) -> tuple[Event, ...] | Refused:
    """Return the note that goes with the ticket, as the other agents are to see it."""
    if not command.note:
        return ()
    left = Note("", command.by, command.site, command.at, command.note)
    noted = note(state, left, rules)
    if isinstance(noted, Refused):
        return Refused(noted.reason, path="$.note", why=noted.why, limit=noted.limit)
    return noted if isinstance(noted, tuple) else ()
