"""A copy of a journal that another process writes: it repeats what was said there."""

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database

from storage import meta
from storage.capture import Transaction, decode
from storage.checkpoints import Checkpoints
from storage.errors import Blame, Diverged, NeedsCopy, blame
from storage.schema import configure_writer, connect, create, refuse_newer

MANY = 64
"""Transactions applied in one commit while catching up."""


class Follower:
    """The only writer of its file; belongs to one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the copy at `path`, or make an empty one.

        Raises:
            StorageError: `JournalBroken` or `NotDurable`.
        """
        self.path = path
        create(path)
        self._connection = connect(path)
        try:
            configure_writer(self._connection, path, "NORMAL")
            # Sets what triggers go by, as the writer's does.
            self._database = Database(self._connection, execute_plugins=False)
            self._empty = not meta.exists(self._connection)
            applied = None if self._empty else meta.applied(self._connection)
            self.alone = applied is None and not self._empty
            """Whether it is the journal of a broker that has stood alone till now."""
            self.applied = applied or 0
            """Position of the last transaction that is in the file."""
            self._checkpoints = Checkpoints(self._connection)
            # What ended between a commit and its scrub is scrubbed now.
            self._scrubbing = not self._checkpoints.run_soon("TRUNCATE")
        except BaseException:
            self._connection.close()
            raise

    @property
    def epoch(self) -> str:
        """Which journal this is a copy of; empty if of none yet."""
        return "" if self._empty else meta.epoch(self._connection)

    def refuse_newer(self) -> None:
        """Make sure that this program knows all that is in the file.

        Raises:
            SchemaTooNew: it may follow, but must not write.
        """
        refuse_newer(self._database, self.path)

    def apply(self, entries: Iterable[tuple[int, bytes]]) -> None:
        """Apply transactions, each with its position, in one commit.

        Raises:
            NeedsCopy: they stand on what is not in the file; nothing was applied.
            Diverged: they do not fit what is in the file; nothing was applied.
        """
        connection = self._connection
        erased, rows, applied = 0, 0, self.applied
        connection.execute("BEGIN IMMEDIATE")
        try:
            for seq, data in entries:
                transaction = self._fitting(data, applied)
                rows += self._say(transaction)
                erased, applied = seq if transaction.scrub else erased, seq
            empty = self._empty and not meta.exists(connection)
            if not empty:
                meta.apply(connection, applied)
                if erased:
                    meta.apply_erasing(connection, erased)
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error) and blame(error) is Blame.ITEM:
                raise Diverged(self.path, str(error)) from error
            raise
        self.applied, self._empty = applied, empty
        self._checkpoints.count(rows)
        if erased or self._scrubbing:
            # Again with the next, if a reader is in its way.
            self._scrubbing = not self._checkpoints.run_soon("TRUNCATE")
        self._checkpoints.run_if_due()

    def adopt(self, seq: int) -> None:
        """Let the journal of a broker that stood alone be the copy as of `seq`."""
        meta.apply(self._connection, seq)
        self.applied, self.alone = seq, False

    def close(self) -> None:
        """Empty the WAL into the file and close it; may be called again."""
        with suppress(sqlite3.ProgrammingError):
            self._checkpoints.run("TRUNCATE")
        self._connection.close()

    def _fitting(self, data: bytes, applied: int) -> Transaction:
        try:
            transaction = decode(data)
        except ValueError as error:
            raise Diverged(self.path, str(error)) from error
        if transaction.base and not applied:
            raise NeedsCopy(self.path)
        if transaction.over != applied:
            why = f"{transaction.over} comes before the next, not {applied}"
            raise Diverged(self.path, why)
        known = "" if self._empty else meta.epoch(self._connection)
        if known and transaction.journal != known:
            raise Diverged(self.path, f"{transaction.journal} is another journal")
        return transaction

    def _say(self, transaction: Transaction) -> int:
        rows = 0
        for sql, many, parameters in transaction.statements:
            if many:
                self._connection.executemany(sql, parameters)
                rows += len(parameters)
            else:
                self._connection.execute(sql, parameters).fetchall()
                rows += 1
        return rows
