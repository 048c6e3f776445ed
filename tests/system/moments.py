"""Virtual time: tests that last for minutes, or a day, in no time at all."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

import pytest
import trio
import trio.testing

from tests.system.client import Client, Frame

T = TypeVar("T")


def run(
    test: Callable[[], Awaitable[T]],
    *,
    clock: trio.abc.Clock | None,
    instruments: Sequence[trio.abc.Instrument],
) -> T:
    """Run a test under a clock that leaps whenever everybody waits."""
    assert clock is None
    leaping = trio.testing.MockClock(autojump_threshold=0)
    return trio.run(test, clock=leaping, instruments=instruments)


VIRTUAL = pytest.mark.trio(run=run)
"""Given to every test that asks for the fixture `virtual_time`."""


class Moment(NamedTuple):
    """A frame, and how many seconds after the begin it came."""

    after: float
    frame: Frame


async def within(seconds: float, client: Client) -> list[Moment]:
    """Return all that `client` gets in so many seconds."""
    began = trio.current_time()
    moments: list[Moment] = []
    with trio.move_on_after(seconds):
        while True:
            frame = await client.next()
            moments.append(Moment(trio.current_time() - began, frame))
    return moments
