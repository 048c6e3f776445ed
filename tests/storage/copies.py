"""A journal and its copy, and how to tell that they are the same."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from storage.follower import Follower


class Copying:
    """The end of a log that has one reader: each transaction is applied at once."""

    node = "writer"

    def __init__(self, path: Path) -> None:
        self.follower = Follower(path)
        self.over = 0
        self.entries: list[bytes] = []
        self.fails: Callable[[bytes], None] = lambda _: None

    def append(self, data: bytes, *, scrub: bool) -> int:
        del scrub
        self.fails(data)
        self.entries.append(data)
        self.over += 1
        self.follower.apply([(self.over, data)])
        return self.over

    def close(self) -> None:
        """There is nobody who waits."""


def differences(one: Path, other: Path) -> list[str]:
    """Return the tables, indexes and triggers in which two journals differ."""
    with closing(_opened(one)) as left, closing(_opened(other)) as right:
        schema = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        if left.execute(schema).fetchall() != right.execute(schema).fetchall():
            return ["schema"]
        tables = left.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        return [name for (name,) in tables if _rows(left, name) != _rows(right, name)]


def _rows(connection: sqlite3.Connection, table: str) -> list[str]:
    rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  # named by SQLite itself
    return sorted(map(repr, rows))


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
