"""Stops asking who does not answer, for a while."""

from collections.abc import Callable

FAILURES = 3
"""In a row after which nobody is asked."""
OPEN_S = 30.0
"""Seconds for which nobody is asked; then one tries."""
AT_ONCE = 32
"""Calls under way to one place: more would wait for longer than a shopper does."""


class Breaker:
    """Of one place that is called; `monotonic` is a clock that never goes back."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._now = monotonic
        self._failures = 0
        self._until = 0.0
        self._under_way = 0

    @property
    def is_open(self) -> bool:
        """Whether nobody is to be asked now."""
        return self._under_way >= AT_ONCE or self._now() < self._until

    def begin(self) -> None:
        """Note that a call is under way."""
        self._under_way += 1
        if self._failures >= FAILURES:
            # The others wait for what comes of this one.
            self._until = self._now() + OPEN_S

    def end(self, *, well: bool) -> None:
        """Note how a call has ended."""
        self._under_way -= 1
        if well:
            self._failures, self._until = 0, 0.0
            return
        self._failures += 1
        if self._failures >= FAILURES:
            self._until = self._now() + OPEN_S
