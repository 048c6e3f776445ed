"""One trio task that serves thousands of sockets, and does everything on time.

As the broker's reactor does it: the sockets live in an epoll of our own, and the task
waits for that one. What is to be done at a time stands in an agenda beside it; how late
it is done is for whoever does it to measure.
"""

import select
import time
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

import trio

READ, WRITE = 1, 4
"""`EPOLLIN` and `EPOLLOUT`."""
MAX_READY = 256
"""Sockets served before what is due is looked at again."""
DUE = 32
"""Calls of the agenda before that, so that a thousand who come back hold nobody up."""
LONGEST_WAIT_S = 0.25
"""Until somebody looks whether the run is over."""
AVAILABLE = hasattr(select, "epoll")

clock: Callable[[], float] = time.perf_counter


class Source(Protocol):
    """Something with a socket."""

    def ready(self, flags: int) -> None:
        """Read or write what can be, without waiting."""


class Loop:
    """Everything in it runs in one task: nothing has to be locked."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._sources: dict[int, Source] = {}
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._waiting: trio.CancelScope | None = None
        self.paced: Callable[[], float] | None = None
        """Does what keeps a pace, before all else; returns when it is next to do so."""
        self.over = False

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call at `when` of `clock`, or soon after."""
        heappush(self._agenda, (when, next(self._order), call))
        if self._waiting is not None and self._agenda[0][0] == when:
            # Said by another task, while this one waits for something later.
            self._waiting.cancel()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call in so many seconds."""
        self.at(clock() + seconds, call)

    def add(self, fd: int, source: Source, flags: int) -> None:
        """Serve `source` when one of `flags` holds."""
        self._sources[fd] = source
        self._epoll.register(fd, flags)

    def watch(self, fd: int, flags: int) -> None:
        """Serve it for other `flags` from now on."""
        self._epoll.modify(fd, flags)

    def remove(self, fd: int) -> None:
        """Serve it no more; to be called before it is closed."""
        if self._sources.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    async def run(self) -> None:
        """Serve until it is `over`."""
        poll, sources = self._epoll.poll, self._sources
        while not self.over:
            wait = self._settle()
            ready = poll(0, MAX_READY)
            if not ready and wait > 0:
                with trio.move_on_after(min(wait, LONGEST_WAIT_S)) as self._waiting:
                    await trio.lowlevel.wait_readable(self._epoll.fileno())
                self._waiting = None
                ready = poll(0, MAX_READY)
            else:
                await trio.lowlevel.checkpoint()
            for fd, flags in ready:
                source = sources.get(fd)
                if source is not None:
                    source.ready(flags)

    def _settle(self) -> float:
        """Do what is due; return the seconds until something else is."""
        agenda, now = self._agenda, clock()
        paced = self.paced() if self.paced is not None else now + LONGEST_WAIT_S
        for _ in range(DUE):
            if not agenda or agenda[0][0] > now:
                break
            heappop(agenda)[2]()
        next_ = min(agenda[0][0], paced) if agenda else paced
        return next_ - clock()

    def close(self) -> None:
        """Let go of the descriptor."""
        self._epoll.close()
