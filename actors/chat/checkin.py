"""Rules of the check-in reminder: nobody waits long without a sign of life (U6).

A shopper's message gives the ball to us; a public answer by a human returns it, unless
it says "still looking" (`hold`), which begins a new silence but keeps the ball. While
the ball is ours, a silence passes three marks: at `remind` a check-in falls due, at
`auto` the broker may say something itself, at `breach` the check-in is missed, and
again every five minutes after that. Marks are counted from the begin of the silence in
open hours, pauses left out, so they are the same however often one asks. A mark that
passed while the broker was down is reached once, late, and what follows it is counted
from then.
"""

from actors.chat.commands import Tick
from actors.chat.events import CheckedIn, Event, Said
from actors.chat.limits import is_full
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import Ball, ChatState, counts
from actors.ids import SYSTEM, Millis
from actors.settings.rules import Rules

REPEAT = Millis(300 * 1000)
"""Time from one miss to the next."""
MOST_MISSES = 12
"""Misses journaled in one silence: an hour of them says it all."""
MOST_AUTOS = 2
"""Automatic check-ins in a row: more would sound like a machine."""


def tick(state: ChatState, command: Tick, rules: Rules) -> Outcome:
    """Return what the silence has come to by now, in the order of the marks."""
    ball = state.ball
    if ball is None or not _watched(state, rules):
        return Unchanged()
    now = command.at
    reached = [
        (mark, body)
        for mark, body in (
            (_due(ball, rules), CheckedIn("due", 0, ball.since)),
            (_auto(ball, rules), _auto_message(rules)),
            (_missed(ball, rules), CheckedIn("missed", ball.missed + 1, ball.since)),
        )
        if mark is not None and mark <= now
    ]
    reached.sort(key=lambda pair: pair[0])
    events = tuple(Event(SYSTEM, now, body) for _, body in reached)
    return events or Unchanged()


def deadline(state: ChatState, rules: Rules) -> Millis | None:
    """Return when the next mark is reached, if one is ahead."""
    ball = state.ball
    if ball is None or not _watched(state, rules):
        return None
    if not ball.due:
        # The first mark of a silence: settings have remind <= auto < breach.
        return _due(ball, rules)
    auto, missed = _auto(ball, rules), _missed(ball, rules)
    if auto is None or missed is None:
        return missed if auto is None else auto
    return min(auto, missed)


def _watched(state: ChatState, rules: Rules) -> bool:
    # A full journal keeps its last places for what must always fit.
    if not rules.settings.check_in.enabled or is_full(state, rules.limits):
        return False
    return counts(state)


def _due(ball: Ball, rules: Rules) -> Millis | None:
    if ball.due:
        return None
    return rules.hours.after(ball.since, rules.remind, ball.pauses)


def _auto(ball: Ball, rules: Rules) -> Millis | None:
    auto = rules.auto
    if auto is None or ball.autos >= MOST_AUTOS:
        return None
    since = ball.auto_at if ball.autos else ball.since
    return rules.hours.after(since, auto, ball.pauses)


def _missed(ball: Ball, rules: Rules) -> Millis | None:
    if ball.missed >= MOST_MISSES:
        return None
    if ball.missed:
        return rules.hours.after(ball.missed_at, REPEAT, ball.pauses)
    return rules.hours.after(ball.since, rules.breach, ball.pauses)


def _auto_message(rules: Rules) -> Said:
    return Said(rules.settings.check_in.auto_text, auto="checkin")
