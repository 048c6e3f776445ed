"""Facts as rows of a report: in all, by team, by agent, by hour."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal, TypeVar

import msgspec

from actors.ids import Millis
from actors.reports.measuring import (
    HOUR,
    Facts,
    Happened,
    Silence,
    Verdict,
    Wait,
    Whose,
)
from actors.settings.rules import Rules

Name = Literal["checkins", "sla", "waiting", "volume"]
Scope = Literal["total", "team", "agent"]
Answer = Literal["first", "any"]
Fact = TypeVar("Fact", Silence, Wait, Verdict)
ANSWERS: tuple[Answer, ...] = ("first", "any")
WHATS = ("chats", "closed", "shoppers", "agents", "bot", "automatic")


class Span(msgspec.Struct, frozen=True):
    """From when until when; the end is not in it."""

    since: Millis
    until: Millis

    def holds(self, at: Millis) -> bool:
        """Return whether `at` lies within."""
        return self.since <= at < self.until


class Row(msgspec.Struct, frozen=True):
    """A line of a report; shares are in percent, spans in seconds of open time."""


class CheckInRow(Row, frozen=True):
    """Of silences, each begun by a shopper's message or by a check-in."""

    scope: Scope
    who: str | None
    """The agent or the team; `null`: it was nobody's."""
    holds: int
    in_time: int
    """Those that a person ended within `breach_s`."""
    missed: int
    """Those that were longer."""
    in_time_pct: float | None
    worst_gap_s: float


class SlaRow(Row, frozen=True):
    """Of promises, by the policy and what it measures."""

    scope: Scope
    who: str | None
    policy: str
    measure: str
    total: int
    met: int
    missed: int
    met_pct: float | None
    p50_s: float | None
    p75_s: float | None
    p90_s: float | None
    p95_s: float | None
    max_s: float | None


class WaitRow(Row, frozen=True):
    """Of waits for a person's answer: for the first one in a chat, or for any."""

    scope: Scope
    who: str | None
    answer: Answer
    answered: int
    unanswered: int
    """Those that still last, or were given up."""
    mean_s: float | None
    p50_s: float | None
    p90_s: float | None
    p95_s: float | None
    max_s: float | None


class VolumeRow(Row, frozen=True):
    """What happened in an hour of the shop's own time."""

    hour: str
    """As 2026-11-22T14:00."""
    chats: int
    closed: int
    shoppers: int
    agents: int
    bot: int
    automatic: int


ROWS: dict[Name, type[Row]] = {
    "checkins": CheckInRow,
    "sla": SlaRow,
    "waiting": WaitRow,
    "volume": VolumeRow,
}


def rows(name: Name, facts: Facts, span: Span, rules: Rules) -> tuple[Row, ...]:
    """Return the rows of a report."""
    match name:
        case "checkins":
            return tuple(_checkins(facts, span, rules.breach))
        case "sla":
            return tuple(_promises(facts, span))
        case "waiting":
            return tuple(_waits(facts, span))
        case "volume":
            return tuple(_volume(facts, span, rules))


def _checkins(facts: Facts, span: Span, breach: Millis) -> Iterator[Row]:
    # One that nobody has ended yet says something only if it is too long by now.
    counted = [s for s in facts.silences if s.ended or s.gap > breach]
    for scope, who, silences in _grouped(counted, span):
        missed = sum(silence.gap > breach for silence in silences)
        held = len(silences)
        worst = max((silence.gap for silence in silences), default=0)
        share = _share(held - missed, held)
        yield CheckInRow(scope, who, held, held - missed, missed, share, worst / 1000)


def _promises(facts: Facts, span: Span) -> Iterator[Row]:
    for scope, who, all_ in _grouped(facts.verdicts, span):
        for policy, measure in sorted({(v.policy, v.measure) for v in all_}):
            verdicts = [v for v in all_ if (v.policy, v.measure) == (policy, measure)]
            met = sum(verdict.kept for verdict in verdicts)
            took = [verdict.took for verdict in verdicts if verdict.took is not None]
            yield SlaRow(
                *(scope, who, policy, measure, len(verdicts), met),
                *(len(verdicts) - met, _share(met, len(verdicts))),
                *_ranked(took, 50, 75, 90, 95, 100),
            )


def _waits(facts: Facts, span: Span) -> Iterator[Row]:
    for scope, who, waits in _grouped(facts.waits, span):
        for answer in ANSWERS:
            of = [wait for wait in waits if wait.first or answer == "any"]
            took = [wait.span for wait in of if wait.answered]
            mean = round(sum(took) / len(took) / 1000, 3) if took else None
            ranked = _ranked(took, 50, 90, 95, 100)
            without = len(of) - len(took)
            if of:
                yield WaitRow(scope, who, answer, len(took), without, mean, *ranked)


def _volume(facts: Facts, span: Span, rules: Rules) -> Iterator[Row]:
    hours = rules.hours
    first, last = hours.wall(span.since), hours.wall(span.until)
    for hour in sorted({key.hour for key in facts.happened}):
        if not first - first % HOUR <= hour < last:
            continue
        counts = [facts.happened.get(Happened(hour, what), 0) for what in WHATS]
        words = f"{datetime.fromtimestamp(hour // 1000, UTC):%Y-%m-%dT%H:%M}"
        yield VolumeRow(words, *counts)


def _grouped(
    facts: Iterable[Fact], span: Span
) -> Iterator[tuple[Scope, str | None, list[Fact]]]:
    """Yield those of the span: all, then each team's, then each agent's."""
    within = [fact for fact in facts if span.holds(fact.at)]
    yield "total", None, within
    by: tuple[tuple[Scope, Callable[[Whose], str | None]], ...] = (
        ("team", lambda whose: whose.team),
        ("agent", lambda whose: whose.agent),
    )
    for scope, of in by:
        groups: dict[str | None, list[Fact]] = {}
        for fact in within:
            groups.setdefault(of(fact.whose), []).append(fact)
        for who in sorted(groups, key=lambda who: who or ""):
            yield scope, who, groups[who]


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _ranked(spans: list[Millis], *percents: int) -> list[float | None]:
    """Return the smallest spans that so many percent of all do not exceed."""
    ordered = sorted(spans)
    if not ordered:
        return [None for _ in percents]
    return [ordered[-(-len(ordered) * p // 100) - 1] / 1000 for p in percents]
