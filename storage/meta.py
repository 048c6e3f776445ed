"""What the journal knows of itself, and how far it was followed."""

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
    return _value(connection, EPOCH)


def head(connection: sqlite3.Connection) -> int:
    """Return the last event's gseq; 0 if there is none."""
    sql = "SELECT max(gseq) FROM event"
    return connection.execute(sql).fetchone()[0] or 0


def position(connection: sqlite3.Connection, key: str) -> int:
    """Return up to which gseq somebody has followed the journal."""
    return int(_value(connection, key) or 0)


def move(connection: sqlite3.Connection, key: str, upto: int) -> None:
    """Write down up to which gseq somebody has followed the journal."""
    sql = """
    INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"""
    connection.execute(sql, (key, str(upto)))


def forget_epoch(connection: sqlite3.Connection) -> None:
    """Make the file one that has yet to become a journal."""
    connection.execute("DELETE FROM meta WHERE key = ?", (EPOCH,))


def _value(connection: sqlite3.Connection, key: str) -> str:
    sql = "SELECT value FROM meta WHERE key = ?"
    row = connection.execute(sql, (key,)).fetchone()
    return "" if row is None else row[0]
