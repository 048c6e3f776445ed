"""Pings every connection in its turn, and ends those that are silent or stuck.

One task walks over all of them: a timer for each would cost more than the connection.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

import trio

from broker.wire.errors import Close

PING_EVERY = 20
"""Seconds between pings (protocol section 3); also how many groups there are."""
SILENT = 45
"""Seconds without a byte after which a peer is taken for gone."""
LOOK_AFTER = SILENT % PING_EVERY
"""Seconds after its ping that a group is looked at again, so that 45 means 45."""


class Kept(Protocol):
    """A connection that is kept alive."""

    heard: int
    """When it last said something, in seconds of `Keepalive.now`."""

    def ping(self) -> None:
        """Send a ping."""

    def end(self) -> None:
        """Close at once: nobody is there."""

    def close(self, code: Close) -> None:
        """Say why, then close."""

    def check(self, now: int) -> bool:
        """Close what is stuck; return whether to look again in a second."""
        ...


def _ignore(_late: float) -> None:
    """Be late without anybody noticing."""


class Keepalive:
    """Groups of connections, one visited each second."""

    def __init__(
        self, wake: Callable[[], None], ticked: Callable[[float], None] = _ignore
    ) -> None:
        """`ticked` hears by how many seconds each tick is late."""
        self._wake = wake
        self._ticked = ticked
        self.now = 0
        """Whole seconds since the start: all that `heard` needs to know."""
        self._groups: list[set[Kept]] = [set() for _ in range(PING_EVERY)]
        self._watched: set[Kept] = set()

    def __len__(self) -> int:
        """Return how many connections there are."""
        return sum(map(len, self._groups))

    def __iter__(self) -> Iterator[Kept]:
        """Iterate over all connections, as of now."""
        return iter([kept for group in self._groups for kept in group])

    def add(self, kept: Kept) -> int:
        """Keep a connection alive; return its group, to leave with."""
        group = self.now % PING_EVERY
        self._groups[group].add(kept)
        return group

    def leave(self, kept: Kept, group: int) -> None:
        """Forget a connection that has ended."""
        self._groups[group].discard(kept)
        self._watched.discard(kept)

    def watch(self, kept: Kept) -> None:
        """Check `kept` every second, until it says that it is well."""
        self._watched.add(kept)

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            due = trio.current_time() + 1
            await trio.sleep_until(due)
            self._ticked(trio.current_time() - due)
            self.tick()
            self._wake()

    def tick(self) -> None:
        """Let one second pass."""
        self.now += 1
        for kept in tuple(self._watched):
            if not kept.check(self.now):
                self._watched.discard(kept)
        for kept in tuple(self._groups[self.now % PING_EVERY]):
            kept.ping()
        for kept in tuple(self._groups[(self.now - LOOK_AFTER) % PING_EVERY]):
            if self.now - kept.heard >= SILENT:
                kept.end()
