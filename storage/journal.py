"""The journal: appends that settle when durable, changes, and reads beside them."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from storage import meta, queries
from storage.errors import JournalBroken
from storage.queries import PAGE
from storage.reader import Reader
from storage.records import Append, Change, Query, Record, check
from storage.schema import DURABLE, Keep, open_reader, open_writer
from storage.spans import Spans
from storage.writer import Item, Writer, WriterStats

CAPACITY = 10_000
"""Jobs not yet settled, about a second of work; beyond it the journal asks its users to
take no more in, and their peers wait in TCP."""

Found = TypeVar("Found")


class Journal:
    """All methods belong to the loop's thread; `wake` is called from the others.

    With `inline` there are no others: the work queued is done inside `settle`, and
    `wake` is called by whatever queues the first of it.
    """

    def __init__(
        self,
        path: Path,
        wake: Callable[[], None],
        *,
        inline: bool = False,
        keep: Keep = DURABLE,
        epoch: str | None = None,
    ) -> None:
        """Open the journal at `path`, or make a new one there, which gets `epoch`.

        Raises:
            StorageError: as `open_writer` says.
        """
        connection = open_writer(path, keep, epoch=epoch)
        database = Database(connection, execute_plugins=False)
        self._path = path
        self._log, self._ship = keep.log, keep.ship
        self._unsettled = 0
        self.written_at: float | None = None
        """When the first of what was written and settled last became durable, by
        `perf_counter`; `None` if nothing of it was written."""
        self.epoch = meta.epoch(connection)
        """Names this journal; clients that knew another one start again from 0."""
        self._writer = Writer(connection, database, wake, path=path, inline=inline)
        self._reader = Reader(open_reader(path), wake, inline=inline)

    def start(self) -> None:
        """Start the threads."""
        if self._ship is not None:
            self._ship.start()
        self._writer.start()
        self._reader.start()

    def stop(self) -> None:
        """Do what was queued, empty the WAL, close; `settle` once more for outcomes."""
        if self._log is not None:
            self._log.close()
        # The reader first: the last connection out is the one that checkpoints.
        self._reader.stop()
        self._writer.stop()
        if self._ship is not None:
            self._ship.stop()

    @property
    def full(self) -> bool:
        """Whether the disk is so far behind that no new work should be taken in."""
        return self._unsettled >= CAPACITY

    @property
    def unsettled(self) -> int:
        """How many appends, changes and queries nobody has heard of yet."""
        return self._unsettled

    @property
    def owing(self) -> bool:
        """Whether there is a log that has yet to take what was put here."""
        return self._log is not None and self._unsettled > 0

    @property
    def writable(self) -> bool:
        """False while the disk is full or locked; turns true by itself."""
        return self._writer.writable

    def stats(self) -> WriterStats:
        """Return what the writer has done so far."""
        return self._writer.stats()

    @property
    def commits_took(self) -> Spans:
        """How long commits take, their sync included."""
        return self._writer.commits_took

    def append(self, append: Append) -> None:
        """Have `append` written; its owner learns the outcome, in order of appending.

        Raises:
            Unstorable: a value is none that SQLite keeps as it is; nothing was queued.
        """
        check(append)
        self._unsettled += 1
        self._writer.put(append)

    def change(self, change: Change) -> None:
        """Have `change` made, after what was appended before it."""
        self._unsettled += 1
        self._writer.put(change)

    def query(self, query: Query) -> None:
        """Have `query` read; it need not see what has not settled yet."""
        self._unsettled += 1
        self._reader.put(query)

    def ask(
        self,
        read: Callable[[sqlite3.Connection], Found],
        then: Callable[[Found], None],
        otherwise: Callable[[Exception], None] | None = None,
    ) -> None:
        """Have `then` called with what `read` finds: a `query` that keeps the type."""
        found: list[Found] = []
        self.query(
            Query(
                lambda connection: found.append(read(connection)),
                lambda _: then(found.pop()),
                otherwise,
            )
        )

    def read(
        self,
        stream: int,
        after: int,
        then: Callable[[list[Record]], None],
        limit: int = PAGE,
    ) -> None:
        """Have `then` called with up to `limit` records of `stream` after `after`."""
        self.ask(partial(queries.page, stream=stream, after=after, limit=limit), then)

    def settle(self) -> bool:
        """Tell whoever waits what has become of it; return whether anybody did.

        Raises:
            JournalBroken: a thread has died of an I/O error: end the process.
            Exception: an owner's or a query's own; the next call goes on behind it.
        """
        written = self._writer.settle(self._written)
        self.written_at = self._writer.done_at if written else None
        settled = self._reader.settle(self._found) or written
        error = self._writer.error or self._reader.error
        if error is not None:
            advice = "Look at the disk, then start again: it recovers by itself."
            raise JournalBroken(self._path, str(error), advice) from error
        return settled

    def _written(self, item: Item) -> None:
        self._unsettled -= 1
        if type(item) is Append:
            item.owner.settled(item)
        elif type(item) is Change:
            item.then(item)

    def _found(self, query: Query) -> None:
        self._unsettled -= 1
        if query.error is None:
            query.then(query.result)
        elif query.otherwise is None:
            raise query.error
        else:
            query.otherwise(query.error)
