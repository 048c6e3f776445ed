"""What drives the broker's turns where no sockets are watched by the reactor.

In virtual time there are no sockets at all; on the portable path each has tasks of its
own, and trio watches it.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

import trio

from broker.edge.reactor import Flushable, unheard


class TaskLoop:
    """Takes a turn whenever it was woken; the reactor's twin, without descriptors.

    trio's autojump clock leaps whenever all tasks wait, so in virtual time nothing may
    wait for a thread or a socket: the journal works inline, and clients are in this
    process.
    """

    def __init__(self) -> None:
        self._woken = trio.Event()
        self._room = trio.Event()
        self._room.set()
        """Whether messages may be handed up: not while the journal lags behind."""
        self._unsent: list[Flushable] = []
        self._trio = trio.lowlevel.current_trio_token()
        self._thread = threading.get_ident()

    def wake(self) -> None:
        """Cause a turn; may be called from any thread."""
        if threading.get_ident() == self._thread:
            self._woken.set()
        else:
            # If trio has ended, so have the turns.
            with suppress(trio.RunFinishedError):
                self._trio.run_sync_soon(self.wake, idempotent=True)

    def unsent(self, what: Flushable) -> None:
        """Flush `what` at the end of this turn."""
        self._unsent.append(what)

    async def room(self) -> None:
        """Wait until messages may be handed up, as the reactor waits to read."""
        while not self._room.is_set():
            await self._room.wait()

    async def run(
        self,
        act: Callable[[], None],
        overrun: Callable[[], bool],
        turned: Callable[[float], None] = unheard,
    ) -> None:
        """Take turns for ever; `turned` hears how many seconds each took."""
        while True:
            await self._woken.wait()
            self._woken = trio.Event()
            began = perf_counter()
            act()
            self.flush()
            turned(perf_counter() - began)
            if not overrun():
                self._room.set()
            elif self._room.is_set():
                self._room = trio.Event()

    def flush(self) -> None:
        """Send everything that was offered since the last flush."""
        unsent, self._unsent = self._unsent, []
        for what in unsent:
            what.flush()

    def close(self) -> None:
        """There is nothing to let go of."""
