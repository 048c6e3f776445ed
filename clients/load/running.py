"""A run in this process: one crowd, its loop, and the signals that end it."""

import gc
import os
import resource
import signal
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import NamedTuple

import trio

from clients.load.crowd import Crowd, NotSetUp, People
from clients.load.figures import Shelf
from clients.load.loop import clock
from clients.load.plan import Plan
from clients.load.plug import Address
from clients.load.scene import Scene
from clients.load.script import played
from clients.load.texts import Texts

STOPS = (signal.SIGINT, signal.SIGTERM)
SOON_S = 0.05
"""From when all is set up until the run begins."""
GC_THRESHOLD = 50_000
"""What a message allocates, reference counts free; to collect is to walk all seats."""


class Part(NamedTuple):
    """What one worker does."""

    plan: Plan
    address: Address
    people: People
    number: int = 0


class Watched(NamedTuple):
    """A run, as somebody looks on."""

    crowd: Crowd
    begin: Callable[[], Awaitable[float]]
    """Called when all is set up; returns when the run begins, by the clock."""
    asides: tuple[Callable[[Crowd], Awaitable[None]], ...] = ()
    """Run beside it, from its beginning to its end."""


def made(part: Part) -> Crowd:
    """Return the crowd of a part, in a process that has room for it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    run = f"{os.urandom(5).hex()}-{part.number:x}-"
    scene = Scene(part.address, Texts(part.plan.seed), run)
    return Crowd(part.plan, scene, part.people, part.number)


async def soon() -> float:
    """Return when a run begins that waits for nobody."""
    await trio.lowlevel.checkpoint()
    return clock() + SOON_S


async def run(watched: Watched) -> Shelf:
    """Run to the end, or to the first signal; return what was counted.

    Raises:
        NotSetUp: it did not begin.
    """
    crowd = watched.crowd
    with trio.open_signal_receiver(*STOPS) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_stop_on, signals, crowd)
            nursery.start_soon(crowd.scene.loop.run)
            try:
                return await _run(watched, nursery)
            finally:
                crowd.leave()
                nursery.cancel_scope.cancel()
    raise AssertionError("a nursery swallows nothing")


async def _run(watched: Watched, nursery: trio.Nursery) -> Shelf:
    crowd = watched.crowd
    gc.set_threshold(GC_THRESHOLD, 50, 50)
    await crowd.set_up()
    if crowd.stopped:
        raise NotSetUp("it was stopped before it began")
    gc.collect()
    gc.freeze()
    zero, cpu = await watched.begin(), time.process_time()
    if crowd.script is not None:
        talks, seed = list(crowd.talks.values()), crowd.plan.seed
        nursery.start_soon(played, crowd, crowd.script, talks, seed)
    for aside in watched.asides:
        nursery.start_soon(aside, crowd)
    await crowd.run(zero)
    elapsed = min(max(clock() - zero, 0.001), crowd.plan.duration)
    await crowd.drain()
    return crowd.shelved(time.process_time() - cpu, elapsed)


async def _stop_on(signals: AsyncIterable[int], crowd: Crowd) -> None:
    async for _ in signals:
        crowd.stopped = True
