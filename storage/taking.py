"""Who commits, where a commit is more than SQLite's."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from storage.replica import Replica, Replicated
from storage.shipping import Manifest, Shipped


class Taker(Protocol):
    """Commits of one connection, on which nobody else commits."""

    def commit(self, *, scrub: bool = False) -> None:
        """Commit the transaction under way; `scrub`: for that it erases (spec U10)."""


def taker_of(connection: object) -> Taker | None:
    """Return who commits on `connection`, if that is not SQLite alone."""
    if isinstance(connection, Replicated):
        return Replica(connection)
    if isinstance(connection, Shipped):
        return Manifest(connection)
    return None


@contextmanager
def transaction(connection: sqlite3.Connection, taker: Taker) -> Generator[None]:
    """Commit what is written inside the block, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        taker.commit()
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
