"""A pykka future that trio can wait for."""

from collections.abc import Iterable

import pykka
import pytest
import trio
import trio.testing

from actors.runtime.future import TrioFuture


class OwnError(Exception):
    """Made by these tests alone."""


def failed() -> TrioFuture[int]:
    future: TrioFuture[int] = TrioFuture()
    future.set_exception((OwnError, OwnError("no"), None))
    return future


def done(value: int) -> TrioFuture[int]:
    future: TrioFuture[int] = TrioFuture()
    future.set(value)
    return future


async def test_an_answer_that_is_there_is_had_at_once() -> None:
    assert await done(5) == 5
    assert done(5).get() == 5
    with pytest.raises(OwnError):
        await failed()
    with pytest.raises(OwnError):
        failed().get()


async def test_any_number_of_tasks_may_wait(nursery: trio.Nursery) -> None:
    future: TrioFuture[int] = TrioFuture()
    heard: list[int] = []

    async def wait() -> None:
        heard.append(await future)

    for _ in range(3):
        nursery.start_soon(wait)
    await trio.testing.wait_all_tasks_blocked()
    assert heard == []
    future.set(7)
    await trio.testing.wait_all_tasks_blocked()
    assert heard == [7, 7, 7]


async def test_an_exception_reaches_who_waits() -> None:
    future: TrioFuture[int] = TrioFuture()
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            with pytest.raises(OwnError):
                await future

        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        try:
            failed().get()
        except OwnError:
            future.set_exception()


async def test_who_stops_waiting_is_not_woken(
    autojump_clock: trio.testing.MockClock,
) -> None:
    future: TrioFuture[int] = TrioFuture()
    with trio.move_on_after(5) as scope:
        await future
    assert scope.cancelled_caught
    future.set(1)
    assert await future == 1
    del autojump_clock


def test_get_never_blocks() -> None:
    future: TrioFuture[int] = TrioFuture()
    with pytest.raises(pykka.Timeout):
        future.get(timeout=1)
    assert not future.done


def test_the_answer_is_given_once() -> None:
    future = done(1)
    with pytest.raises(RuntimeError):
        future.set(2)
    with pytest.raises(RuntimeError):
        future.set_exception((OwnError, OwnError(), None))
    assert future.get() == 1


def test_there_has_to_be_an_exception_to_set() -> None:
    future: TrioFuture[int] = TrioFuture()
    with pytest.raises(RuntimeError):
        future.set_exception()
    assert not future.done


def test_calls_come_with_the_answer_or_at_once_after_it() -> None:
    future: TrioFuture[int] = TrioFuture()
    heard: list[int] = []
    future.then(lambda answered: heard.append(answered.get()))
    assert heard == []
    future.set(3)
    future.then(lambda answered: heard.append(answered.get() + 1))
    assert heard == [3, 4]


def test_pykkas_ways_to_derive_a_future_work_without_blocking() -> None:
    numbers: TrioFuture[Iterable[int]] = TrioFuture()
    even = numbers.filter(lambda number: number % 2 == 0)
    total = numbers.reduce(lambda one, other: one + other, 10)
    count = numbers.map(lambda found: len(list(found)))
    both = count.join(total)
    assert not both.done
    numbers.set([1, 2, 3, 4])
    assert list(even.get()) == [2, 4]
    assert total.get() == 20
    assert count.get() == 4
    assert list(both.get()) == [4, 20]
    assert list(count.join(count).get()) == [4, 4]


def test_what_goes_wrong_is_derived_too() -> None:
    with pytest.raises(OwnError):
        failed().map(lambda number: number + 1).get()
    with pytest.raises(OwnError):
        done(1).join(failed()).get()
    with pytest.raises(ZeroDivisionError):
        done(0).map(lambda number: 1 // number).get()


def test_a_hook_would_block() -> None:
    with pytest.raises(NotImplementedError):
        done(1).set_get_hook(lambda _: 2)
