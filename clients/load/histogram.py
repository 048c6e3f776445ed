"""Durations counted in buckets of equal relative width, as HdrHistogram does it.

Ours, because it is forty lines, and a dict that workers send as it is
(docs/decisions/015).
"""

from collections import Counter
from typing import NamedTuple

_BITS = 11
"""A bucket is at most 1/1024 wide: three decimal digits, as HdrHistogram's usual."""
_SPAN = 1 << _BITS

PERCENTILES = {
    "p50": 0.50,
    "p75": 0.75,
    "p90": 0.90,
    "p95": 0.95,
    "p99": 0.99,
    "p999": 0.999,
}
"""As reports name them."""


class Tallied(NamedTuple):
    """A histogram as it goes from a worker to whoever sums up."""

    buckets: dict[int, int]
    total: int
    largest: int


class Histogram:
    """How often each duration occurred; in microseconds throughout."""

    __slots__ = ("_buckets", "count", "largest", "total")

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.total = 0
        self.largest = 0

    def add(self, micros: int) -> None:
        """Count one duration; a negative one is none at all."""
        micros = max(micros, 0)
        shift = micros.bit_length() - _BITS
        if shift > 0:
            self._buckets[(shift << _BITS) + (micros >> shift)] += 1
        else:
            self._buckets[micros] += 1
        self.count += 1
        self.total += micros
        self.largest = max(self.largest, micros)

    def at(self, share: float) -> int | None:
        """Return the least duration that `share` of all do not exceed, if any."""
        if not self.count:
            return None
        wanted = max(1, -int(-share * self.count // 1))
        for bucket in sorted(self._buckets):
            wanted -= self._buckets[bucket]
            if wanted <= 0:
                return min(_highest(bucket), self.largest)
        return self.largest

    @property
    def mean(self) -> float | None:
        """Their mean, if there are any."""
        return self.total / self.count if self.count else None

    def tallied(self) -> Tallied:
        """Return what `merge` takes."""
        return Tallied(dict(self._buckets), self.total, self.largest)

    def merge(self, other: Tallied) -> None:
        """Count all that another one counted."""
        self._buckets.update(other.buckets)
        self.count += sum(other.buckets.values())
        self.total += other.total
        self.largest = max(self.largest, other.largest)


def _highest(bucket: int) -> int:
    """Return the largest duration that `bucket` counts."""
    shift, value = divmod(bucket, _SPAN)
    return ((value + 1) << shift) - 1
