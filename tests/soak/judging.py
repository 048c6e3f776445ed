"""What a long run has come to: whether anything grew that should not."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

WARM_UP = 1 / 3
"""The part of a run after which nothing has to grow any more: imports, and chats that
are there for the first time, come before."""
CACHE = 64 * 1024 * 1024
"""Bytes of the journal that the writer keeps in memory (`storage.schema`): until it has
that many, memory grows as the file does, and that is no leak."""
MORE_MIB_H = 30.0
"""Memory in an hour beside that. A chat in memory knows the ids of its requests, to
answer repeats: 160 bytes a message, 17 MiB an hour at 30 a second."""
MORE_FILES, MORE_THREADS = 5, 0
WINDOW = 1 / 6
"""The part of a run that is the first, or the last, of it."""
SLOWER = 2.0
"""Times the 99th percentile of the first window: other work on a machine of two cores
alone has doubled it."""
QUICK_MS = 25.0
"""Below this nobody calls it slower."""


class Sample(msgspec.Struct, frozen=True):
    """What the broker's process holds at one moment."""

    at: float
    """Seconds of the run."""
    resident: int
    """Bytes of memory."""
    files: int
    threads: int
    wal: int
    journal: int
    """Bytes of both files."""


class Window(NamedTuple):
    """The 99th percentile of acknowledgements, in ms, in a part of the run."""

    first: float
    last: float


class Verdict(msgspec.Struct, frozen=True):
    """What is said of it."""

    slope_mib_h: float
    p99: Window
    wrong: list[str]


def judged(samples: Sequence[Sample], p99_ms: Sequence[float | None]) -> Verdict:
    """Return what samples, and the 99th percentiles of each second, come to."""
    settled = samples[int(len(samples) * WARM_UP) :]
    own = [(each.at, each.resident - min(each.journal, CACHE)) for each in settled]
    slope = growth(own) * 3600 / 2**20
    window = windows([each for each in p99_ms if each is not None])
    first, last = settled[0], settled[-1]
    wrong: list[str] = []
    if slope > MORE_MIB_H:
        wrong.append(f"memory grows by {slope:.1f} MiB an hour")
    if last.files > first.files + MORE_FILES:
        wrong.append(f"{first.files} files are open, then {last.files}")
    if last.threads > first.threads + MORE_THREADS:
        wrong.append(f"{first.threads} threads run, then {last.threads}")
    if window.last > max(QUICK_MS, SLOWER * window.first):
        wrong.append(f"p99 was {window.first:.1f} ms, then {window.last:.1f}")
    return Verdict(slope, window, wrong)


def growth(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line nearest to `points` by least squares."""
    many = len(points)
    middle = sum(x for x, _ in points) / many
    level = sum(y for _, y in points) / many
    spread = sum((x - middle) ** 2 for x, _ in points)
    if spread == 0:
        return 0.0
    return sum((x - middle) * (y - level) for x, y in points) / spread


def windows(p99_ms: Sequence[float]) -> Window:
    """Return the median of the first seconds' percentiles, and of the last."""
    many = max(1, int(len(p99_ms) * WINDOW))
    return Window(_median(p99_ms[:many]), _median(p99_ms[-many:]))


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
