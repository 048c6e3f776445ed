"""What is to leave the process: rows written in the commit of what causes them.

A row is taken out to the world at least once, and in its line one after the other: the
next one of a line becomes due when the one before it is over. Storage knows neither
what a payload means nor where it goes. A row that was taken is forgotten once whom it
concerns knows; one that was given up stays for a month, for people to look at.
"""

import sqlite3
from typing import Literal

import msgspec
from sqlite_utils import Database

from storage.records import OutgoingRow

State = Literal["pending", "done", "dead"]
KEPT_MS = 30 * 24 * 3600 * 1000
"""How long what was given up is kept."""

TABLES = """
-- `next_at`: when there is something to do about it. NULL: it waits for the one before
-- it in its line, or it was given up and all concerned know.
CREATE TABLE outgoing(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, site TEXT NOT NULL,
  line TEXT NOT NULL, payload TEXT NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL, next_at INTEGER, error TEXT,
  CHECK (state IN ('pending', 'done', 'dead'))) STRICT;
CREATE UNIQUE INDEX outgoing_key ON outgoing(kind, key);
CREATE INDEX outgoing_due ON outgoing(kind, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX outgoing_line ON outgoing(line) WHERE state = 'pending';
CREATE INDEX outgoing_pending ON outgoing(kind) WHERE state = 'pending';
"""
INSERT = """
INSERT INTO outgoing(key, kind, site, line, payload, at, state, attempts, next_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', 0, CASE WHEN EXISTS (
  SELECT 1 FROM outgoing WHERE line = ?4 AND state = 'pending')
  THEN NULL ELSE ?7 END)"""
"""An `OutgoingRow`, and when it is due if nothing is before it in its line."""
INSERT_ONCE = f"{INSERT} ON CONFLICT(kind, key) DO NOTHING"
"""Likewise, for who may find the same cause twice."""
_AGAIN = """
INSERT INTO outgoing(key, kind, site, line, payload, at, state, attempts)
VALUES (?, ?, ?, ?, ?, ?, 'pending', 0)
ON CONFLICT(kind, key) DO UPDATE SET state = 'pending', attempts = 0, error = NULL,
  at = excluded.at WHERE state <> 'pending'"""
_NEXT = """
UPDATE outgoing SET next_at = ?1 WHERE next_at IS NULL AND id = (
  SELECT min(id) FROM outgoing WHERE line = ?2 AND state = 'pending')"""
_COLUMNS = "id, key, kind, site, line, payload, at, state, attempts, error"


class Delivery(msgspec.Struct, frozen=True):
    """Something that is to leave, and what became of it so far."""

    id: int
    key: str
    """The same each time it is tried: the other side can know a repeat by it."""
    kind: str
    """Which adapter takes it."""
    site: str
    line: str
    """Deliveries of one line leave in the order in which they were written."""
    payload: str
    """JSON; storage does not look inside."""
    at: int
    """When it was written."""
    state: State
    """`done` or `dead`: it is over, but whom it concerns may not know yet."""
    attempts: int
    error: str | None
    """Why the last attempt failed."""


class Due(msgspec.Struct, frozen=True):
    """What there is to do."""

    now: list[Delivery]
    """The longest due first."""
    later: int | None
    """When the next of those that are not due yet will be; `None`: there are none."""
    pending: int
    """How many have not left yet, due or not."""


def due(connection: sqlite3.Connection, kind: str, now: int, limit: int) -> Due:
    """Return up to `limit` deliveries of `kind` to do something about."""
    sql = f"""
    SELECT {_COLUMNS} FROM outgoing WHERE kind = ? AND next_at <= ?
    ORDER BY next_at, id LIMIT ?"""  # noqa: S608 - constants
    rows = connection.execute(sql, (kind, now, limit)).fetchall()
    later = "SELECT min(next_at) FROM outgoing WHERE kind = ? AND next_at > ?"
    pending = "SELECT count(*) FROM outgoing WHERE kind = ? AND state = 'pending'"
    return Due(
        [Delivery(*row) for row in rows],
        connection.execute(later, (kind, now)).fetchone()[0],
        connection.execute(pending, (kind,)).fetchone()[0],
    )


def postpone(db: Database, id_: int, error: str, until: int) -> None:
    """Note that an attempt failed, and try again at `until`; its line waits."""
    sql = """
    UPDATE outgoing SET attempts = attempts + 1, error = ?, next_at = ?
    WHERE id = ? AND state = 'pending'"""
    db.execute(sql, (error, until, id_))


def finish(db: Database, id_: int, now: int, error: str | None = None) -> None:
    """Note that it was taken, or with an `error` given up; the next of its line is due.

    It is due itself until `forget` says that whom it concerns knows.
    """
    state = "done" if error is None else "dead"
    sql = """
    UPDATE outgoing SET state = ?, attempts = attempts + 1, error = ?, next_at = ?
    WHERE id = ? AND state = 'pending' RETURNING line"""
    row = db.execute(sql, (state, error, now, id_)).fetchone()
    if row is not None:
        db.execute(_NEXT, (now, row[0]))


def put_off(db: Database, id_: int, until: int) -> None:
    """Look at one that is over, but nobody knows, again at `until`."""
    db.execute("UPDATE outgoing SET next_at = ? WHERE id = ?", (until, id_))


def forget(db: Database, id_: int, now: int) -> None:
    """Drop one that was taken; keep one that was given up, with nothing left to do."""
    db.execute("DELETE FROM outgoing WHERE id = ? AND state = 'done'", (id_,))
    db.execute("UPDATE outgoing SET next_at = NULL WHERE id = ?", (id_,))
    old = "DELETE FROM outgoing WHERE state = 'dead' AND next_at IS NULL AND at < ?"
    db.execute(old, (now - KEPT_MS,))


def is_due(connection: sqlite3.Connection, kind: str, key: str) -> bool:
    """Return whether something will be done about a delivery, now or in its turn."""
    sql = """
    SELECT 1 FROM outgoing o WHERE kind = ? AND key = ? AND (next_at IS NOT NULL
      OR state = 'pending' AND EXISTS (SELECT 1 FROM outgoing WHERE line = o.line
        AND state = 'pending' AND next_at IS NOT NULL))"""
    return connection.execute(sql, (kind, key)).fetchone() is not None


def queue_again(db: Database, row: OutgoingRow, now: int) -> None:
    """Have `row` leave that was lost, given up, or that its line has left behind."""
    db.execute(_AGAIN, row)
    db.execute(_NEXT, (now, row.line))


def waiting(connection: sqlite3.Connection, limit: int) -> list[Delivery]:
    """Return up to `limit` that have not left or were given up, the oldest first."""
    sql = f"SELECT {_COLUMNS} FROM outgoing WHERE state <> 'done' ORDER BY id LIMIT ?"  # noqa: S608 - constants
    return [Delivery(*row) for row in connection.execute(sql, (limit,)).fetchall()]


def undelivered(
    connection: sqlite3.Connection, before: int, limit: int
) -> list[Delivery]:
    """Return what was given up, or has failed or been overdue since `before`.

    The oldest first. What waits for its time, or behind another, is not late.
    """
    sql = f"""
    SELECT {_COLUMNS} FROM outgoing WHERE state = 'dead' OR state = 'pending'
      AND at < ?1 AND next_at IS NOT NULL AND (attempts > 0 OR next_at < ?1)
    ORDER BY id LIMIT ?2"""  # noqa: S608 - constants
    rows = connection.execute(sql, (before, limit)).fetchall()
    return [Delivery(*row) for row in rows]


def dead(connection: sqlite3.Connection, kind: str, limit: int) -> list[Delivery]:
    """Return what of a kind was given up, the oldest first."""
    sql = f"""
    SELECT {_COLUMNS} FROM outgoing WHERE kind = ? AND state = 'dead'
    ORDER BY id LIMIT ?"""  # noqa: S608 - constants
    rows = connection.execute(sql, (kind, limit)).fetchall()
    return [Delivery(*row) for row in rows]


def companions(connection: sqlite3.Connection, line: str) -> list[Delivery]:
    """Return all of a line that have not left, the oldest first."""
    sql = f"""
    SELECT {_COLUMNS} FROM outgoing WHERE line = ? AND state = 'pending'
    ORDER BY id"""  # noqa: S608 - constants
    return [Delivery(*row) for row in connection.execute(sql, (line,)).fetchall()]


def finish_with(db: Database, ids: list[int], now: int) -> None:
    """Note of deliveries that they left together with another of their line."""
    sql = """
    UPDATE outgoing SET state = 'done', error = NULL, next_at = ?
    WHERE id = ? AND state = 'pending'"""
    for id_ in ids:
        db.execute(sql, (now, id_))


def drop(db: Database, stream: int, now: int) -> None:
    """Let nothing leave any more of what was said in a chat.

    What waited behind it in a line that others share is due now.
    """
    sql = """
    DELETE FROM outgoing WHERE json_extract(payload, '$.stream') = ?
    RETURNING line"""
    lines = {line for (line,) in db.execute(sql, [stream]).fetchall()}
    for line in sorted(lines):
        db.execute(_NEXT, (now, line))
