"""The journal's reader: one thread beside the writer, which WAL allows."""

import sqlite3
from collections.abc import Callable
from time import monotonic

from storage.errors import Blame, blame
from storage.records import Query
from storage.worker import Worker

MAX_BATCH = 32
"""Queries between two wakes of the loop: a load takes 100 us, a search 50 ms."""
QUERY_S = 5.0
"""Seconds a query may take: a longer one keeps the WAL from being reused."""
CHECK_STEPS = 100_000
"""Steps of SQLite's machine between two looks at the clock, some milliseconds."""


class Reader(Worker[Query]):
    """Each query sees one moment of the journal, however many statements it has."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        wake: Callable[[], None],
        *,
        inline: bool = False,
    ) -> None:
        super().__init__("journal-reader", wake, inline=inline, max_batch=MAX_BATCH)
        self._connection = connection
        self._deadline = 0.0
        connection.set_progress_handler(self._late, CHECK_STEPS)

    def work(self, batch: list[Query]) -> None:
        """Find the result of every query, or the error that is its own fault.

        Raises:
            sqlite3.Error: the disk or the file is broken.
        """
        for query in batch:
            self._deadline = monotonic() + QUERY_S
            self._connection.execute("BEGIN")
            try:
                query.result = query.read(self._connection)
            except Exception as error:
                if blame(error) is Blame.JOURNAL and not _tried_to_write(error):
                    raise
                query.error = error
            finally:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _late(self) -> bool:
        return monotonic() > self._deadline


def _tried_to_write(error: Exception) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith("SQLITE_READONLY")
