"""The arithmetic of the report: medians, and ratios within a round.

On a shared machine a round may be twice as slow as the next, for all peers alike. So
two peers are compared round by round, and the ratios are what is published.
"""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import NamedTuple

from benchmarks.loads import Figure
from benchmarks.readings import Results


class Spread(NamedTuple):
    """How values lie: the middle one, and the outermost."""

    median: float
    low: float
    high: float
    rounds: int


def spread(values: Iterable[float]) -> Spread | None:
    """Return how `values` lie, or `None` if there are none."""
    found = sorted(values)
    if not found:
        return None
    return Spread(median(found), found[0], found[-1], len(found))


def per_round(results: Results, figure: Figure, peer: str) -> dict[int, float]:
    """Return a peer's figure by round; a run that went wrong has none."""
    return {
        run.round: figure.of(run.reading)
        for run in results.runs
        if run.peer == peer and run.load == figure.load.name
        if run.reading is not None and run.wrong is None
    }


def ratio(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Spread | None:
    """Return how many times theirs ours is, over the rounds that have both."""
    both = ours.keys() & theirs.keys()
    return spread(ours[number] / theirs[number] for number in both if theirs[number])


def compared(results: Results, figure: Figure, ours: str, theirs: str) -> Spread | None:
    """Return the ratio of one figure of two peers."""
    return ratio(per_round(results, figure, ours), per_round(results, figure, theirs))
