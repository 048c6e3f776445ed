"""Whether the writer, about to commit very little, waits a moment for company.

A commit costs two thread switches, a sync and a wake of the loop, whatever is in it: at
500 messages a second nearly every message pays for one of its own. Waiting 3 ms there
saves a quarter of the CPU, and no chat feels it. A lone message never waits, for it
would wait in vain; nor does a full load, where a batch gathers during the last commit.
"""

from collections.abc import Callable
from time import monotonic

LINGER_S = 0.003
FEW = 8
"""Jobs from which on a batch is worth its commit."""
DENSE_S = 0.005
"""Mean time between jobs up to which company is likely enough."""
SILENCE_S = 0.05
"""What a longer pause counts as: soon forgotten once traffic begins."""
SMOOTHING = 0.1
MOST_FRUITLESS = 6
"""Waits in a row that brought nothing, as with few peers who themselves wait for their
acks: from then on one batch in 63 tries."""


class Pace:
    """Belongs to one thread."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._taken_at = clock()
        self._taken = 1
        self._gap = SILENCE_S
        self._fruitless = self._skip = 0

    def pause(self, size: int) -> float:
        """Return how many seconds a batch of `size` jobs should wait, mostly 0."""
        now = self._clock()
        gap = min(now - self._taken_at, SILENCE_S) / self._taken
        self._gap += (gap - self._gap) * SMOOTHING
        self._taken_at, self._taken = now, size
        if size >= FEW or self._gap > DENSE_S:
            return 0.0
        if self._skip:
            self._skip -= 1
            return 0.0
        return LINGER_S

    def paused(self, joined: int) -> None:
        """Learn how many jobs the wait has brought."""
        self._taken += joined
        self._fruitless = 0 if joined else min(self._fruitless + 1, MOST_FRUITLESS)
        # The first may have been bad luck: 0, 2, 6, 14, …
        self._skip = max(0, 2**self._fruitless - 2)
