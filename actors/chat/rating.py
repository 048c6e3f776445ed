"""Rules of what a shopper thought of a chat that is over (F44)."""

from actors.chat.commands import Rate
from actors.chat.events import Event, Rated
from actors.chat.limits import misspelt
from actors.chat.outcomes import Outcome
from actors.chat.state import ChatState
from actors.ids import Millis
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules

VALID = Millis(14 * 24 * 3600 * 1000)
"""How long after the end a chat may be rated."""
CHANGEABLE = Millis(3600 * 1000)
"""How long after the first rating another may take its place."""
MOST_RATINGS = 6
"""The first one and its changes: they have to fit into the places that a full journal
keeps."""
TEXT_CHARS = 1000
BEST = 5
ASKED_AFTER = frozenset({"agent", "shopper", "handoff"})
"""Ends after which the shopper is asked: not of those that fell silent or were sent
away."""


def rate(state: ChatState, command: Rate) -> Outcome:
    """Take a rating; within the hour another one takes its place."""
    if command.by != state.shopper:
        return Refused(Reason.FORBIDDEN)
    if not 1 <= command.score <= BEST:
        return Refused(Reason.BAD_FRAME, path="$.score", why="is not from 1 to 5")
    text = command.text or None
    if text is not None:
        if len(text) > TEXT_CHARS:
            return Refused(Reason.TOO_BIG, path="$.text", limit=TEXT_CHARS)
        wrong = misspelt(text, "$.text")
        if wrong is not None:
            return wrong
    if state.closed_at is None:
        return Refused(Reason.BAD_STATUS, why="the chat goes on")
    if command.at > state.closed_at + VALID:
        return Refused(Reason.BAD_TIME, why="it is too long ago")
    before = state.rating
    if before is not None and (
        command.at > before.at + CHANGEABLE or before.times >= MOST_RATINGS
    ):
        return Refused(Reason.CONFLICT, why="the chat was rated before")
    return (Event(command.by, command.at, Rated(command.score, text), command.id),)


def is_asked_for(state: ChatState, rules: Rules, now: Millis) -> bool:
    """Return whether the shopper is to be asked how it was."""
    return (
        rules.settings.rating.ask
        and state.closed_at is not None
        and state.closed_why in ASKED_AFTER
        and not (state.no_csat or state.erased)
        and state.rating is None
        and now <= state.closed_at + VALID
    )
