"""What came of a simulated day."""

from collections.abc import Sequence

import msgspec


class Visit(msgspec.Struct):
    """One shopper's visit, in seconds of the day."""

    came_at: float
    answered_at: float | None = None
    left_at: float | None = None
    """When the shopper left without an answer."""

    @property
    def waited_s(self) -> float | None:
        """For how long, until the answer or until leaving."""
        ended = self.left_at if self.answered_at is None else self.answered_at
        return None if ended is None else ended - self.came_at


class Outcome(msgspec.Struct):
    """Everything that is counted while a day goes by."""

    visits: list[Visit] = []
    busy_s: float = 0.0
    """Of all agents together."""


class Hour(msgspec.Struct):
    """One hour of the day."""

    hour: int
    chats: int
    agents: int
    wait_p50_s: float | None
    wait_p90_s: float | None
    abandoned: int


class Summary(msgspec.Struct, kw_only=True):
    """A day in figures; the JSON that `--json` writes."""

    agents: int
    chats: int
    answered: int
    abandoned: int
    wait_p50_s: float | None
    wait_p90_s: float | None
    wait_p99_s: float | None
    wait_max_s: float | None
    reminders: int
    breaches: int
    busy_share: float
    """Of the agents' working time."""
    messages: int
    journal_hash: str
    events: int
    cpu_s: float
    seed: int
    hours: list[Hour]


def at(values: Sequence[float], share: float) -> float | None:
    """Return the least value that `share` of all do not exceed, if any."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, -int(-share * len(ordered) // 1) - 1)], 1)
