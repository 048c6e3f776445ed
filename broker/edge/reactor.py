"""One trio task serves every socket, in turns: read all, act, answer all.

A trio task per connection pays a reschedule, an `epoll_ctl` and a coroutine resume per
message: two to three times the rest of the work. So the sockets live in an epoll of our
own, itself a file descriptor that a single task waits for; trio still runs everything.
The journal's threads and the timers wake it through an eventfd in the same epoll, so a
commit is just one more ready descriptor, and there is one place where frames are sent.
"""

import os
import select
from collections.abc import Callable
from time import perf_counter
from typing import Protocol

import trio

AVAILABLE = hasattr(select, "epoll") and hasattr(os, "eventfd")
"""Whether this system has what a reactor is made of."""
READ, WRITE = 1, 4
"""`EPOLLIN` and `EPOLLOUT`, where other systems can read them too."""
NOTHING = 0
"""Watch for hang-ups alone."""
MAX_READY = 256
"""Sockets served in a turn: bounds how long the others, and trio's own tasks, wait."""
FEW = 64
"""Up to this many ready sockets we wait at once instead of looking again first."""


class Source(Protocol):
    """Something with a file descriptor."""

    def ready(self, flags: int) -> None:
        """Read or write what can be, without waiting; must not raise."""

    def end(self) -> None:
        """Let go of the descriptor: there are no more turns."""


class Unfinished(Protocol):
    """Something that has read more than is acted on in a turn."""

    def go_on(self) -> None:
        """Act on some more of it; must not raise."""


class Flushable(Protocol):
    """Something with frames to send."""

    def flush(self) -> None:
        """Send them, without waiting; must not raise."""


def unheard(_seconds: float) -> None:
    """Take turns of any length without anybody hearing of it."""


class Reactor:
    """`act` runs once a turn, between reading and sending.

    While `overrun` says so no socket is read: their peers wait in TCP until the
    journal has caught up.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._sources: dict[int, Source] = {}
        self._unsent: list[Flushable] = []
        self._unfinished: list[Unfinished] = []
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._waker, READ)
        self.turns = 0

    def wake(self) -> None:
        """Cause a turn; may be called from any thread."""
        os.eventfd_write(self._waker, 1)

    def add(self, fd: int, source: Source) -> None:
        """Serve `source`, in place of what had this `fd` before."""
        if fd not in self._sources:
            self._epoll.register(fd, READ)
        self._sources[fd] = source

    def remove(self, fd: int) -> None:
        """Serve `fd` no more; to be called before it is closed."""
        if self._sources.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def watch(self, fd: int, flags: int) -> None:
        """Serve `fd` only when one of `flags` holds, or when it hangs up."""
        self._epoll.modify(fd, flags)

    def again(self, what: Unfinished) -> None:
        """Let `what` go on in the next turn, after everybody else."""
        self._unfinished.append(what)

    def unsent(self, what: Flushable) -> None:
        """Flush `what` at the end of this turn."""
        self._unsent.append(what)

    async def run(
        self,
        act: Callable[[], None],
        overrun: Callable[[], bool],
        turned: Callable[[float], None] = unheard,
    ) -> None:
        """Take turns for ever; `turned` hears how many seconds each took."""
        poll, sources, waker = self._epoll.poll, self._sources, self._waker
        while True:
            if overrun():
                await trio.lowlevel.wait_readable(waker)
                ready, unfinished = [(waker, READ)], []
            else:
                unfinished, self._unfinished = self._unfinished, []
                ready = poll(0, MAX_READY)
            began = perf_counter()
            for fd, flags in ready:
                source = sources.get(fd)
                if source is not None:
                    source.ready(flags)
                elif fd == waker:
                    os.eventfd_read(waker)
            for what in unfinished:
                what.go_on()
            act()
            self.flush()
            self.turns += 1
            turned(perf_counter() - began)
            if len(ready) > FEW or self._unfinished:
                await trio.lowlevel.checkpoint()
            else:
                await trio.lowlevel.wait_readable(self._epoll.fileno())

    def flush(self) -> None:
        """Send everything that was offered since the last flush."""
        unsent, self._unsent = self._unsent, []
        for what in unsent:
            what.flush()

    def close(self) -> None:
        """Let go of all descriptors."""
        for source in tuple(self._sources.values()):
            source.end()
        self._epoll.close()
        os.close(self._waker)
