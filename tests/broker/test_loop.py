from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from broker.loop import TaskLoop


class Turns:
    """A loop, and what happens in its turns."""

    def __init__(self) -> None:
        self.loop = TaskLoop()
        self.log: list[str] = []
        self.overrun = False

    def act(self) -> None:
        self.log.append("act")

    def flush(self) -> None:
        self.log.append("flush")

    async def settled(self) -> list[str]:
        await trio.testing.wait_all_tasks_blocked(0.01)
        log, self.log = self.log, []
        return log


@asynccontextmanager
async def turning() -> AsyncGenerator[Turns]:
    turns = Turns()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.loop.run, turns.act, lambda: turns.overrun)
        yield turns
        nursery.cancel_scope.cancel()
    turns.loop.close()


async def test_a_wake_is_a_turn_that_ends_with_sending() -> None:
    async with turning() as turns:
        turns.loop.unsent(turns)
        assert await turns.settled() == []
        for _ in range(10):
            turns.loop.wake()
        assert await turns.settled() == ["act", "flush"]
        turns.loop.wake()
        assert await turns.settled() == ["act"]


async def test_a_thread_causes_a_turn() -> None:
    async with turning() as turns:
        await trio.to_thread.run_sync(turns.loop.wake)
        assert await turns.settled() == ["act"]


async def test_a_thread_that_comes_too_late_wakes_nobody() -> None:
    loops: list[TaskLoop] = []

    async def live_shortly() -> None:
        loops.append(TaskLoop())

    await trio.to_thread.run_sync(trio.run, live_shortly)
    loops[0].wake()


async def test_while_the_journal_lags_behind_there_is_no_room() -> None:
    async with turning() as turns:
        entered: list[int] = []

        async def enter() -> None:
            await turns.loop.room()
            entered.append(1)

        await enter()
        turns.overrun = True
        for _ in range(2):
            turns.loop.wake()
            await turns.settled()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(enter)
            await turns.settled()
            assert entered == [1]
            turns.overrun = False
            turns.loop.wake()
        assert entered == [1, 1]
