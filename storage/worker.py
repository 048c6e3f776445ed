"""Jobs taken in batches: by a thread that wakes the loop once a batch, or inline.

Both modes run the same `work`. Inline there is no thread at all: what was put is done
when the loop settles, so that virtual time and seeded tests see one order of things.
"""

import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import perf_counter, sleep
from typing import Generic, TypeVar

from storage.pace import Pace

Job = TypeVar("Job")

MAX_BATCH = 256
"""Jobs in a batch: more gained nothing and delays the first ack."""


class Worker(Generic[Job]):
    """Subclasses say what to do with a batch; `put` and `settle` belong to the loop."""

    def __init__(
        self,
        name: str,
        wake: Callable[[], None],
        *,
        inline: bool = False,
        max_batch: int = MAX_BATCH,
        pace: Pace | None = None,
    ) -> None:
        self._inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._done: deque[tuple[float, list[Job]]] = deque()
        """Batches, and when each was done."""
        self.done_at = 0.0
        """When the first batch that settled last was done, by `perf_counter`."""
        self._wake = wake
        self._inline = inline
        self._max_batch = max_batch
        self._pace = None if inline else pace
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.error: BaseException | None = None
        """What ended the work; nothing put from then on will settle."""

    def start(self) -> None:
        """Start the thread, unless the work is done inline."""
        if not self._inline:
            self._thread.start()

    def put(self, job: Job) -> None:
        """Queue `job` without waiting."""
        if self._inline and self._inbox.empty():
            self._wake()
        self._inbox.put(job)

    def settle(self, deliver: Callable[[Job], None]) -> bool:
        """Call `deliver` with each job done since last asked, in the order put.

        Return whether there was any. An exception out of `deliver` leaves the jobs
        behind it for the next call, and wakes the loop for that.
        """
        if self._inline:
            self._work_off()
        settled = False
        while self._done:
            done_at, jobs = self._done.popleft()
            if not settled:
                settled, self.done_at = True, done_at
            batch = iter(jobs)
            try:
                for job in batch:
                    deliver(job)
            except BaseException:
                if rest := list(batch):
                    self._done.appendleft((done_at, rest))
                self._wake()
                raise
        return settled

    def stop(self) -> None:
        """Finish what was put, then end the thread and let go of what it holds."""
        if self._thread.is_alive():
            self._inbox.put(None)
            self._thread.join()
            return
        # Inline, never started, or dead.
        if self.error is None:
            self._work_off()
        self.close()

    def work(self, batch: list[Job]) -> None:
        """Do every job of `batch`; an exception out of here ends the work for good."""
        raise NotImplementedError

    def tidy(self) -> None:
        """Do what is due after a batch, when nobody waits for its outcome any more."""

    def patience(self) -> float | None:
        """Return the seconds to wait for a job before `idle`, or `None` to just wait.

        Asked in the thread alone: inline, nothing happens by itself.
        """
        return None

    def idle(self) -> None:
        """Use the pause in which no job came."""

    def close(self) -> None:
        """Let go of what the work needs, as its last act; may be called again."""

    def _run(self) -> None:
        try:
            while batch := self._take():
                self.work(batch)
                self._done.append((perf_counter(), batch))
                self._wake()
                self.tidy()
            self.close()
        except BaseException as error:  # noqa: BLE001 - carried to the loop, which ends
            self.error = error
            self._wake()

    def _work_off(self) -> None:
        try:
            while self.error is None and not self._inbox.empty():
                batch = self._take()
                self.work(batch)
                self._done.append((perf_counter(), batch))
                self.tidy()
        except Exception as error:  # noqa: BLE001 - settles as a thread's death would
            self.error = error

    def _take(self) -> list[Job]:
        """Wait for a job, then take what queued up meanwhile; `[]` means stop."""
        job = self._first()
        if job is None:
            return []
        batch = [job]
        self._fill(batch)
        if self._pace is not None and (seconds := self._pace.pause(len(batch))):
            before = len(batch)
            sleep(seconds)
            self._fill(batch)
            self._pace.paused(len(batch) - before)
        return batch

    def _fill(self, batch: list[Job]) -> None:
        while len(batch) < self._max_batch:
            try:
                job = self._inbox.get_nowait()
            except Empty:
                return
            if job is None:
                self._inbox.put(None)  # First this batch, then the end.
                return
            batch.append(job)

    def _first(self) -> Job | None:
        while True:
            try:
                return self._inbox.get(timeout=self.patience())
            except Empty:
                self.idle()
