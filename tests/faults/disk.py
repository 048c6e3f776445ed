"""Disks that fill up, refuse, stall or forget; all but the last on a real SQLite."""

import os
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from storage.journal import Journal
from storage.records import Change
from storage.schema import Connection, Cursor

PAGE_BYTES = 4096


def _change(journal: Journal, write: Callable[[Database], object]) -> Change:
    """Make a change at once, delivering whatever else settles meanwhile."""
    done: list[Change] = []
    change = Change(write, done.append)
    journal.change(change)
    while not done:
        journal.settle()
    return change


def _pragma(journal: Journal, statement: str) -> object:
    """Execute `PRAGMA statement` on the writer's connection, between two batches."""

    def set_and_read(db: Database) -> object:
        return db.execute(f"PRAGMA {statement}").fetchone()

    change = _change(journal, set_and_read)
    assert change.error is None, change.error
    return change.result


@contextmanager
def full_disk(journal: Journal) -> Generator[None]:
    """The file may not grow by a page; small writes may find room in what it has."""
    _pragma(journal, "max_page_count=1")  # As many as there are.
    try:
        yield
    finally:
        while _change(
            journal, lambda db: db.execute("PRAGMA max_page_count=1000000").fetchone()
        ).error:
            pass  # Refused along with somebody else's write in the same batch.


@contextmanager
def read_only_disk(journal: Journal) -> Generator[None]:
    """From now on SQLite says that the file cannot be written; there is no way back."""
    _pragma(journal, "query_only=ON")
    yield


@contextmanager
def locked_by_a_tool(journal: Journal, path: Path) -> Generator[None]:
    """Somebody has begun to write to the file and went to lunch."""
    _pragma(journal, "busy_timeout=20")
    with closing(sqlite3.connect(path, isolation_level=None)) as tool:
        tool.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            tool.execute("ROLLBACK")
    _pragma(journal, "busy_timeout=5000")


@contextmanager
def stalled_writer(journal: Journal) -> Generator[None]:
    """The writer waits for the disk: all that is queued meanwhile is its next batch."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(_db: Database) -> None:
        reached.set()
        assert go_on.wait(15)

    journal.change(Change(wait, lambda _: None))
    assert reached.wait(15)
    try:
        yield
    finally:
        go_on.set()


@contextmanager
def poisoned_text(path: Path, text: str) -> Generator[None]:
    """No message with `text` can be stored, for a reason only SQLite knows."""
    quoted = text.replace("'", "''")
    with closing(sqlite3.connect(path, isolation_level=None)) as tool:
        tool.execute(
            "CREATE TRIGGER poison BEFORE INSERT ON message"
            f" WHEN new.text = '{quoted}' BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )
        try:
            yield
        finally:
            tool.execute("DROP TRIGGER poison")


def scribble(path: Path, page: int) -> None:
    """Overwrite a page of a file with what no database has in it."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(b"\xee" * PAGE_BYTES)


def scribble_last(path: Path, pages: int) -> None:
    """Overwrite the last pages, where the newest rows are and no table's root."""
    last = path.stat().st_size // PAGE_BYTES
    for page in range(last - pages + 1, last + 1):
        scribble(path, page)


def truncate(path: Path, pages: int) -> None:
    """Cut a file to its first pages."""
    os.truncate(path, pages * PAGE_BYTES)


class Failing:
    """A connection on which statements fail the way a breaking disk makes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.errors: dict[str, str] = {}
        """Statement to the name of SQLite's error."""

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: tuple[object, ...] = (), /) -> Cursor:
        self._check(sql)
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: list[tuple[object, ...]], /) -> object:
        self._check(sql)
        return self._connection.executemany(sql, parameters)

    def close(self) -> None:
        self._connection.close()

    def _check(self, sql: str) -> None:
        if sql in self.errors:
            error = sqlite3.OperationalError(f"planted on {sql}")
            error.sqlite_errorname = self.errors[sql]
            raise error


@contextmanager
def failing_statement(
    connection: Failing, statement: str, name: str
) -> Generator[None]:
    """`statement` fails with SQLite's error `name`."""
    connection.errors[statement] = name
    try:
        yield
    finally:
        del connection.errors[statement]
