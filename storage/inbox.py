"""Reads and writes for the agents' inboxes: tickets with names, cursors and flags."""

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from sqlite_utils import Database

from storage.queries import Listed
from storage.records import ReadRow, TicketRow

COLUMNS = ", ".join(f"ticket.{name}" for name in TicketRow._fields)
LAST = Listed(2**63 - 1, 2**63 - 1)
"""A place behind all others: lists run from the newest to the oldest."""


class Named(NamedTuple):
    """A ticket, and what is known of whose it is."""

    row: TicketRow
    name: str | None
    email: str | None
    phone: str | None
    reads: tuple[ReadRow, ...]


class Ended(NamedTuple):
    """Which closed tickets of a site are wanted."""

    site: str
    agent: str
    mine: bool | None
    """Those that were `agent`'s, or nobody's; `None`: anybody's."""
    bot: bool
    team: str | None
    channel: str | None
    hidden: tuple[str, ...]
    """Teams whose tickets are not shown unless they were `agent`'s."""


def unclosed(
    connection: sqlite3.Connection, site: str, status: str, before: Listed, limit: int
) -> list[Named]:
    """Return up to `limit` tickets of `status`, the newest activity first."""
    sql = f"""
    SELECT {COLUMNS}, name, email, phone FROM ticket
    LEFT JOIN profile ON profile.site = ticket.site AND profile.id = ticket.profile
    WHERE ticket.site = ? AND status = ? AND (last_at, stream) < (?, ?)
    ORDER BY last_at DESC, stream DESC LIMIT ?"""  # noqa: S608 - constants
    return named(connection, sql, (site, status, *before, limit))


def ended(
    connection: sqlite3.Connection, wanted: Ended, before: Listed, limit: int
) -> list[Named]:
    """Return up to `limit` closed tickets, those closed last first."""
    where = ""
    if wanted.mine is not None:
        where += " AND assignee IS :holder"
    if wanted.team is not None:
        where += " AND team = :team"
    if wanted.channel is not None:
        where += " AND channel = :channel"
    if wanted.hidden:
        where += """ AND (team IS NULL OR assignee IS :agent
          OR team NOT IN (SELECT value FROM json_each(:hidden)))"""
    sql = f"""
    SELECT {COLUMNS}, name, email, phone FROM ticket
    LEFT JOIN profile ON profile.site = ticket.site AND profile.id = ticket.profile
    WHERE ticket.site = :site AND status = 'closed' AND (control = 'bot') = :bot
      AND (closed_at, stream) < (:at, :stream){where}
    ORDER BY closed_at DESC, stream DESC LIMIT :limit"""  # noqa: S608 - constants
    values: dict[str, object] = {
        "site": wanted.site,
        "holder": wanted.agent if wanted.mine else None,
        "agent": wanted.agent,
        "team": wanted.team,
        "channel": wanted.channel,
        "hidden": json.dumps(wanted.hidden),
        "bot": wanted.bot,
        "at": before.last_at,
        "stream": before.stream,
        "limit": limit,
    }
    return named(connection, sql, values)


def marked(connection: sqlite3.Connection, site: str) -> list[tuple[int, str]]:
    """Return which agents have flagged which unclosed tickets of `site`."""
    sql = """
    SELECT stream, agent FROM reading JOIN ticket USING (stream)
    WHERE marked <> 0 AND site = ? AND status <> 'closed'"""
    return connection.execute(sql, (site,)).fetchall()


def mark(db: Database, stream: int, agent: str, id_: str) -> bool:
    """Flag a ticket for `agent`; return whether the request `id_` did so before."""
    known = "SELECT mark_id FROM reading WHERE stream = ? AND agent = ?"
    row = db.execute(known, (stream, agent)).fetchone()
    if row is not None and row[0] == id_:
        return True
    sql = """
    INSERT INTO reading VALUES (?, ?, 0, 1, ?)
    ON CONFLICT(stream, agent) DO UPDATE SET marked = 1, mark_id = excluded.mark_id"""
    db.execute(sql, (stream, agent, id_))
    return False


def unmark(db: Database, stream: int, agent: str) -> None:
    """Take the flag away."""
    sql = "UPDATE reading SET marked = 0 WHERE stream = ? AND agent = ?"
    db.execute(sql, (stream, agent))


def named(
    connection: sqlite3.Connection,
    sql: str,
    values: tuple[object, ...] | dict[str, object],
) -> list[Named]:
    """Return what `sql` finds: `COLUMNS`, then what is known of whose ticket it is."""
    found = connection.execute(sql, values).fetchall()
    columns = len(TicketRow._fields)
    rows = [TicketRow(*each[:columns]) for each in found]
    reads = _reads(connection, (row.stream for row in rows))
    return [
        Named(row, each[-3], each[-2], each[-1], tuple(reads.get(row.stream, ())))
        for row, each in zip(rows, found, strict=True)
    ]


def _reads(
    connection: sqlite3.Connection, streams: Iterable[int]
) -> dict[int, list[ReadRow]]:
    sql = """
    SELECT stream, agent, read FROM reading
    WHERE stream IN (SELECT value FROM json_each(?))"""
    reads: dict[int, list[ReadRow]] = {}
    for row in connection.execute(sql, (json.dumps([*streams]),)).fetchall():
        reads.setdefault(row[0], []).append(ReadRow(*row))
    return reads
