"""What a link has heard and its owner has not read yet: bounded, in order."""

from collections import deque
from typing import Generic, TypeVar

import trio

T = TypeVar("T")


class Inbox(Generic[T]):
    """A queue of at most `limit` things, filled by one task and read by another."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._things: deque[T] = deque()
        self._more = trio.Event()
        self._over: Exception | None = None
        self._finished = False

    @property
    def full(self) -> bool:
        """Whether nothing more should be put."""
        return len(self._things) >= self._limit

    @property
    def has_room(self) -> bool:
        """Whether it is half empty: then it is worth asking for more again."""
        return len(self._things) <= self._limit // 2

    def put(self, thing: T) -> None:
        """Add `thing`, without regard to the limit."""
        self._things.append(thing)
        self._more.set()

    def finish(self, error: Exception | None) -> None:
        """Say that nothing more will come, and why."""
        self._finished, self._over = True, error
        self._more.set()

    async def get(self) -> T:
        """Return the oldest thing.

        Raises:
            StopAsyncIteration: all is read and nothing more will come.
            Exception: the same, for the reason given to `finish`.
        """
        while not self._things:
            if self._finished:
                if self._over is not None:
                    raise self._over
                raise StopAsyncIteration
            self._more = trio.Event()
            await self._more.wait()
        return self._things.popleft()
