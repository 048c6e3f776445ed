"""When nobody is let in, and when those who were sent away come back."""

from random import Random

from broker.overload import (
    BEHIND,
    CAUGHT_UP,
    LATE_S,
    LATE_TICKS,
    LONGEST_S,
    PROMPT_S,
    PROMPT_TICKS,
    RETURNS_PER_S,
    SOONEST_S,
    SPREAD_S,
    Overload,
    Returns,
)

FEW = int(RETURNS_PER_S * SPREAD_S)


class Disk:
    """A journal that is as far behind as the test says."""

    def __init__(self) -> None:
        self.unsettled = 0


def returns(now: float = 0.0) -> Returns:
    return Returns(lambda: now, Random(1))


def overload(disk: Disk) -> Overload:
    return Overload(disk, returns())


def ticked(loop: Overload, late: float, times: int = 1) -> bool:
    for _ in range(times):
        loop.ticked(late)
    return loop.there


def test_a_journal_far_behind_lets_nobody_in_until_it_has_caught_up() -> None:
    disk = Disk()
    there = overload(disk)
    seen: list[bool] = []
    for unsettled in (0, BEHIND - 1, BEHIND, BEHIND - 1, CAUGHT_UP, CAUGHT_UP - 1):
        disk.unsettled = unsettled
        seen.append(there.there)
    assert seen == [False, False, True, True, True, False]
    disk.unsettled = BEHIND - 1
    assert not there.there


def test_one_late_tick_is_a_hiccup() -> None:
    there = overload(Disk())
    for _ in range(10):
        assert not ticked(there, LATE_S + 1)
        assert not ticked(there, LATE_S)


def test_a_loop_that_stays_late_lets_nobody_in_until_it_is_in_time_for_a_while() -> (
    None
):
    there = overload(Disk())
    assert ticked(there, LATE_S + 1, LATE_TICKS)
    assert ticked(there, PROMPT_S, PROMPT_TICKS - 1)
    # Not late enough to begin with, but not in time either: it starts anew.
    assert ticked(there, LATE_S / 2)
    assert ticked(there, 0, PROMPT_TICKS - 1)
    assert not ticked(there, 0)


def test_a_few_who_were_sent_away_come_back_within_seconds() -> None:
    line = returns()
    waits = [line.after() / 1000 for _ in range(FEW)]
    assert min(waits) >= SOONEST_S
    assert max(waits) <= SOONEST_S + SPREAD_S
    assert len(set(waits)) > FEW / 2


def in_each_second(waits: list[int]) -> list[int]:
    counts = [0] * (max(waits) // 1000 + 1)
    for wait in waits:
        counts[wait // 1000] += 1
    return counts


def test_thousands_come_back_no_faster_than_they_can_be_welcomed() -> None:
    line = returns()
    counts = in_each_second([line.after() for _ in range(10_000)])
    assert len(counts) >= 10_000 / RETURNS_PER_S
    # Where the first few and those in the line meet there are more for a moment.
    assert max(counts) <= 2 * RETURNS_PER_S
    assert sum(counts[4:-3]) / len(counts[4:-3]) <= RETURNS_PER_S * 1.1


def test_nobody_waits_longer_than_clients_do_by_themselves() -> None:
    line = returns()
    waits = [line.after() for _ in range(50_000)]
    assert max(waits) <= (SOONEST_S + LONGEST_S) * 1000
    # Those for whom the line is too long are spread over all of it.
    assert max(in_each_second(waits[20_000:])) < 30_000 / LONGEST_S * 1.2


def test_a_line_from_long_ago_holds_up_nobody() -> None:
    now = 0.0
    line = Returns(lambda: now, Random(1))
    for _ in range(5000):
        line.after()
    now = 5000 / RETURNS_PER_S
    assert line.after() <= (SOONEST_S + SPREAD_S) * 1000
