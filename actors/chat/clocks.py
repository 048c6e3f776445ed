"""Which of a shop's promises run in a chat, and since when (F41).

Kept beside the check-ins' ball: a sign of life ends a promise to answer, but leaves the
ball with us; and the promise of an end runs from the first message to the last.
"""

from typing import NamedTuple

import msgspec

from actors.chat.events import Measure, Measured
from actors.chat.hours import Spans, with_pause
from actors.ids import Millis


class Broken(NamedTuple):
    """A promise that was not kept, by the policy and what it measures."""

    policy: str
    measure: Measure


class Clocks(msgspec.Struct, gc=False):
    """Changed in place, like the state that it is part of."""

    begun: Millis = Millis(0)
    """Since when the promise of an end runs."""
    asked: Millis | None = None
    """When the shopper first said what no person has answered yet."""
    answered: bool = False
    """Whether any person has ever answered."""
    pauses: Spans = ()
    """When nothing of it counted: the ticket was snoozed, or not the humans'."""
    off: Millis | None = None
    """Since when it does not count, if it does not."""
    broken: tuple[Broken, ...] = ()
    """What was found broken of what runs now: once is enough."""

    def begin(self, at: Millis) -> None:
        """Promise an end from `at` on."""
        self.begun = at
        self.forget("resolution")

    def ask(self, at: Millis) -> None:
        """Promise an answer from `at` on, unless that was promised.

        What the last wait broke may be journaled behind its late answer: so it is
        forgotten here and not there.
        """
        if self.asked is None:
            self.asked = at
            self.forget("first_response", "next_response")

    def answer(self) -> None:
        """Have kept, or not, the promise of an answer."""
        self.asked, self.answered = None, True

    def turn(self, at: Millis, *, on: bool) -> None:
        """Let time count from `at` on, or not."""
        if not on:
            self.off = at if self.off is None else self.off
        elif self.off is not None:
            self.pauses = self.until(at)
            self.off = None

    def until(self, at: Millis) -> Spans:
        """Return the pauses until `at`, the present one included."""
        return with_pause(self.pauses, self.off, at)

    def judge(self, verdict: Measured) -> None:
        """Remember what was found broken."""
        if verdict.state == "missed":
            self.broken = (*self.broken, Broken(verdict.policy, verdict.measure))

    def forget(self, *measures: Measure) -> None:
        """Forget what was broken of these."""
        if self.broken:
            self.broken = tuple(b for b in self.broken if b.measure not in measures)
