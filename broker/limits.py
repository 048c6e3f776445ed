"""Rates that peers are held to, and the count of those who met a limit (spec F57).

A rate is a bucket that fills steadily: so many at once, then so many a second. It is
kept as one number, the moment at which the bucket is full again (the generic cell rate
algorithm): an idle one costs its place, and none at all once it is full and swept.
"""

from collections import Counter
from collections.abc import Hashable
from typing import NamedTuple

from broker.config import LimitsConfig
from broker.depths import Depths
from broker.wire.errors import Code
from broker.wire.statuses import code_of
from storage.spans import Spans

RETRY_S = 1.0
"""Seconds that one over a rate is told to wait, at the least: who comes back with all
that was refused should not do so twenty times a second."""
PAUSE_S = 0.75
"""A pause that tells one who listens to `RETRY_S` from one who just goes on."""
ABUSE_S = 3.0
"""Seconds of going on after which a connection is closed (F57)."""

LIMITS = (*LimitsConfig.__struct_fields__, "uploads")
"""All that is counted when it is met: what is configured, and images of a person."""


class Rate(NamedTuple):
    """So many a second, and so many at once."""

    per_s: float
    burst: float


class Meters:
    """Buckets of one rate, by whoever is to be held to it."""

    def __init__(self, rate: Rate) -> None:
        self._interval = 1 / rate.per_s
        self._depth = rate.burst / rate.per_s
        self._full_at: dict[Hashable, float] = {}

    def __len__(self) -> int:
        """Return how many are not known to be full."""
        return len(self._full_at)

    def take(self, key: Hashable, now: float) -> float:
        """Take one and return 0; or nothing, and return the seconds to wait."""
        # Runs for every message: three look-ups and two comparisons.
        full_at = self._full_at.get(key, now)
        full_at = max(now, full_at) + self._interval
        wait = full_at - now - self._depth
        # What is left of a difference of large numbers is not to be waited for.
        if wait > 1e-6:  # noqa: PLR2004  # a microsecond
            return wait
        self._full_at[key] = full_at
        return 0

    def sweep(self, now: float) -> None:
        """Forget those that are full again."""
        full = [key for key, full_at in self._full_at.items() if full_at <= now]
        for key in full:
            del self._full_at[key]


class Patience:
    """Tells one that went too far from one that goes on and on."""

    __slots__ = ("_last", "_since")

    def __init__(self) -> None:
        self._since = 0.0
        self._last = float("-inf")

    def ends(self, now: float) -> bool:
        """Note one more refusal; return whether there have been enough."""
        if now - self._last > PAUSE_S:
            self._since = now
        self._last = now
        return now - self._since >= ABUSE_S


class Talk:
    """How fast people may write, whatever number of connections they have."""

    def __init__(self, limits: LimitsConfig) -> None:
        self._agents = Meters(Rate(limits.agent_rate, limits.agent_burst))
        self._shoppers = Meters(Rate(limits.shopper_rate, limits.shopper_burst))

    def wait(self, person: str, now: float, *, insider: bool) -> float:
        """Count a message and return 0, or return the seconds it has to wait."""
        meters = self._agents if insider else self._shoppers
        return meters.take(person, now)

    def sweep(self, now: float) -> None:
        """Forget those who have been silent for a while."""
        self._agents.sweep(now)
        self._shoppers.sweep(now)

    def __len__(self) -> int:
        """Return how many have written lately."""
        return len(self._agents) + len(self._shoppers)


class TurnedAway(NamedTuple):
    """How a request was refused over HTTP, or a connection at the door."""

    status: int
    code: Code


class Tally:
    """What is counted on the way, for the metrics."""

    __slots__ = (
        "_deepest",
        "dropped",
        "fanned_out",
        "limited",
        "mail",
        "refused",
        "turned_away",
    )

    def __init__(self) -> None:
        self.limited: Counter[str] = Counter()
        """How often each limit was met, by its name, one of `LIMITS`."""
        self.refused: Counter[Code] = Counter()
        """How often a client was refused something, by the code that it was told."""
        self.turned_away: Counter[TurnedAway] = Counter()
        """The same of requests over HTTP, upgrades among them."""
        self.dropped: Counter[str] = Counter()
        """Signals not sent because their receiver lagged behind, by what they say."""
        self.mail = Depths()
        """For all actors together, when a turn begins to hand it out."""
        self.fanned_out = Spans()
        """From a commit to the end of the turn in which everybody was sent it."""
        self._deepest = 0

    def turns_away(self, status: int, code: Code | None = None) -> None:
        """Count an answer of 400 and more; most at the door say no code."""
        self.turned_away[TurnedAway(status, code or code_of(status))] += 1

    def lags(self, size: int) -> None:
        """Hear how many bytes somebody has not taken yet."""
        self._deepest = max(self._deepest, size)

    def deepest(self) -> int:
        """Return the most bytes anybody has lagged behind since this was last asked."""
        deepest, self._deepest = self._deepest, 0
        return deepest
