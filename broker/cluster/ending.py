"""The end of the log, as the writer's thread has it: it waits, the loop appends."""

import secrets
import threading
from concurrent.futures import Future
from time import perf_counter

import trio

from broker.cluster.counts import Counts, Refusal, Why
from broker.cluster.ports import ClusterError, Fenced, Log
from storage.errors import SteppedDown


class Ending:
    """Appends one transaction at a time; made and closed in the loop's thread."""

    def __init__(self, log: Log, node: str, over: int, counts: Counts) -> None:
        self.node = node
        self.over = over
        """Position of the last entry, which is ours."""
        self.erased = 0
        """Position of the last entry that erases what those before it have."""
        self.why: Why | None = None
        """Why the log takes nothing any more, if it was the log that said so."""
        self._log = log
        self._counts = counts
        self._run = f"{node}.{secrets.token_hex(8)}"
        """Never used again: an entry of an earlier life may still be on its way."""
        self._closed = False
        self._lock = threading.Lock()
        self._asked: tuple[bytes, Future[int]] | None = None
        self._woken = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        self._thread = threading.get_ident()

    def append(self, data: bytes, *, scrub: bool) -> int:
        """Return the position of `data`; waits for it, in the writer's thread.

        Raises:
            SteppedDown: the log has not taken it, or may not have.
        """
        if threading.get_ident() == self._thread:
            raise SteppedDown("a write in the loop's own thread would wait for ever")
        future: Future[int] = Future()
        # Asked before the loop is told: it may wait for this thread, having closed.
        with self._lock:
            if self._closed:
                raise SteppedDown("the node has stepped down")
            self._asked = data, future
        try:
            self._token.run_sync_soon(self._wake)
        except trio.RunFinishedError as error:
            raise SteppedDown("the process ends") from error
        self.over = future.result()
        if scrub:
            self.erased = self.over
        return self.over

    def close(self) -> None:
        """Take nothing any more; whoever waits learns that it may not be there."""
        with self._lock:
            self._closed = True
            asked, self._asked = self._asked, None
        if asked is not None:
            asked[1].set_exception(SteppedDown("the node has stepped down"))

    async def run(self) -> None:
        """Append what the writer asks for, until cancelled."""
        try:
            while True:
                await self._woken.wait()
                self._woken = trio.Event()
                if self._asked is not None:
                    await self._append(*self._asked)
        finally:
            self.close()

    def _wake(self) -> None:
        self._woken.set()

    async def _append(self, data: bytes, future: "Future[int]") -> None:
        began = perf_counter()
        try:
            seq = await self._log.append(self.over, f"{self._run}.{self.over}", data)
        except ClusterError as error:
            self._refused(error)
            stepped = SteppedDown(f"the log: {type(error).__name__}: {error}")
            stepped.__cause__ = error
            self._settle(future, stepped)
        else:
            self._counts.appended.add(perf_counter() - began)
            self._counts.append_bytes += len(data)
            self._settle(future, seq)

    def _refused(self, error: ClusterError) -> None:
        if isinstance(error, Fenced):
            self.why = Why.FENCED
            self._counts.fenced[Refusal.ENTRY] += 1
        else:
            self.why = Why.UNAVAILABLE

    def _settle(self, future: "Future[int]", outcome: int | SteppedDown) -> None:
        if self._asked is None:
            return  # closed meanwhile, and told so
        self._asked = None
        if isinstance(outcome, int):
            future.set_result(outcome)
        else:
            self._closed = True
            future.set_exception(outcome)
