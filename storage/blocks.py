"""Whom the shops have blocked: one row each, for as long as it lasts (F45)."""

import sqlite3

import msgspec
from sqlite_utils import Database

TABLE = """
CREATE TABLE blocked(
  site TEXT NOT NULL, profile TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
  reason TEXT, PRIMARY KEY (site, profile)) STRICT, WITHOUT ROWID
"""


class BlockRow(msgspec.Struct, frozen=True):
    """One person of one site; storage does not look into who did it and why."""

    site: str
    profile: str
    at: int
    by: str
    reason: str | None = None


def add(db: Database, new: BlockRow) -> bool:
    """Return whether `new` was added; not if the person is blocked already."""
    sql = "INSERT INTO blocked VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING"
    return db.execute(sql, msgspec.structs.astuple(new)).rowcount == 1


def remove(db: Database, site: str, profile: str) -> bool:
    """Return whether there was a block to be lifted."""
    sql = "DELETE FROM blocked WHERE site = ? AND profile = ?"
    return db.execute(sql, (site, profile)).rowcount == 1


def is_blocked(connection: sqlite3.Connection, site: str, profile: str) -> bool:
    """Return whether a shop wants nothing more of a person."""
    sql = "SELECT 1 FROM blocked WHERE site = ? AND profile = ?"
    return connection.execute(sql, (site, profile)).fetchone() is not None


def every(connection: sqlite3.Connection) -> list[BlockRow]:
    """Return all that there are, the oldest first."""
    rows = connection.execute("SELECT * FROM blocked ORDER BY at, profile").fetchall()
    return [BlockRow(*row) for row in rows]


def unfinished(connection: sqlite3.Connection) -> list[BlockRow]:
    """Return those whose person still has a chat that goes on."""
    sql = """
    SELECT * FROM blocked AS b WHERE EXISTS (
      SELECT 1 FROM ticket AS t WHERE t.site = b.site AND t.profile = b.profile
        AND t.status <> 'closed')"""
    return [BlockRow(*row) for row in connection.execute(sql).fetchall()]


def unclosed(connection: sqlite3.Connection, site: str, profile: str) -> list[str]:
    """Return the chats of a person that go on, of all channels."""
    sql = """
    SELECT chat FROM ticket WHERE site = ? AND profile = ? AND status <> 'closed'"""
    return [chat for (chat,) in connection.execute(sql, (site, profile)).fetchall()]
