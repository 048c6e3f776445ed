"""Whoever believes to own: nothing is lost, doubled or shown too early, ever."""

import pytest

from tests.cluster.model import Fence, Violation, World
from tests.long import times

RUNS = times(20_000, short=1000)
STEPS = 250


def test_no_chance_and_no_directory_breaks_it() -> None:
    handed, written = 0, 0
    for seed in range(RUNS):
        world = World(seed)
        world.run(STEPS)
        handed += len({entry.by for entry in world.log}) > 1
        written += len(world.acknowledged)
    # It would hold in a world in which nothing happens, too.
    assert handed > RUNS / 2
    assert written > 3 * RUNS


@pytest.mark.parametrize("fence", Fence)
def test_each_fence_is_needed(fence: Fence) -> None:
    def run_all() -> None:
        for seed in range(RUNS):
            World(seed, without=fence).run(STEPS)

    with pytest.raises(Violation):
        run_all()
