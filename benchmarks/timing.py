"""How the stages are timed: CPU of this thread, best and median of repetitions."""

import statistics
import time
from collections.abc import Callable, Sequence

from benchmarks.readings import Stage

MESSAGES, REPEATS = 2000, 7


def timed(
    name: str, subprotocol: str, work: Callable[[], object], times: int = MESSAGES
) -> Stage:
    """Return what `work` costs when it is done `times` times, in µs of CPU each."""
    found: list[float] = []
    for _ in range(REPEATS):
        before = time.thread_time_ns()
        for _ in range(times):
            work()
        found.append((time.thread_time_ns() - before) / 1000 / times)
    return stage(name, subprotocol, found)


def spent(work: Callable[[], object]) -> float:
    """Return what doing `work` once costs, in µs of CPU."""
    before = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - before) / 1000


def stage(name: str, subprotocol: str, found: Sequence[float]) -> Stage:
    """Return the stage with these costs, one a repetition."""
    middle = statistics.median(found)
    return Stage(name, subprotocol, round(min(found), 3), round(middle, 3))
