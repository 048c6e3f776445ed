"""Taking out what has to leave: retries, order, the end. In virtual time."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import trio
import trio.testing

from actors.ids import Millis
from broker.books import Books
from broker.outward import delivery as module
from broker.outward.delivery import AT_ONCE, Carrier, Failed, Sent
from storage import outgoing
from storage.errors import Unwritable
from storage.journal import Journal
from storage.outgoing import Delivery
from storage.records import Append, Lane, OutgoingRow, Record
from storage.schema import Keep

HOUR = 3600.0
START = 1_000_000


class World:
    """A journal that works inline, and an other side that does as it is told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.woken = trio.Event()
        self.journal = Journal(path, self.wake, inline=True, keep=Keep(relaxed=True))
        self.journal.start()
        self.books = Books(self.journal, self.wake)
        self.sent: list[tuple[float, str]] = []
        """When, and the key."""
        self.told: list[tuple[str, str, str | None]] = []
        self.answer: Callable[[Delivery], Sent | Failed] = lambda _delivery: Sent()
        self.takes = 0.0
        self.untellable = 0
        self.most = self.now_sending = 0
        self._stream = 0

    def wake(self) -> None:
        self.woken.set()

    def clock(self) -> Millis:
        return Millis(START + int(trio.current_time() * 1000))

    async def turn(self) -> None:
        while True:
            await self.woken.wait()
            self.woken = trio.Event()
            self.journal.settle()

    # The adapter.

    async def send(self, delivery: Delivery) -> Sent | Failed:
        self.now_sending += 1
        self.most = max(self.most, self.now_sending)
        self.sent.append((trio.current_time(), delivery.key))
        try:
            await trio.sleep(self.takes)
        finally:
            self.now_sending -= 1
        return self.answer(delivery)

    async def tell(self, delivery: Delivery) -> None:
        if self.untellable:
            self.untellable -= 1
            raise LookupError(delivery.key)
        self.told.append((delivery.key, delivery.state, delivery.error))

    # What has to leave.

    def settled(self, append: Append) -> None:
        assert not append.failed

    def put(self, key: str, line: str = "a") -> None:
        self._stream += 1
        record = Record(1, 0, 0, "msg", "agent:a", key, b"")
        row = OutgoingRow(key, "sms", "default", line, "{}", self.clock())
        lane = Lane()
        append = Append(self._stream, (record,), lane, self, outgoing=(row,))
        self.journal.append(append)
        self.journal.settle()

    async def left(self) -> list[Delivery]:
        return await self.books.query(partial(outgoing.waiting, limit=1000))

    @property
    def keys(self) -> list[str]:
        return [key for _, key in self.sent]


@asynccontextmanager
async def carrying(path: Path) -> AsyncGenerator[tuple[World, Carrier]]:
    world = World(path)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.turn)
            carrier = Carrier("sms", world, books=world.books, clock=world.clock)
            nursery.start_soon(carrier.run)
            await trio.testing.wait_all_tasks_blocked()
            yield world, carrier
            nursery.cancel_scope.cancel()
    finally:
        world.journal.stop()


async def put(world: World, carrier: Carrier, *keys: str, line: str = "a") -> None:
    for key in keys:
        world.put(key, line)
    carrier.wake()
    await trio.testing.wait_all_tasks_blocked()


async def test_what_is_committed_leaves_at_once_and_is_forgotten(
    tmp_path: Path,
) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        await put(world, carrier, "1", "2")
        assert world.sent == [(0, "1"), (0, "2")]
        assert world.told == [("1", "done", None), ("2", "done", None)]
        assert await world.left() == []
        assert (carrier.counts.sent, carrier.counts.dead) == (2, 0)


async def test_nobody_looks_while_there_is_nothing_to_do(tmp_path: Path) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        await put(world, carrier, "1")
        items = world.journal.stats().items
        await trio.sleep(24 * HOUR)
        assert world.journal.stats().items == items
        assert trio.current_time() == 24 * HOUR, "and no timer rings"


@pytest.mark.slow
async def test_attempts_are_a_second_to_an_hour_apart_and_end_after_a_day(
    tmp_path: Path,
) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.answer = lambda _delivery: Failed("busy")
        await put(world, carrier, "1")
        await trio.sleep(30 * HOUR)
        times = [at for at, _ in world.sent]
        pauses = [b - a for a, b in pairwise(times)]
        assert 1 <= pauses[0] <= 2.1
        assert max(pauses) <= HOUR + 1
        assert all(b >= a * 0.99 for a, b in zip(pauses[:8], pauses[2:10], strict=True))
        assert 24 * HOUR <= times[-1] <= 25 * HOUR + 2
        assert world.told == [("1", "dead", "busy")]
        (dead,) = await world.left()
        assert (dead.state, dead.attempts) == ("dead", len(times))
        assert carrier.counts.dead == 1
        assert carrier.counts.retried == len(times) - 1


async def test_a_final_failure_is_not_tried_again(tmp_path: Path) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.answer = lambda _delivery: Failed("no such number", final=True)
        await put(world, carrier, "1")
        await trio.sleep(48 * HOUR)
        assert world.keys == ["1"]
        assert world.told == [("1", "dead", "no such number")]


async def test_a_line_waits_for_its_first_and_others_do_not(tmp_path: Path) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.answer = lambda d: Failed("busy") if d.key == "a1" else Sent()
        await put(world, carrier, "a1", "a2", "a3")
        await put(world, carrier, "b1", "b2", line="b")
        assert world.keys == ["a1", "b1", "b2"]
        await trio.sleep(0.9)
        assert world.keys == ["a1", "b1", "b2"]
        world.answer = lambda _delivery: Sent()
        await trio.sleep(1.2)
        assert world.keys[3:] == ["a1", "a2", "a3"]


async def test_what_comes_after_one_that_is_given_up_leaves(tmp_path: Path) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.answer = lambda d: Failed("no", final=True) if d.key == "1" else Sent()
        await put(world, carrier, "1", "2")
        assert world.keys == ["1", "2"]


async def test_a_bounded_number_is_under_way_and_of_each_line_one(
    tmp_path: Path,
) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.takes = 10
        for line in range(3 * AT_ONCE):
            await put(world, carrier, f"{line}-1", f"{line}-2", line=str(line))
        await trio.sleep(100)
        assert world.most == AT_ONCE
        assert len(world.keys) == len(set(world.keys)) == 6 * AT_ONCE
        for line in range(3 * AT_ONCE):
            first = world.keys.index(f"{line}-1")
            assert first < world.keys.index(f"{line}-2")


async def test_a_bug_of_an_adapter_is_one_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_delivery: Delivery) -> Sent:
        raise ZeroDivisionError

    async with carrying(tmp_path / "j") as (world, carrier):
        world.answer = broken
        await put(world, carrier, "1")
        world.answer = lambda _delivery: Sent()
        await trio.sleep(3)
        assert world.keys == ["1", "1"]
    assert "could not be sent" in caplog.text


async def test_who_could_not_be_told_is_told_later_and_nothing_is_sent_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.untellable = 3
        await put(world, carrier, "1", "2")
        assert world.keys == ["1", "2"]
        await trio.sleep(300)
        assert sorted(world.told) == [("1", "done", None), ("2", "done", None)]
        assert world.keys == ["1", "2"]
    assert "nobody was told" in caplog.text


@pytest.mark.slow
async def test_nobody_is_waited_for_for_ever(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.untellable = 10**9
        await put(world, carrier, "1")
        await trio.sleep(module.UNTOLD_MS / 1000 + HOUR)
        assert 10**9 - world.untellable < 500
        assert await world.books.query(
            lambda db: db.execute("SELECT count(*) FROM outgoing").fetchone()
        ) == (0,)
    caplog.clear()


async def test_what_was_under_way_when_it_ended_leaves_under_the_same_key(
    tmp_path: Path,
) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.takes = 10
        await put(world, carrier, "1", "2")
        await trio.sleep(5)
    async with carrying(tmp_path / "j") as (again, _):
        assert again.keys == ["1", "2"]
        assert again.told == [("1", "done", None), ("2", "done", None)]


async def test_an_outcome_that_was_not_told_is_told_after_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.untellable = 1
        await put(world, carrier, "1")
    async with carrying(tmp_path / "j") as (again, _):
        await trio.sleep(120)
        assert again.keys == []
        assert again.told == [("1", "done", None)]
    caplog.clear()


async def test_told_to_stop_it_waits_for_what_is_under_way_and_begins_nothing(
    tmp_path: Path,
) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.takes = 3
        await put(world, carrier, "1", "2")
        began = trio.current_time()
        await carrier.stop()
        assert 3 <= trio.current_time() - began < 3.1
        await put(world, carrier, "3")
        await trio.sleep(HOUR)
        assert world.keys == ["1"]
        assert [d.key for d in await world.left()] == ["2", "3"]


async def test_what_a_disk_does_not_take_is_not_sent_again(tmp_path: Path) -> None:
    async with carrying(tmp_path / "j") as (world, carrier):
        world.takes = 1
        await put(world, carrier, "1")
        world.journal._writer.writable = True
        refusing = world.books.change
        refused = 0

        async def change(*_args: object, **_more: object) -> object:
            nonlocal refused
            refused += 1
            raise Unwritable(world.path, "full")

        world.books.change = change  # type: ignore[method-assign, assignment]  # a disk that takes nothing
        await trio.sleep(30)
        world.books.change = refusing  # type: ignore[method-assign]  # as it was
        await trio.sleep(3)
        assert refused > 10
        assert world.keys == ["1"]
        assert world.told == [("1", "done", None)]
