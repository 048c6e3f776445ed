"""What a simulated day is to be: who works when, who comes when, and how they are."""

import math
from random import Random
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.settings.assignment import AssignmentSettings
from actors.settings.attention import CheckInSettings
from actors.settings.document import Settings
from actors.settings.hours import HoursSettings

HOUR_S = 3600.0
WEIGHTS = (
    *(2, 1, 1, 1, 1, 2),
    *(4, 8, 14, 20, 22, 22),
    *(20, 19, 19, 18, 17, 17),
    *(19, 22, 22, 16, 9, 4),
)
"""How many come, by hour: a hump before noon, another after supper."""

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many agents from one hour of the day to another."""

    agents: Annotated[int, Meta(ge=0)]
    begins: Annotated[float, Meta(ge=0)]
    """Hours after the day's beginning."""
    ends: Positive


class Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A day of a shop. The words are those of the scenario file."""

    chats: Annotated[int, Meta(ge=1)] = 2000
    agents: Annotated[int, Meta(ge=1)] = 30
    """Shared among three shifts of eight hours, if there are no `shifts`."""
    shifts: tuple[Shift, ...] = ()
    hours: Annotated[float, Meta(gt=0, le=168)] = 24.0
    seed: int = 1
    open: tuple[str, str] | None = None
    """When the shop answers, as `["09:00", "17:00"]` each day; always, if not."""
    capacity: Annotated[int, Meta(ge=1, le=1000)] = 3
    """Chats that an agent has at once."""
    remind_s: int = 180
    breach_s: int = 300
    answer_s: Positive = 45.0
    """Median of the seconds that an agent takes for an answer."""
    patience_s: Positive = 420.0
    """Mean of the seconds after which one who was never answered leaves."""
    think_s: Positive = 40.0
    """Median of the seconds until a shopper says the next thing."""
    turns: Annotated[float, Meta(ge=1)] = 4.0
    """Mean of the questions in a chat."""
    holds: Share = 0.6
    """Of reminders that an agent heeds by saying: still looking."""

    @property
    def working(self) -> tuple[Shift, ...]:
        """The shifts, made up if none are given: they follow the day's load."""
        if self.shifts:
            return self.shifts
        return tuple(shift for shift in self._usual() if shift.agents)

    def _usual(self) -> list[Shift]:
        edges = ((0.0, 8.0), (8.0, 16.0), (16.0, 24.0))
        loads = [sum(WEIGHTS[int(a) : int(b)]) for a, b in edges]
        counts = [max(1, round(self.agents * load / sum(loads))) for load in loads]
        counts[1] = max(self.agents - counts[0] - counts[2], 0)
        return [
            Shift(count, begins, ends)
            for count, (begins, ends) in zip(counts, edges, strict=True)
        ]

    def settings(self) -> Settings:
        """Return the settings of such a shop."""
        week = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        weekly = None if self.open is None else {day: [self.open] for day in week}
        hours = msgspec.convert({"weekly": weekly}, HoursSettings)
        return Settings(
            hours=hours,
            check_in=CheckInSettings(remind_s=self.remind_s, breach_s=self.breach_s),
            assignment=AssignmentSettings(
                routing="round_robin", max_chats=self.capacity
            ),
        )

    def arrivals(self) -> list[float]:
        """Return when shoppers come, in seconds; as many as there are chats."""
        chance = Random(f"{self.seed} arrivals")  # noqa: S311  # to be repeated
        hours = range(math.ceil(self.hours))
        weights = [WEIGHTS[n % len(WEIGHTS)] * min(1.0, self.hours - n) for n in hours]
        chosen = chance.choices(hours, weights, k=self.chats)
        return sorted(min(n + chance.random(), self.hours) * HOUR_S for n in chosen)


def about(chance: Random, median: float) -> float:
    """Return a time as people take it: often less than `median`, at times much more."""
    return median * math.exp(chance.gauss(0, 0.5))
