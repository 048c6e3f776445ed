"""Whether agents were reminded of who waits as they were promised (spec U6).

A shopper's message begins a silence, a human's answer ends it. Within one a check-in
falls due once, after the promised time, and is missed once after twice that; each says
from when it counts. All of it stands in the chat's journal, so it is judged from what
an agent was told of that, in the order of its seqs, whatever order it came in.
"""

from collections.abc import Iterator
from typing import NamedTuple

from clients.load.heard import Heard
from clients.load.plan import Plan

SLACK_S = 3.0
"""How late a reminder may be on a machine that has much else to do."""
HARMED_SLACK_S = 15.0
"""And where the broker is killed, stopped or without a disk meanwhile."""
REPEAT_MS = 300_000
"""From one miss to the next."""
PEOPLE = ("shopper:", "anon:")


class Promise(NamedTuple):
    """When an agent is reminded, in milliseconds of a silence."""

    remind: int
    breach: int
    slack: int
    timed: bool = True
    """Whether the clock that it is told by can be trusted."""


class Noted(NamedTuple):
    """One event of a chat, as far as it concerns who waits."""

    at: int
    what: str
    """`asked`, `answered`, `closed`, or the state of a check-in."""
    since: int = 0
    nth: int = 0
    """Of the misses of a silence."""


Log = dict[int, Noted]
"""By seq."""


def promised(plan: Plan) -> Promise | None:
    """Return what is promised in a run, if that is known."""
    mix, chaos = plan.mix, plan.chaos
    if not mix.remind_s:
        return None
    harmed = chaos.kill or chaos.freeze or chaos.full or chaos.slow
    slack = HARMED_SLACK_S if harmed else SLACK_S
    remind, breach = mix.remind_s * 1000, mix.breach_s * 1000
    return Promise(remind, breach, int(slack * 1000), timed=not chaos.clock)


def noted(event: Heard) -> Noted | None:
    """Return what an event is to who waits, if it is anything."""
    body, at = event.body, event.at
    if event.kind == "msg" and body.auto is None:
        asked = event.by.startswith(PEOPLE)
        return Noted(at, "asked" if asked else "answered")
    if event.kind == "checkin":
        return Noted(at, body.state, body.since, body.count)
    return Noted(at, "closed") if event.kind == "closed" else None


def judged(log: Log, promise: Promise, until: int) -> Iterator[str]:
    """Yield what is wrong with the reminders of a chat, which is known until then."""
    silence = _Silence(promise)
    for seq in sorted(log):
        each = log[seq]
        if each.what == "asked":
            silence.begins(each.at)
        elif each.what in {"due", "missed"}:
            yield from silence.reminded(each)
        else:
            yield from silence.ends(each.at)
    yield from silence.ends(until)


class _Silence:
    """How long somebody has been waiting, and what was done about it."""

    def __init__(self, promise: Promise) -> None:
        self._promise = promise
        self._since: int | None = None
        self._due = False
        self._missed = 0

    def begins(self, at: int) -> None:
        if self._since is None:
            self._since, self._due, self._missed = at, False, 0

    def ends(self, at: int) -> Iterator[str]:
        """Yield what should have been said by then, and was not."""
        promise, since, self._since = self._promise, self._since, None
        if since is None or not promise.timed:
            return
        waited = at - since - promise.slack
        if not self._due and waited > promise.remind:
            yield f"no check-in fell due in {(at - since) / 1000:.1f} s"
        elif not self._missed and waited > promise.breach:
            yield f"no check-in was missed in {(at - since) / 1000:.1f} s"

    def reminded(self, each: Noted) -> Iterator[str]:
        """Yield what is wrong with a check-in."""
        if self._since is None:
            yield f"a check-in was {each.what}, and nobody waited"
            return
        again = self._due if each.what == "due" else each.nth <= self._missed
        if again:
            yield f"a check-in was {each.what} twice"
        if each.since != self._since:
            off = (each.since - self._since) / 1000
            yield f"a check-in counts from {off:+.3f} s of the silence's begin"
        if not again:
            yield from self._timed(each, each.at - self._since)
        self._due = True
        self._missed = max(self._missed, each.nth)

    def _timed(self, each: Noted, after: int) -> Iterator[str]:
        promise = self._promise
        wanted = promise.remind
        if each.what == "missed":
            wanted = promise.breach + (each.nth - 1) * REPEAT_MS
        if promise.timed and not wanted <= after <= wanted + promise.slack:
            yield f"a check-in was {each.what} after {after / 1000:.1f} s"
