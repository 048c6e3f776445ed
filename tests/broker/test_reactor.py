import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import trio

from broker.edge.reactor import FEW, WRITE, Reactor


class Mouth:
    """A source that notes what it is told; it may take over another one's socket."""

    def __init__(
        self, log: list[str], name: str = "mouth", before: "Mouth | None" = None
    ) -> None:
        self.near: socket.socket
        self.far: socket.socket
        if before is None:
            self.near, self.far = socket.socketpair()
        else:
            self.near, self.far = before.near, before.far
        self.near.settimeout(0)
        self.log = log
        self.name = name
        self.flags = 0

    def ready(self, flags: int) -> None:
        self.flags = flags
        data = self.near.recv(100) if flags & 1 else b""
        self.log.append(f"{self.name} {data.decode()}".strip())

    def flush(self) -> None:
        self.log.append(f"flush {self.name}")

    def end(self) -> None:
        self.log.append(f"end {self.name}")
        self.near.close()
        self.far.close()


class Running:
    """A reactor and what happens in it."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        self.log: list[str] = []
        self.overrun = False
        self.act: Callable[[], None] = lambda: None

    def mouth(self, name: str = "mouth") -> Mouth:
        mouth = Mouth(self.log, name)
        self.reactor.add(mouth.near.fileno(), mouth)
        return mouth

    def _act(self) -> None:
        self.log.append("act")
        self.act()

    async def settled(self) -> list[str]:
        """Return what has happened, once nothing more does."""
        await trio.testing.wait_all_tasks_blocked(0.01)
        log, self.log[:] = [*self.log], []
        return log

    async def run(self) -> None:
        await self.reactor.run(self._act, lambda: self.overrun)


@asynccontextmanager
async def running() -> AsyncGenerator[Running]:
    world = Running()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.run)
        await world.settled()
        yield world
        nursery.cancel_scope.cancel()
    world.reactor.close()


async def test_a_turn_reads_acts_and_sends() -> None:
    async with running() as world:
        mouth = world.mouth()
        world.act = lambda: world.reactor.unsent(mouth)
        mouth.far.send(b"hello")
        assert await world.settled() == ["mouth hello", "act", "flush mouth"]


async def test_all_that_is_ready_is_read_before_anybody_acts() -> None:
    async with running() as world:
        mouths = [world.mouth(str(number)) for number in range(5)]
        for mouth in mouths:
            mouth.far.send(b"x")
        log = await world.settled()
        assert sorted(log[:5]) == [f"{number} x" for number in range(5)]
        assert log[5:] == ["act"]


async def test_many_ready_sockets_are_served_too() -> None:
    async with running() as world:
        mouths = [world.mouth(str(number)) for number in range(FEW + 10)]
        for mouth in mouths:
            mouth.far.send(b"x")
        log = await world.settled()
        assert len([line for line in log if line.endswith("x")]) == FEW + 10


async def test_a_thread_causes_a_turn() -> None:
    async with running() as world:
        await trio.to_thread.run_sync(world.reactor.wake)
        assert await world.settled() == ["act"]


async def test_any_number_of_wakes_is_one_turn() -> None:
    async with running() as world:
        for _ in range(100):
            world.reactor.wake()
        assert await world.settled() == ["act"]


async def test_what_is_removed_is_not_served() -> None:
    async with running() as world:
        mouth = world.mouth()
        world.reactor.remove(mouth.near.fileno())
        world.reactor.remove(mouth.near.fileno())
        mouth.far.send(b"hello")
        assert await world.settled() == []
        mouth.end()


async def test_the_place_of_a_source_is_taken_by_the_next() -> None:
    async with running() as world:
        first = world.mouth("first")
        second = Mouth(world.log, "second", first)
        world.reactor.add(first.near.fileno(), second)
        first.far.send(b"hello")
        assert await world.settled() == ["second hello", "act"]


async def test_a_source_hears_what_it_watches_for() -> None:
    async with running() as world:
        mouth = world.mouth()
        world.reactor.watch(mouth.near.fileno(), WRITE)
        world.act = lambda: world.reactor.watch(mouth.near.fileno(), 0)
        await world.settled()
        assert mouth.flags == WRITE
        mouth.far.send(b"not now")
        assert await world.settled() == []


async def test_while_the_journal_lags_behind_nobody_is_read() -> None:
    async with running() as world:
        mouth = world.mouth()
        world.overrun = True
        world.reactor.wake()
        await world.settled()
        mouth.far.send(b"hello")
        world.reactor.wake()
        assert set(await world.settled()) == {"act"}
        world.overrun = False
        world.reactor.wake()
        assert await world.settled() == ["act", "mouth hello", "act"]


async def test_the_end_lets_go_of_every_source() -> None:
    async with running() as world:
        world.mouth("one")
        world.mouth("two")
    assert world.log == ["end one", "end two"]
