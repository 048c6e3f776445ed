"""What the journal knows of itself."""

import secrets
import sqlite3

EPOCH = "epoch"


def adopt_epoch(connection: sqlite3.Connection, fresh: str | None = None) -> None:
    """Give the journal `fresh` as its epoch, or a random one, unless it has one.

    A backup is made without: after a restore the numbers that clients hold may name
    other events, so all of them have to start again.
    """
    new = secrets.token_hex(8) if fresh is None else fresh
    connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (EPOCH, new))


def epoch(connection: sqlite3.Connection) -> str:
    """Return the journal's epoch; empty in a backup that was never opened."""
    sql = "SELECT value FROM meta WHERE key = ?"
    row = connection.execute(sql, (EPOCH,)).fetchone()
    return "" if row is None else row[0]


def forget_epoch(connection: sqlite3.Connection) -> None:
    """Make the file one that has yet to become a journal."""
    connection.execute("DELETE FROM meta WHERE key = ?", (EPOCH,))
