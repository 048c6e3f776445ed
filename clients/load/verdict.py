"""What a run comes to: every figure from every worker, and one word."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from clients.load.figures import KINDS, WRONGS, Sample, Second, Shelf
from clients.load.histogram import PERCENTILES, Histogram
from clients.load.plan import Threshold

LATE_MS = 250.0
"""99 of 100 messages leave with less delay, or the generator was the bottleneck.
Smaller ones are part of the latencies, which begin when a message was to be sent: what
holds with them would hold without."""
OFFERED = 0.95
"""The least share of what was to be sent that has to be sent."""
BUSY = 0.9
"""Share of a core, for each worker, above which a delay is our own."""
BEHIND = 2.0
"""Cores' worth of work, for each worker, that is more than there is: however punctually
it spoke, it was still taking in what came when the run was over."""
BUSY_LATE_MS = 20.0
"""A delay that counts then, of half the messages."""


class Held(msgspec.Struct):
    """What became of a threshold."""

    threshold: str
    value_ms: float | None
    """`None`: nothing of the kind was measured, so nothing held."""
    limit_ms: float
    held: bool
    by_us: bool
    """Whether it broke by no more than the generator's own delay."""


class Wrong(msgspec.Struct):
    """How often something that must not happen did, with examples."""

    count: int
    samples: list[Sample]


class Generator(msgspec.Struct):
    """How the load tester itself fared."""

    lateness_p50_ms: float | None
    lateness_p99_ms: float | None
    lateness_max_ms: float
    cpu_s: float
    cpu_share: float
    """Of a core, over the run, for all workers together."""
    scheduled: int
    """Messages that were to be sent."""
    bottleneck: str | None
    """Why there is no verdict, if there is none."""


class Summed(NamedTuple):
    """All workers' figures together."""

    latencies: dict[str, Histogram]
    lateness: Histogram
    by_second: dict[str, dict[int, Histogram]]
    seconds: dict[int, Second]
    wrongs: dict[str, Wrong]
    errors: dict[str, int]
    totals: Counter[str]
    problems: list[str]
    cpu_s: float
    elapsed_s: float
    digest: str | None
    scheduled: int
    stopped: bool
    workers: int


def summed(shelves: Sequence[Shelf]) -> Summed:
    """Return the figures of all workers together."""
    latencies = {kind: Histogram() for kind in KINDS}
    by_second: dict[str, dict[int, Histogram]] = {kind: {} for kind in KINDS}
    lateness, errors, totals = Histogram(), Counter[str](), Counter[str]()
    seconds: dict[int, Second] = {}
    wrongs = {what: Wrong(0, []) for what in WRONGS}
    for shelf in shelves:
        lateness.merge(shelf.lateness)
        errors.update(shelf.errors)
        totals.update(shelf.totals)
        for kind in KINDS:
            latencies[kind].merge(shelf.latencies[kind])
            for number, tallied in shelf.by_second[kind].items():
                by_second[kind].setdefault(number, Histogram()).merge(tallied)
        for number, second in shelf.seconds.items():
            _add(seconds.setdefault(number, Second()), second)
        for what, wrong in wrongs.items():
            wrong.count += shelf.wrongs.get(what, 0)
            wrong.samples += shelf.samples.get(what, [])
    return Summed(
        latencies,
        lateness,
        by_second,
        seconds,
        wrongs,
        dict(errors),
        totals,
        list(dict.fromkeys(p for shelf in shelves for p in shelf.problems)),
        sum(shelf.cpu_s for shelf in shelves),
        max(shelf.elapsed_s for shelf in shelves),
        next((shelf.digest for shelf in shelves if shelf.digest), None),
        max(shelf.scheduled for shelf in shelves),
        any(shelf.stopped for shelf in shelves),
        len(shelves),
    )


def held(figures: Summed, threshold: Threshold) -> Held:
    """Return what became of a threshold."""
    share, limit = threshold.percentile / 100, threshold.limit_ms
    value = millis(figures.latencies[threshold.kind].at(share))
    late = millis(figures.lateness.at(share)) or 0
    ok = value is not None and value < limit
    by_us = value is not None and not ok and value - late < limit
    return Held(threshold.text, value, limit, ok, by_us)


def generator(figures: Summed) -> Generator:
    """Return how the generator fared, and whether it was the bottleneck."""
    lateness = figures.lateness
    made = Generator(
        millis(lateness.at(0.5)),
        millis(lateness.at(0.99)),
        round(lateness.largest / 1000, 3),
        round(figures.cpu_s, 3),
        round(figures.cpu_s / figures.elapsed_s, 3),
        figures.scheduled,
        None,
    )
    made.bottleneck = _bottleneck(figures, made)
    return made


def _bottleneck(figures: Summed, made: Generator) -> str | None:
    half, most = made.lateness_p50_ms or 0, made.lateness_p99_ms or 0
    offered = figures.totals["offered"]
    if not figures.stopped and offered < OFFERED * made.scheduled:
        return f"only {offered} of {made.scheduled} messages were sent in time"
    if most > LATE_MS:
        return f"one message in a hundred left {most:.0f} ms late"
    if made.cpu_share > BUSY * figures.workers and half > BUSY_LATE_MS:
        return f"it used {made.cpu_share:.0%} of a core, and was {half:.0f} ms late"
    if made.cpu_share > BEHIND * figures.workers:
        return f"it was at work for {made.cpu_share:.1f} times as long as the run"
    return None


def excused(figures: Summed, bottleneck: str | None) -> None:
    """Take from what is lost what only had not come when time was up.

    Where the generator was the bottleneck, that may have been its own fault; what a
    live connection went past was not.
    """
    if bottleneck:
        lost, late = figures.wrongs["lost"], figures.totals["never_came"]
        lost.count -= late
        lost.samples = lost.samples if lost.count else []
        for what in ("never_came", "unanswered"):
            figures.totals[f"{what}_in_time"] += figures.totals.pop(what, 0)
        for what in ("wrong_receipts", "wrong_badges"):
            figures.wrongs[what] = Wrong(0, [])
        figures.problems.clear()


def faults(figures: Summed) -> list[str]:
    """Return what speaks against the other side, apart from its speed."""
    found = [
        f"{wrong.count} {what.replace('_', ' ')}"
        for what, wrong in figures.wrongs.items()
        if wrong.count
    ]
    if figures.totals["offered"] and not figures.totals["answered"]:
        found.append("no message was answered")
    return found + figures.problems


def verdict(
    wrong: Sequence[str], thresholds: Sequence[Held], bottleneck: str | None
) -> str | None:
    """Return `pass`, `fail`, or `None` if nothing can be said.

    What went wrong is wrong whoever was slow; how long it took is not.
    """
    if wrong:
        return "fail"
    broken = [each for each in thresholds if not each.held]
    if bottleneck or (broken and all(each.by_us for each in broken)):
        return None
    return "fail" if broken else "pass"


def millis(micros: int | None) -> float | None:
    """Return a duration as reports have it."""
    return None if micros is None else micros / 1000


def percentiles(histogram: Histogram) -> dict[str, float | int | None]:
    """Return the percentiles of reports, in milliseconds, and how many there are."""
    found: dict[str, float | int | None] = {
        name: millis(histogram.at(share)) for name, share in PERCENTILES.items()
    }
    mean = histogram.mean
    return found | {
        "max": millis(histogram.largest) if histogram.count else None,
        "mean": None if mean is None else round(mean / 1000, 3),
        "count": histogram.count,
    }


def _add(to: Second, more: Second) -> None:
    to.offered += more.offered
    to.answered += more.answered
    to.arrived += more.arrived
    to.errors += more.errors
    to.open += more.open
