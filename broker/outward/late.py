"""What is made when it is first needed, in a thread.

HTTP and mail clients take a fifth of a second to import, and read certificates: no
chat should wait for that, and no start.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import trio


class Closable(Protocol):
    """What holds connections."""

    async def close(self) -> None:
        """Let go of them."""


T = TypeVar("T", bound=Closable)


class Late(Generic[T]):
    """One thing, made once, however many want it first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._making = trio.Lock()
        self.made: T | None = None
        """It, once it is made; tests put something else in its place."""

    async def get(self) -> T:
        """Return it."""
        async with self._making:
            if self.made is None:
                self.made = await trio.to_thread.run_sync(self._make)
            return self.made

    async def close(self) -> None:
        """Close it, if it was made."""
        if self.made is not None:
            await self.made.close()
