"""One service for every timer: held against a plain list, and run by trio."""

from collections.abc import Callable
from functools import partial
from math import inf

import pytest
import trio
import trio.testing
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.runtime.timers import TICK, Timer, Timers


class Bench:
    """A service on a clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.fired: list[str] = []
        self.timers = Timers(lambda: self.now, lambda: None)

    def timer(self, name: str) -> Timer:
        return Timer(partial(self.fired.append, name))

    def advance(self, seconds: float) -> list[str]:
        self.now += seconds
        self.timers.advance()
        fired = self.fired.copy()
        self.fired.clear()
        return fired


def test_a_timer_fires_once_up_to_a_slot_late_and_never_early() -> None:
    for start in (0.0, 0.1, 0.2499):
        bench = Bench()
        bench.now += start
        timer = bench.timer("a")
        bench.timers.arm(timer, 1)
        assert timer.armed
        assert bench.advance(0.9999) == []
        assert bench.advance(0.0001 + TICK) == ["a"]
        assert not timer.armed
        assert bench.advance(10) == []


def test_a_cancelled_timer_does_not_fire_and_can_be_armed_again() -> None:
    bench = Bench()
    timer = bench.timer("a")
    bench.timers.arm(timer, 1)
    timer.cancel()
    assert bench.advance(5) == []
    bench.timers.arm(timer, 1)
    assert bench.advance(5) == ["a"]


def test_a_timer_armed_again_fires_at_the_new_moment_alone() -> None:
    bench = Bench()
    timer = bench.timer("a")
    bench.timers.arm(timer, 10)
    bench.timers.arm(timer, 20)
    assert bench.advance(19) == []
    bench.timers.arm(timer, 2)
    assert bench.advance(3) == ["a"]
    assert bench.advance(100) == []


def test_a_timer_may_arm_itself_when_it_fires() -> None:
    bench = Bench()
    timer = Timer(lambda: None)

    def again() -> None:
        bench.fired.append("a")
        bench.timers.arm(timer, 1)

    timer.call = again
    bench.timers.arm(timer, 1)
    fired = sum(len(bench.advance(0.25)) for _ in range(40))
    # Ten seconds: never early, each up to a quarter late.
    assert 8 <= fired <= 10
    assert bench.timers.next_at() < inf


def test_a_timer_that_arms_itself_for_the_past_cannot_keep_the_loop() -> None:
    bench = Bench()
    timer = Timer(lambda: None)

    def again() -> None:
        bench.fired.append("a")
        bench.timers.arm(timer, -5)

    timer.call = again
    bench.timers.arm(timer, 0)
    assert bench.advance(1) == ["a"]
    assert bench.advance(0) == ["a"]


def test_one_timer_may_cancel_another_of_the_same_slot() -> None:
    bench = Bench()
    other = bench.timer("b")
    bench.timers.arm(Timer(other.cancel), 1)
    bench.timers.arm(other, 1)
    assert bench.advance(2) == []


def test_timers_fire_in_the_order_of_their_slots() -> None:
    bench = Bench()
    for seconds in (3, 1, 2):
        bench.timers.arm(bench.timer(str(seconds)), seconds)
    assert bench.advance(10) == ["1", "2", "3"]


def test_a_timer_moved_later_keeps_its_entry() -> None:
    bench = Bench()
    timer = bench.timer("a")
    for seconds in range(1, 500):
        bench.timers.arm(timer, seconds)
    assert len(bench.timers) == 1


def test_an_entry_of_a_moment_that_is_past_is_dropped_when_its_slot_comes_up() -> None:
    bench = Bench()
    timer = bench.timer("a")
    bench.timers.arm(timer, 10)
    bench.timers.arm(timer, 5)
    assert bench.advance(6) == ["a"]
    bench.timers.arm(timer, 30)
    assert bench.advance(5) == []
    assert len(bench.timers) == 1


NAMES = "abcde"


class TimersLaw(RuleBasedStateMachine):
    """Whatever is armed, moved and cancelled: the same as a list of moments."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.timers = {name: self.bench.timer(name) for name in NAMES}
        self.due: dict[str, float] = {}

    @rule(name=st.sampled_from(NAMES), seconds=st.floats(0, 20))
    def arm(self, name: str, seconds: float) -> None:
        self.bench.timers.arm(self.timers[name], seconds)
        self.due[name] = self.bench.now + seconds

    @rule(name=st.sampled_from(NAMES))
    def cancel(self, name: str) -> None:
        self.timers[name].cancel()
        self.due.pop(name, None)

    @rule(seconds=st.floats(0, 6))
    def advance(self, seconds: float) -> None:
        fired = self.bench.advance(seconds)
        assert len(fired) == len(set(fired))
        for name in fired:
            assert self.due.pop(name) <= self.bench.now
        for moment in self.due.values():
            assert moment > self.bench.now - TICK

    @invariant()
    def the_next_moment_is_known(self) -> None:
        for name, timer in self.timers.items():
            assert timer.armed == (name in self.due)
        if self.due:
            first = min(self.due.values())
            assert self.bench.timers.next_at() <= first + TICK


TimersLaw.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestTimersLaw = pytest.mark.slow(TimersLaw.TestCase)


# Run by trio, on a clock that leaps.


@pytest.fixture
def heard() -> list[float]:
    return []


async def _running(
    nursery: trio.Nursery, timers: Timers, act: Callable[[], None]
) -> None:
    nursery.start_soon(timers.run)
    await trio.testing.wait_all_tasks_blocked()
    act()


async def test_the_task_sleeps_until_the_first_timer(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery, heard: list[float]
) -> None:
    woken: list[float] = []
    timers = Timers(trio.current_time, lambda: woken.append(trio.current_time()))
    start = trio.current_time()

    def hear() -> None:
        heard.append(trio.current_time() - start)

    await _running(nursery, timers, lambda: timers.arm(Timer(hear), 300))
    await trio.sleep(1)
    timers.arm(Timer(hear), 5)
    await trio.sleep(400)
    first, second = heard
    assert 6 <= first <= 6 + TICK
    assert 300 <= second <= 300 + TICK
    assert len(woken) == 2
    del autojump_clock


async def test_a_clock_that_jumps_is_noticed_within_a_bounded_time(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery, heard: list[float]
) -> None:
    leap = 0.0
    timers = Timers(lambda: trio.current_time() + leap, lambda: None, look_again=2)
    await _running(
        nursery,
        timers,
        lambda: timers.arm(Timer(lambda: heard.append(trio.current_time())), 3600),
    )
    leap = 3600.0
    begin = trio.current_time()
    await trio.sleep(10)
    assert len(heard) == 1
    assert heard[0] - begin <= 2 + TICK
    del autojump_clock
