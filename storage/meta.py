"""What the journal knows of itself, and how far it was followed."""

import secrets
import sqlite3

JOURNAL = "journal.db"
"""Name of its file in the data folder."""
MOVE = """
INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"""
EPOCH = "epoch"
APPLIED = "applied"
"""Up to where a copy that follows a log has come; no other journal has it."""
ERASED = "erased"
"""Which transaction of the log was the last to overwrite what was erased."""
SHIPPED = "shipped"
"""How many transactions were committed while they were shipped elsewhere."""


def adopt_epoch(connection: sqlite3.Connection, fresh: str | None = None) -> None:
    """Give the journal `fresh` as its epoch, or a random one, unless it has one.

    A backup is made without: after a restore the numbers that clients hold may name
    other events, so all of them have to start again.
    """
    if epoch(connection):
        return
    new = secrets.token_hex(8) if fresh is None else fresh
    connection.execute("INSERT INTO meta VALUES (?, ?)", (EPOCH, new))


def exists(connection: sqlite3.Connection) -> bool:
    """Return whether there is anything to know: not in an empty file."""
    sql = "SELECT 1 FROM sqlite_master WHERE name = 'meta'"
    return connection.execute(sql).fetchone() is not None


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
    connection.execute(MOVE, (key, str(upto)))


def applied(connection: sqlite3.Connection) -> int | None:
    """Return which transaction of the log was the last; `None` if there is no log."""
    value = _value(connection, APPLIED)
    return int(value) if value else None


def apply(connection: sqlite3.Connection, seq: int) -> None:
    """Write down which transaction of the log was the last.

    That is this file's own affair: it is no part of the transaction.
    """
    connection.execute(MOVE, (APPLIED, str(seq)))


def apply_erasing(connection: sqlite3.Connection, seq: int) -> None:
    """Write down which transaction of the log was the last that erased something."""
    connection.execute(MOVE, (ERASED, str(seq)))


def shipped(connection: sqlite3.Connection) -> int | None:
    """Return how many transactions were committed while they were shipped.

    `None` if the last who wrote did not ship what it wrote, or nobody has written yet.
    """
    value = _value(connection, SHIPPED) if exists(connection) else ""
    return int(value) if value else None


def forget_shipped(connection: sqlite3.Connection) -> None:
    """Let whoever ships next begin with a whole copy: what comes now is not shipped."""
    if _value(connection, SHIPPED):
        connection.execute("DELETE FROM meta WHERE key = ?", (SHIPPED,))


def leave(connection: sqlite3.Connection) -> None:
    """Make a copy that followed a log one that has yet to become a journal."""
    keys = (APPLIED, ERASED)
    connection.execute("DELETE FROM meta WHERE key IN (?, ?)", keys)
    forget_epoch(connection)


def forget_epoch(connection: sqlite3.Connection) -> None:
    """Make the file one that has yet to become a journal."""
    connection.execute("DELETE FROM meta WHERE key = ?", (EPOCH,))


def _value(connection: sqlite3.Connection, key: str) -> str:
    sql = "SELECT value FROM meta WHERE key = ?"
    row = connection.execute(sql, (key,)).fetchone()
    return "" if row is None else row[0]
