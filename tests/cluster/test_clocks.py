"""Whatever clocks and leases do, the log is right; as long as they hold, one reigns."""

import pytest

from tests.cluster.clocks import ClockedWorld, Lease, lawful
from tests.cluster.model import Fence, Violation
from tests.long import times

RUNS = times(5000, short=40)
STEPS = 400
MISSED = (Lease.FROM_SENT, Lease.FORWARD, Lease.SEEN, Lease.COMPARED)
"""Fences of a lease's without which two reign in one of a few dozen runs. Of the others
that is not shown: how long a look takes makes up for them here."""
NEEDED = (Fence.EXPECTED, Fence.MARK, Fence.LOG_FIRST)
"""Likewise of the log's; `test_model` misses the others, too."""
SEEDS = 500
"""In which whatever is missing is found, or is not needed."""


def test_no_pause_cut_or_clock_breaks_it() -> None:
    reigns, acknowledged = 0, 0
    for seed in range(RUNS):
        world = ClockedWorld(seed)
        world.run(STEPS)
        lawful(world)
        reigns += world.reigns
        acknowledged += len(world.acknowledged)
    # It would hold in a world in which nothing happens, too.
    assert reigns > 1.2 * RUNS
    assert acknowledged > 5 * RUNS


@pytest.mark.parametrize("lease", MISSED)
def test_without_a_fence_of_a_lease_s_two_reign_and_the_log_is_right(
    lease: Lease,
) -> None:
    for seed in range(SEEDS):
        world = ClockedWorld(seed, lease)
        world.run(STEPS)
        if world.twice:
            return
    pytest.fail("nobody misses it")


@pytest.mark.parametrize("fence", NEEDED)
def test_leases_are_no_substitute_for_a_fence_of_the_log_s(fence: Fence) -> None:
    def run_all() -> None:
        for seed in range(SEEDS):
            ClockedWorld(seed, fence).run(STEPS)

    with pytest.raises(Violation):
        run_all()
