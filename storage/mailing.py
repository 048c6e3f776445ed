"""What mail the journal causes, and what was mailed already (spec F38, F39).

Nothing of it is on the way of a message: whoever writes mails follows the journal by
its gseq, and how far that has come is committed together with the rows that leave.
"""

import sqlite3
from typing import NamedTuple

from sqlite_utils import Database

from storage import meta, outgoing
from storage.records import Record
from storage.sums import COLUMNS, OF_EVENT, intact

POSITION = "mail"
"""In `meta`: the gseq up to which events have caused what mail they cause."""
KIND = "mail"
STEP = 2000
"""Events passed in one step, 2 ms in the reader's thread: few of them cause any."""
MINUTE_MS = 60_000
TEAM, SHOPPER = "team", "shopper"
"""Who has been told, beside `agent:<id>`."""

TABLES = """
-- Up to which seq of a chat somebody was mailed of, and when; of the team: that there
-- is the ticket at all.
CREATE TABLE mailed(
  stream INTEGER NOT NULL, whom TEXT NOT NULL, site TEXT NOT NULL, at INTEGER NOT NULL,
  upto INTEGER NOT NULL, PRIMARY KEY (stream, whom)) STRICT, WITHOUT ROWID;
CREATE INDEX mailed_team ON mailed(site, at) WHERE whom = 'team';
ALTER TABLE agent ADD COLUMN notify TEXT NOT NULL DEFAULT '[]';
INSERT INTO meta SELECT 'mail', coalesce(max(gseq), 0) FROM event;
"""
_REACHABLE = "p.email IS NOT NULL AND json_extract(p.facts, '$.consents.email') IS TRUE"
# What most messages are is left out here already, in C: words to one who did not agree
# to mails, and to an agent who wants none.
_NEWS = f"""
SELECT {OF_EVENT},
  e.stream, t.site, t.profile, t.assignee, t.control, t.team, {_REACHABLE}
FROM event e CROSS JOIN ticket t USING (stream)
LEFT JOIN profile p ON p.site = t.site AND p.id = t.profile
LEFT JOIN agent a ON a.site = t.site AND a.id = t.assignee
WHERE e.gseq > ? AND e.gseq <= ? AND (e.kind IN ('opened', 'control', 'assigned')
  OR e.kind = 'msg' AND (e.by LIKE 'agent:%' AND {_REACHABLE}
    OR e.by LIKE 'shopper:%' AND a.notify <> '[]'))
ORDER BY e.gseq"""  # noqa: S608 - constants


class News(NamedTuple):
    """An event that may cause mail, with its ticket as it is now."""

    record: Record
    stream: int
    site: str
    profile: str
    assignee: str | None
    control: str
    team: str | None
    reachable: int
    """1 if the shopper has an address, and has agreed to mails."""


class Due(NamedTuple):
    """One mail, to be looked at when it is due."""

    key: str
    site: str
    line: str
    payload: str
    at: int
    due: int


class Fresh(NamedTuple):
    """A ticket that needs a human, of which the team hears once."""

    stream: int
    site: str
    at: int
    most: int
    """More than so many in a minute come as a digest."""
    mails: tuple[tuple[str, str], ...]
    """To whom, and the payload."""


class Mailed(NamedTuple):
    """Up to which seq of a chat somebody was mailed of, and when."""

    stream: int
    whom: str
    site: str
    at: int
    upto: int


class Word(NamedTuple):
    """Something that somebody said."""

    seq: int
    at: int
    by: str
    text: str


def news(connection: sqlite3.Connection, after: int) -> tuple[list[News], int]:
    """Return what may cause mail after a gseq, and up to which gseq that is all."""
    head = meta.head(connection)
    upto = min(after + STEP, head)
    rows = connection.execute(_NEWS, (after, upto)).fetchall()
    return [News(intact(row[10], row[:10]), *row[10:]) for row in rows], upto


def position(connection: sqlite3.Connection) -> int:
    """Return up to which gseq all mail is caused."""
    return meta.position(connection, POSITION)


def advance(db: Database, upto: int, fresh: list[Fresh], others: list[Due]) -> None:
    """Write down what mail the events up to `upto` cause, and that this is done."""
    for ticket in fresh:
        _announce(db, ticket)
    for due in others:
        _put(db, due)
    meta.move(db.conn, POSITION, upto)


def note(db: Database, mailed: Mailed) -> None:
    """Note up to which seq somebody has been mailed."""
    sql = """
    INSERT INTO mailed VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
    SET at = excluded.at, upto = max(upto, excluded.upto)"""
    db.execute(sql, mailed)


def mailed_upto(connection: sqlite3.Connection, stream: int, whom: str) -> int:
    """Return up to which seq somebody has been mailed."""
    sql = "SELECT upto FROM mailed WHERE stream = ? AND whom = ?"
    row = connection.execute(sql, (stream, whom)).fetchone()
    return 0 if row is None else row[0]


def read_upto(connection: sqlite3.Connection, stream: int, who: str) -> Record | None:
    """Return the last event by which `who` said to have read."""
    sql = f"""
    SELECT {COLUMNS} FROM event
    WHERE stream = ? AND kind = 'read' AND by = ? ORDER BY seq DESC LIMIT 1"""  # noqa: S608 - constants
    row = connection.execute(sql, (stream, who)).fetchone()
    return None if row is None else intact(stream, row)


def words(
    connection: sqlite3.Connection, stream: int, after: int, by: str, limit: int
) -> list[Word]:
    """Return the first messages after a seq of those whose name begins with `by`."""
    sql = """
    SELECT m.seq, m.at, m.by, m.text FROM event e JOIN message m USING (gseq)
    WHERE e.stream = ? AND e.seq > ? AND e.kind = 'msg' AND substr(m.by, 1, ?) = ?
    ORDER BY e.seq LIMIT ?"""
    values = (stream, after, len(by), by, limit)
    return [Word(*row) for row in connection.execute(sql, values).fetchall()]


def _announce(db: Database, ticket: Fresh) -> None:
    first = "INSERT INTO mailed VALUES (?, 'team', ?, ?, 0) ON CONFLICT DO NOTHING"
    at, site = ticket.at, ticket.site
    if db.execute(first, (ticket.stream, site, at)).rowcount != 1:
        return
    lately = "SELECT count(*) FROM mailed WHERE site = ? AND whom = 'team' AND at > ?"
    number: int = db.execute(lately, (site, at - MINUTE_MS)).fetchone()[0]
    for to, payload in ticket.mails:
        key = f"new:{ticket.stream}:{to}"
        if number > ticket.most:
            line = f"digest {site} {to}"
            _put(db, Due(key, site, line, payload, at, at + MINUTE_MS))
        else:
            _put(db, Due(key, site, key, payload, at, at))


def _put(db: Database, due: Due) -> None:
    db.execute(outgoing.INSERT_ONCE, (due.key, KIND, *due[1:]))
