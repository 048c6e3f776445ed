"""A run in several processes: each has a part of the chats, all begin at once."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterable, Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import trio

from clients.load.crowd import NotSetUp
from clients.load.figures import Shelf
from clients.load.loop import clock
from clients.load.running import STOPS, Part
from clients.load.worker import Pipes, Said, put, taken

SOON_S = 0.3
"""From when all are ready until the run begins: all have to hear of it before."""
ROOT = Path(__file__).parents[2]

Aside = Callable[[float], Awaitable[None]]
"""Runs beside a run, from its beginning by the clock."""


class Worker(NamedTuple):
    """A process, and how to talk to it."""

    process: subprocess.Popen[bytes]
    pipes: Pipes


async def ran(part: Part, aside: Aside) -> list[Shelf]:
    """Run all parts of the plan; return what each worker counted.

    Raises:
        NotSetUp: one of them did not begin.
    """
    with ExitStack() as stack:
        workers = [
            stack.enter_context(_working(part._replace(number=number)))
            for number in range(part.plan.workers)
        ]
        with trio.open_signal_receiver(*STOPS) as signals:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_forward, signals, workers)
                for worker in workers:
                    said = msgspec.msgpack.decode(await _next(worker), type=Said)
                    if not said.ready:
                        raise NotSetUp(said.why)
                zero = clock() + SOON_S
                for worker in workers:
                    put(worker.pipes.to, zero)
                nursery.start_soon(aside, zero)
                told = [await _next(worker) for worker in workers]
                nursery.cancel_scope.cancel()
    return [msgspec.msgpack.decode(each, type=Shelf) for each in told]


@contextmanager
def _working(part: Part) -> Generator[Worker]:
    """Run a worker that has its part, and does not outlive the block."""
    process = subprocess.Popen(
        (sys.executable, "-m", "clients.load.worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both were asked for")
        worker = Worker(process, Pipes(process.stdin, process.stdout))
        put(worker.pipes.to, part)
        yield worker
    finally:
        process.kill()
        process.communicate()


async def _forward(signals: AsyncIterable[int], workers: list[Worker]) -> None:
    async for _ in signals:
        for worker in workers:
            worker.process.send_signal(signal.SIGINT)


async def _next(worker: Worker) -> bytes:
    try:
        return await trio.to_thread.run_sync(
            taken, worker.pipes.of, abandon_on_cancel=True
        )
    except EOFError as error:
        raise NotSetUp("a worker ended early") from error
