"""When nobody more is let in, and when those who are sent away come back (F52).

Who is in goes on: what somebody new costs is a token checked, a profile and a past read
from the disk, and all of that is what there is too little of.
"""

from collections.abc import Callable
from random import Random
from typing import Protocol

BEHIND = 5000
"""Jobs of the journal not yet settled, half a second of work, from which nobody new is
let in. Half of the number at which nothing is read of anybody any more: those who are
in have the other half."""
CAUGHT_UP = 1000
"""Jobs at which people are let in again. A tenth of a second of work is left by then;
at the same number as above each one let in would shut the door behind them."""
LATE_S = 1.0
"""Seconds that the loop may be late for the keepalive's tick: a turn is a few
milliseconds, and people notice a second."""
PROMPT_S = 0.25
"""Seconds of being late that count as in time again."""
LATE_TICKS = 2
"""Late ones in a row that are more than a hiccup of the machine."""
PROMPT_TICKS = 3
"""Those in time, one after the other, after which people are let in again."""

SOONEST_S, SPREAD_S = 0.5, 2.5
"""Nobody comes back before, and all of a few within the time after that."""
RETURNS_PER_S = 400
"""How many are to come back in a second: a sixth of the 2,500 or so for whom a second
of CPU is enough (decision 008), for each of them brings a chat to catch up with."""
LONGEST_S = 30.0
"""The most that anybody is told to wait, as long as clients wait by themselves; when
there are too many even for that, they are spread over all of it."""


class Returns:
    """A line of those who were sent away, so that thousands do not come at once."""

    def __init__(self, now: Callable[[], float], chance: Random) -> None:
        self._now = now
        self._chance = chance
        self._last = 0.0
        """When the last of them would be taken in, one after the other."""

    def after(self) -> int:
        """Return for how many milliseconds one more should wait: jittered."""
        now = self._now()
        self._last = max(self._last, now) + 1 / RETURNS_PER_S
        place, jitter = self._last - now - SPREAD_S, self._chance.uniform(0, SPREAD_S)
        if place > LONGEST_S - SPREAD_S:
            self._last -= 1 / RETURNS_PER_S
            place, jitter = 0.0, self._chance.uniform(0, LONGEST_S)
        return int((SOONEST_S + max(0.0, place) + jitter) * 1000)


class Backlog(Protocol):
    """A journal."""

    @property
    def unsettled(self) -> int:
        """How many jobs nobody has heard of yet."""
        ...


class Overload:
    """Of one process."""

    def __init__(self, journal: Backlog, returns: Returns) -> None:
        self.refused = 0
        """Hellos that were told to come back later."""
        self.returns = returns
        self._journal = journal
        self._behind = False
        self._slow = False
        self._ticks = 0
        """In a row, that speak against what `_slow` says."""

    @property
    def there(self) -> bool:
        """Whether nobody new can be let in now."""
        bound = CAUGHT_UP if self._behind else BEHIND
        self._behind = self._journal.unsettled >= bound
        return self._behind or self._slow

    def put_off(self) -> int:
        """Count one who cannot be let in; return when to come back, as `Returns`."""
        self.refused += 1
        return self.returns.after()

    def ticked(self, late: float) -> None:
        """Hear by how many seconds the loop was late for a tick, one a second."""
        against = late <= PROMPT_S if self._slow else late > LATE_S
        self._ticks = self._ticks + 1 if against else 0
        if self._ticks >= (PROMPT_TICKS if self._slow else LATE_TICKS):
            self._slow, self._ticks = not self._slow, 0
