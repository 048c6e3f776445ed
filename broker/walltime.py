"""What the wall's clock shows where time is trio's mock clock."""

import time
from collections.abc import Callable

import trio

_ZERO: trio.lowlevel.RunVar[float] = trio.lowlevel.RunVar("wall at trio's zero")
"""What the wall's clock showed when trio's began, in virtual time."""


def virtual_wall() -> Callable[[], float]:
    """Return a wall's clock that goes as trio's does, from one broker to the next."""
    try:
        zero = _ZERO.get()
    except LookupError:
        zero = time.time() - trio.current_time()
        _ZERO.set(zero)
    return lambda: zero + trio.current_time()


def begin_at(wall: float) -> None:
    """Let the wall's clock show `wall` now, before the first broker asks for it."""
    _ZERO.set(wall - trio.current_time())
