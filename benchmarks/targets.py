"""What the broker is to reach, and whether it does."""

from typing import NamedTuple

from benchmarks.loads import FIGURES, Figure
from benchmarks.ratios import Spread, compared, per_round, spread
from benchmarks.readings import Results

READY_AFTER_KILL_S = 1.0
"""With 10,000 open chats: shorter than any client's first wait before it comes back."""


class Target(NamedTuple):
    """A bound on a figure: as many times that of `peer`, or by itself without one."""

    figure: str
    peer: str | None
    limit: float


TARGETS = (
    Target("talk-200", "socket.io", 0.5),
    Target("talk-200", "centrifuge", 0.9),
    Target("talk-200", "trio-websocket", 0.16),
    Target("talk-1000", "socket.io", 0.5),
    Target("talk-1000", "centrifuge", 0.9),
    Target("talk-1000", "trio-websocket", 0.16),
    Target("rate-500", "socket.io", 0.8),
    Target("rate-500", "centrifuge", 2.3),
    Target("ack-p99", "socket.io", 1.3),
    Target("fan-1000", "socket.io", 0.5),
    Target("fan-1000", "centrifuge", 0.75),
    Target("fan-100", "socket.io", 0.8),
    Target("memory", None, 2.5),
    Target("connects", "centrifuge", 1.5),
)


def figure_of(target: Target) -> Figure:
    """Return the figure that a target bounds."""
    return next(figure for figure in FIGURES if figure.name == target.figure)


def measured(results: Results, target: Target, ours: str) -> Spread | None:
    """Return what the target bounds; `None` if a side of it was not measured."""
    figure = figure_of(target)
    if target.peer is None:
        return spread(per_round(results, figure, ours).values())
    return compared(results, figure, ours, target.peer)


def reached(target: Target, found: Spread) -> bool:
    """Return whether the median keeps the bound."""
    if figure_of(target).more_is_better:
        return found.median >= target.limit
    return found.median <= target.limit
