"""What a journal's file looks like from outside: whether all its parts agree.

Reads alone, so that it may look at a file that the broker refuses.
"""

import enum
import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from storage import sums

MOST = 100
"""Findings of one kind that are listed: a broken page breaks thousands of rows."""
CHUNK = 1 << 20
"""Bytes looked through at a time."""


class Problem(enum.Enum):
    """What is wrong, in the words of the report."""

    UNREADABLE = "the file cannot be read"
    DAMAGED = "SQLite finds the file damaged"
    EVENT = "an event is not as it was written"
    DANGLING = "a row refers to one that is not there"
    GAP = "a chat's events are not numbered 1, 2, 3, …"
    PREV = "an event names itself or a later one as the one before it"
    ORDER = "events were committed in another order than they are numbered"
    TICKET = "a ticket is not as new as its events"
    MESSAGE_MISSING = "an event has no row in the message table"
    MESSAGE_WRONG = "a row in the message table disagrees with its event"
    SNAPSHOT = "a snapshot is newer than the events"
    SEARCH = "an event that the search index has passed is not in it"
    START = "a chat.start leads to a chat without events"


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    problem: Problem
    where: str
    """Stream and seq, table, or SQLite's own words."""


_CHECKS = (
    (
        Problem.EVENT,
        """
        SELECT 'stream ' || stream || ' seq ' || seq FROM event
        WHERE sum <> of_event(stream, seq, prev, at, kind, by, id, ver, body)""",
    ),
    (
        Problem.GAP,
        """
        SELECT 'stream ' || stream || ': ' || count(*) || ' events from ' || min(seq)
          || ' to ' || max(seq)
        FROM event GROUP BY stream HAVING min(seq) <> 1 OR max(seq) <> count(*)""",
    ),
    (
        Problem.PREV,
        """
        SELECT 'stream ' || stream || ' seq ' || seq || ': prev ' || prev
        FROM event WHERE prev >= seq OR prev < 0""",
    ),
    (
        Problem.ORDER,
        """
        SELECT 'stream ' || stream || ' seq ' || seq FROM (
          SELECT stream, seq, gseq,
            lag(gseq) OVER (PARTITION BY stream ORDER BY seq) AS before FROM event)
        WHERE before > gseq""",
    ),
    (
        Problem.TICKET,
        """
        SELECT 'stream ' || stream || ': ticket ' || seq || ', events '
          || coalesce(head, 0) FROM (
          SELECT stream, seq, (SELECT max(seq) FROM event e
            WHERE e.stream = ticket.stream) AS head FROM ticket)
        WHERE seq IS NOT head""",
    ),
    (
        Problem.MESSAGE_MISSING,
        """
        SELECT 'stream ' || stream || ' seq ' || seq FROM event
        WHERE kind IN (SELECT value FROM json_each(:kinds))
          AND gseq NOT IN (SELECT gseq FROM message)""",
    ),
    (
        Problem.MESSAGE_WRONG,
        """
        SELECT 'stream ' || m.stream || ' seq ' || m.seq
        FROM message m LEFT JOIN event e USING (gseq)
        WHERE (e.stream, e.seq, e.at, e.by) IS NOT (m.stream, m.seq, m.at, m.by)
          OR e.kind NOT IN (SELECT value FROM json_each(:kinds))""",
    ),
    (
        Problem.SNAPSHOT,
        """
        SELECT 'stream ' || stream || ' seq ' || seq FROM snapshot WHERE seq > coalesce(
          (SELECT max(seq) FROM event WHERE event.stream = snapshot.stream), 0)""",
    ),
    (
        Problem.SEARCH,
        """
        SELECT 'gseq ' || gseq FROM message WHERE trim(text, '*') <> ''
          AND gseq <= coalesce(
          (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'search'), 0)
          AND gseq NOT IN (SELECT id FROM search_content)""",
    ),
    (
        Problem.START,
        """
        SELECT site || ' ' || profile || ' ' || id || ': stream ' || stream FROM start
        WHERE stream NOT IN (SELECT stream FROM event)""",
    ),
)
"""`:kinds` are the kinds of events that the message table shows."""


def examine(journal: Path, kinds: Collection[str]) -> list[Finding]:
    """Return what is wrong with `journal`, at most `MOST` of each kind; `[]` is well.

    An event of one of `kinds` has its row in the message table, and no other has.
    """
    uri = f"{journal.absolute().as_uri()}?mode=ro"
    try:
        with closing(
            sqlite3.connect(uri, uri=True, isolation_level=None)
        ) as connection:
            connection.create_function("of_event", -1, _sum)
            # One moment for all checks, however much is written meanwhile.
            connection.execute("BEGIN")
            return list(_findings(connection, kinds))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # What SQLite quotes of a damaged schema need not be text.
        return [Finding(Problem.UNREADABLE, str(error))]


def traces(journal: Path, needle: bytes) -> list[Path]:
    """Return which of the journal's files hold `needle` anywhere, deleted rows too.

    For proofs that something was erased. A needle of more than a few dozen bytes may
    be cut in two where a long text goes on in another page.
    """
    files = (journal, *journal.parent.glob(f"{journal.name}-*"))
    return [file for file in files if file.exists() and _holds(file, needle)]


def _findings(
    connection: sqlite3.Connection, kinds: Collection[str]
) -> Iterator[Finding]:
    for (verdict,) in _rows(connection, f"PRAGMA integrity_check({MOST})"):
        if verdict != "ok":
            yield Finding(Problem.DAMAGED, str(verdict))
    for table, row, parent, _ in _rows(connection, "PRAGMA foreign_key_check"):
        yield Finding(Problem.DANGLING, f"{table} row {row} to {parent}")
    values = {"kinds": json.dumps(sorted(kinds))}
    for problem, sql in _CHECKS:
        try:
            for (where,) in _rows(connection, f"{sql} LIMIT {MOST}", values):
                yield Finding(problem, str(where))
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            yield Finding(Problem.UNREADABLE, str(error))


def _sum(*row: Any) -> int:  # whatever SQLite has there
    return sums.of_event(row)


def _rows(
    connection: sqlite3.Connection, sql: str, values: dict[str, str] | None = None
) -> list[tuple[object, ...]]:
    return connection.execute(sql, values or {}).fetchall()


def _holds(file: Path, needle: bytes) -> bool:
    before = b""
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            if needle in before + chunk:
                return True
            before = chunk[-len(needle) :]
    return False
