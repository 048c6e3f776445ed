"""Reads of the journal and of the rows written with it.

Plain functions of a connection, for `Query` and for tools. Each fetches all it returns:
no cursor stays open, for an open one keeps the WAL from being reused.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from storage import snapshots
from storage.records import Record, SnapshotRow, TicketRow
from storage.sums import COLUMNS, intact

PAGE = 256
"""Records in a page: bounds what one resume may hold in memory at a time."""

_PAGE = f"""
SELECT {COLUMNS} FROM event
WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?"""  # noqa: S608 - constants
_PAGE_BEFORE = f"""
SELECT {COLUMNS} FROM event
WHERE stream = ? AND seq < ? ORDER BY seq DESC LIMIT ?"""  # noqa: S608 - constants


_OF_KIND = f"""
SELECT {COLUMNS} FROM event
WHERE stream = ? AND kind = ? ORDER BY seq"""  # noqa: S608 - constants


class Loaded(NamedTuple):
    """What an actor needs to come to life."""

    snapshot: SnapshotRow | None
    records: list[Record]
    """The first page after the snapshot; if it is full, there may be more."""
    ticket: TicketRow | None


class Standing(NamedTuple):
    """What is looked at every half a minute of each ticket that is not closed."""

    stream: int
    chat: str
    seq: int
    due: int | None
    status: str
    until: int | None
    control: str
    assignee: str | None
    team: str | None
    waiting_since: int | None
    missed: int


class Listed(NamedTuple):
    """A place in a list of tickets, to go on from."""

    last_at: int
    stream: int


def page(
    connection: sqlite3.Connection, stream: int, after: int, limit: int = PAGE
) -> list[Record]:
    """Return up to `limit` records of `stream` that follow `after`, oldest first."""
    rows = connection.execute(_PAGE, (stream, after, limit)).fetchall()
    return [intact(stream, row) for row in rows]


def page_before(
    connection: sqlite3.Connection, stream: int, before: int, limit: int = PAGE
) -> list[Record]:
    """Return the last `limit` records of `stream` before `before`, oldest first."""
    rows = connection.execute(_PAGE_BEFORE, (stream, before, limit)).fetchall()
    return [intact(stream, row) for row in reversed(rows)]


def of_kind(connection: sqlite3.Connection, stream: int, kind: str) -> list[Record]:
    """Return the records of `stream` that are of this kind, oldest first."""
    rows = connection.execute(_OF_KIND, (stream, kind)).fetchall()
    return [intact(stream, row) for row in rows]


def said_after(
    connection: sqlite3.Connection, stream: int, by: str, after: int
) -> list[int]:
    """Return the seqs of what a person said in `stream` after `after`."""
    sql = """
    SELECT seq FROM event WHERE stream = ? AND seq > ? AND kind = 'msg' AND by = ?
    ORDER BY seq"""
    return [seq for (seq,) in connection.execute(sql, (stream, after, by)).fetchall()]


def record(connection: sqlite3.Connection, stream: int, seq: int) -> Record | None:
    """Return the record at `seq` of `stream`, or `None`."""
    found = page(connection, stream, seq - 1, limit=1)
    return found[0] if found and found[0].seq == seq else None


def load(connection: sqlite3.Connection, stream: int) -> Loaded:
    """Return the newest snapshot of `stream`, what follows it, and its row."""
    snapshot = snapshots.latest(connection, stream)
    after = 0 if snapshot is None else snapshot.seq
    records = page(connection, stream, after)
    return Loaded(snapshot, records, ticket(connection, stream))


def ticket(connection: sqlite3.Connection, stream: int) -> TicketRow | None:
    """Return the row of the chat whose journal is `stream`, or `None`."""
    sql = "SELECT * FROM ticket WHERE stream = ?"
    row = connection.execute(sql, (stream,)).fetchone()
    return None if row is None else TicketRow(*row)


def handed_over(connection: sqlite3.Connection) -> list[TicketRow]:
    """Return the unclosed tickets that another system has control of."""
    sql = """
    SELECT * FROM ticket WHERE control = 'external' AND status <> 'closed'"""
    return [TicketRow(*row) for row in connection.execute(sql).fetchall()]


def start(
    connection: sqlite3.Connection, site: str, profile: str, id_: str
) -> int | None:
    """Return the stream to which this person's `chat.start` with `id_` led."""
    sql = "SELECT stream FROM start WHERE site = ? AND profile = ? AND id = ?"
    row = connection.execute(sql, (site, profile, id_)).fetchone()
    return None if row is None else row[0]


def unclosed(
    connection: sqlite3.Connection, site: str, profile: str, channel: str
) -> tuple[int, str] | None:
    """Return stream and chat of the person's one open or snoozed conversation."""
    sql = """
    SELECT stream, chat FROM ticket
    WHERE site = ? AND profile = ? AND channel = ? AND status <> 'closed'"""
    row = connection.execute(sql, (site, profile, channel)).fetchone()
    return None if row is None else (row[0], row[1])


def last_closed(
    connection: sqlite3.Connection, site: str, profile: str, channel: str
) -> tuple[int, str] | None:
    """Return stream and chat of the person's newest conversation that has ended."""
    sql = """
    SELECT stream, chat FROM ticket
    WHERE site = ? AND profile = ? AND channel = ? AND status = 'closed'
    ORDER BY stream DESC LIMIT 1"""
    row = connection.execute(sql, (site, profile, channel)).fetchone()
    return None if row is None else (row[0], row[1])


def opened_before(
    connection: sqlite3.Connection, site: str, profile: str, channel: str, number: int
) -> int | None:
    """Return when the person's last conversation but `number` - 1 was opened."""
    sql = """
    SELECT opened_at FROM ticket WHERE site = ? AND profile = ? AND channel = ?
    ORDER BY stream DESC LIMIT 1 OFFSET ?"""
    row = connection.execute(sql, (site, profile, channel, number - 1)).fetchone()
    return None if row is None else row[0]


def due(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return chat and moment of all that want to be woken, the earliest first."""
    sql = "SELECT chat, due FROM ticket WHERE due IS NOT NULL ORDER BY due, stream"
    return connection.execute(sql).fetchall()


def unclosed_of_site(connection: sqlite3.Connection, site: str) -> list[TicketRow]:
    """Return the open and snoozed tickets of `site`, the oldest activity first."""
    # Two equalities: the index serves them, an inequality would scan all the closed.
    sql = "SELECT * FROM ticket WHERE site = ? AND status = ?"
    found = _tickets(connection, sql, site, "open")
    return sorted(found + _tickets(connection, sql, site, "snoozed"), key=_activity)


def standings(connection: sqlite3.Connection, site: str) -> list[Standing]:
    """Return how the open and snoozed tickets of `site` stand, in no order."""
    sql = f"""
    SELECT {", ".join(Standing._fields)} FROM ticket
    WHERE site = ? AND status IN ('open', 'snoozed')"""  # noqa: S608 - constants
    rows = connection.execute(sql, (site,)).fetchall()
    return list(map(Standing._make, rows))


def alive_between(
    connection: sqlite3.Connection, site: str, since: int, until: int
) -> list[int]:
    """Return the streams of `site` that were begun before `until`, and not over before.

    A ticket that came back from its end counts as if that had never been.
    """
    sql = """
    SELECT stream FROM ticket WHERE site = ? AND opened_at < ?
      AND (closed_at IS NULL OR closed_at >= ?) ORDER BY stream"""
    rows = connection.execute(sql, (site, until, since)).fetchall()
    return [stream for (stream,) in rows]


def held_by(connection: sqlite3.Connection, site: str, agent: str) -> list[TicketRow]:
    """Return the open and snoozed tickets assigned to `agent`, likewise."""
    sql = """
    SELECT * FROM ticket
    WHERE site = ? AND assignee = ? AND status IN ('open', 'snoozed')"""
    return sorted(_tickets(connection, sql, site, agent), key=_activity)


def first_replies(
    connection: sqlite3.Connection, site: str, *, limit: int
) -> list[int]:
    """Return after how many milliseconds an agent first answered, the least first.

    Of the `limit` newest conversations that have ended; not of those nobody answered.
    """
    sql = """
    SELECT (SELECT at FROM event WHERE event.stream = ticket.stream
      AND kind = 'msg' AND by LIKE 'agent:%' ORDER BY seq LIMIT 1) - opened_at AS waited
    FROM ticket WHERE site = ? AND status = 'closed'
    ORDER BY last_at DESC LIMIT ?"""
    rows = connection.execute(sql, (site, limit)).fetchall()
    return sorted(waited for (waited,) in rows if waited is not None)


def tickets(
    connection: sqlite3.Connection,
    site: str,
    status: str,
    *,
    limit: int,
    before: Listed | None = None,
) -> list[TicketRow]:
    """Return up to `limit` tickets of `status`, the newest activity first.

    Start again with `before` = the last one's place for what comes after it.
    """
    sql = """
    SELECT * FROM ticket WHERE site = ? AND status = ? AND (last_at, stream) < (?, ?)
    ORDER BY last_at DESC, stream DESC LIMIT ?"""
    last_at, stream = before or (2**63 - 1, 2**63 - 1)
    return _tickets(connection, sql, site, status, last_at, stream, limit)


def streams(connection: sqlite3.Connection) -> Iterator[int]:
    """Yield every stream, ascending; between two steps nothing is held open."""
    # A seek for each, instead of one cursor over the whole index.
    sql = "SELECT stream FROM event WHERE stream > ? ORDER BY stream LIMIT 1"
    row = connection.execute(sql, (-(2**63),)).fetchone()
    while row is not None:
        yield row[0]
        row = connection.execute(sql, row).fetchone()


def _tickets(
    connection: sqlite3.Connection, sql: str, *values: str | int
) -> list[TicketRow]:
    return [TicketRow(*row) for row in connection.execute(sql, values).fetchall()]


def _activity(row: TicketRow) -> tuple[int, int]:
    return row.last_at, row.stream
