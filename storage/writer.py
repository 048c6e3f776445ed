"""The journal's writer: natural group commit on the only connection that writes.

While one batch is synced the next one queues up, so the batch grows with the load. Only
at a middling rate does a small batch wait for company (`pace`): always lingering for a
millisecond was 27 to 44 % slower than never.

A batch is one transaction, written with few statements. Should that fail, whom to blame
is not known: once more, still one transaction, each item in a savepoint of its own, so
that only the owner of a bad one is refused. A failed append breaks its lane here, in
this thread, before anything later of that lane is tried: `UNIQUE(stream, seq)` sees a
second writer but not a hole.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import msgspec
from sqlite_utils import Database

from storage.checkpoints import Checkpoints
from storage.errors import Blame, SteppedDown, Unwritable, blame
from storage.pace import Pace
from storage.records import Append, Change, TicketRow
from storage.rows import Rows
from storage.schema import Connection
from storage.spans import Spans
from storage.taking import taker_of
from storage.worker import Worker

Result = TypeVar("Result")
Item = Append | Change
Batch = list[Item]

KNOWN_TICKETS = 8192
"""Ticket rows remembered as last written, to write less of them next time: 4 MiB."""
IDLE_S = 5.0
"""Seconds without work after which a pending checkpoint or probe is done; one a message
would double the syncs of a quiet shop."""
PROBE = """
INSERT INTO meta VALUES ('probe', '') ON CONFLICT(key) DO UPDATE SET value = ''"""


class WriterStats(msgspec.Struct, frozen=True):
    """What the writer has done since it was opened."""

    commits: int
    rows: int
    items: int
    """Appends and changes that were tried, barriers too."""
    refused: int
    """Of those, how many failed."""
    retried: int
    """Batches written once more, item by item."""
    largest_batch: int
    last_commit_s: float
    """Seconds from the begin of the last transaction to the end of its sync."""
    commit_s: float
    """Sum of all of those."""
    checkpoints: int
    wal_pages: int
    """Pages in the WAL when last checkpointed."""


class Writer(Worker[Item]):
    """Each batch is one transaction; a poisoned item fails alone."""

    def __init__(
        self,
        connection: Connection,
        database: Database,
        wake: Callable[[], None],
        *,
        path: Path,
        inline: bool = False,
    ) -> None:
        """Write appends with `connection` and changes with `database` on top of it."""
        super().__init__("journal-writer", wake, inline=inline, pace=Pace())
        self._connection = connection
        self._database = database
        self._path = path
        self._taker = taker_of(connection)
        self.writable = True
        """False from a refused batch to the next commit that goes through."""
        self._closed = False
        self._scrubbing = False
        """Whether the WAL has to be emptied, for what was erased lingers there."""
        self._known: dict[int, TicketRow] = {}
        self._checkpoints = Checkpoints(connection)
        self._commits = self._rows = self._items = self._refused = 0
        self._retried = self._largest_batch = 0
        self._last_commit_s = self._commit_s = 0.0
        self.commits_took = Spans()

    def stats(self) -> WriterStats:
        """Return the figures of now; may be called from any thread."""
        return WriterStats(
            commits=self._commits,
            rows=self._rows,
            items=self._items,
            refused=self._refused,
            retried=self._retried,
            largest_batch=self._largest_batch,
            last_commit_s=self._last_commit_s,
            commit_s=self._commit_s,
            checkpoints=self._checkpoints.done,
            wal_pages=self._checkpoints.wal_pages,
        )

    def work(self, batch: Batch) -> None:
        """Make `batch` durable, or fail those of it that cannot be.

        Raises:
            sqlite3.Error: the disk or the file is broken; nobody's outcome is known.
        """
        error = self._commit(self._together, batch)
        if error is not None and blame(error) is Blame.ITEM:
            self._retried += 1
            error = self._commit(self._one_by_one, batch)
        if error is not None:
            self._refuse(batch, error)
        elif self._scrubbing:
            self._scrubbing = not self._checkpoints.run("TRUNCATE")
        self._items += len(batch)
        self._refused += sum(map(_refused, batch))
        self._largest_batch = max(self._largest_batch, len(batch))

    def tidy(self) -> None:
        """Checkpoint if it is time, and forget the tickets of quiet chats."""
        if len(self._known) > KNOWN_TICKETS:
            self._known.clear()
        self._checkpoints.run_if_due()

    def patience(self) -> float | None:
        """Return how long to wait for work while there is something left to do."""
        return IDLE_S if self._checkpoints.pending or not self.writable else None

    def idle(self) -> None:
        """Use the pause to checkpoint, and to see whether the disk has room again."""
        if not self.writable:
            # Whoever looks at `writable` may send nothing before it is true again.
            self._commit(self._probe, [])
        if self._checkpoints.pending:
            self._checkpoints.run()

    def close(self) -> None:
        """Empty the WAL into the database and close it."""
        if self._closed:
            return
        self._closed = True
        if self.error is None:
            # Otherwise left alone: closing would checkpoint, from a page cache that the
            # error has made untrustworthy. The next start finds what the disk has.
            self._checkpoints.run("TRUNCATE")
            self._connection.close()
        elif isinstance(self.error, SteppedDown):
            # The file is well, and will be followed: what is under way is undone.
            self._connection.close()

    def _commit(self, write: Callable[[Batch], int], batch: Batch) -> Exception | None:
        """Return why `batch` was rolled back, or `None`: it is durable."""
        connection = self._connection
        started = perf_counter()
        try:
            # IMMEDIATE: a deferred one that turns to writing never waits for the lock.
            connection.execute("BEGIN IMMEDIATE")
            rows = write(batch)
            if self._taker is None:
                connection.execute("COMMIT")
            else:
                self._taker.commit(scrub=self._scrubbing)
        except Exception as error:  # binding raises OverflowError and UnicodeError too
            if blame(error) is Blame.JOURNAL:
                raise
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._known.clear()
            return error
        if rows:
            self.writable = True
            self._commits += 1
            self._rows += rows
            self._checkpoints.count(rows)
            self._last_commit_s = perf_counter() - started
            self._commit_s += self._last_commit_s
            self.commits_took.add(self._last_commit_s)
        return None

    def _together(self, batch: Batch) -> int:
        """Write the appends between two changes at once: the order stays."""
        rows = Rows(self._connection, self._known)
        written = 0
        for item in batch:
            if type(item) is Append:
                item.failed = item.lane.broken
                if not item.failed:
                    rows.add(item)
            elif type(item) is Change:
                written += rows.write() + self._change(item)
        return written + rows.write()

    def _one_by_one(self, batch: Batch) -> int:
        written = 0
        for item in batch:
            if type(item) is Change:
                written += self._change(item)
            elif type(item) is Append:
                written += self._append(item)
        return written

    def _append(self, append: Append) -> int:
        if append.lane.broken:
            append.failed = True
            return 0
        rows = Rows(self._connection, {})
        rows.add(append)
        result = self._contained(rows.write)
        append.failed = append.lane.broken = isinstance(result, Exception)
        return 0 if isinstance(result, Exception) else result

    def _change(self, change: Change) -> int:
        change.result = change.error = None
        if change.lists:
            self._known.clear()
        result = self._contained(partial(change.write, self._database))
        if isinstance(result, Exception):
            change.error = result
            return 0
        change.result = result
        self._scrubbing |= change.scrub
        return 1

    def _contained(self, write: Callable[[], Result]) -> Result | Exception:
        """Return what `write` returned, or why it was undone, if that is its fault."""
        execute = self._connection.execute
        execute("SAVEPOINT item")
        try:
            result = write()
        except Exception as error:
            if blame(error) is not Blame.ITEM:
                raise
            execute("ROLLBACK TO item")
            execute("RELEASE item")
            return error
        execute("RELEASE item")
        return result

    def _refuse(self, batch: Batch, error: Exception) -> None:
        self.writable = False
        unwritable = Unwritable(self._path, str(error))
        unwritable.__cause__ = error
        for item in batch:
            if type(item) is Change:
                item.result, item.error = None, unwritable
            elif type(item) is Append:
                # A barrier asks for nothing that could be refused.
                item.lane.broken |= not item.barrier
                item.failed = item.lane.broken

    def _probe(self, _nothing: Batch) -> int:
        self._connection.execute(PROBE)
        return 1


def _refused(item: Item) -> bool:
    return item.error is not None if isinstance(item, Change) else item.failed
