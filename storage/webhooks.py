"""Webhooks, and what they have still to be told: a cursor over the journal each.

A webhook's position is a gseq. Of what lies behind it no more than a window is copied
into rows that leave, in the commit that moves the position: a receiver that is down for
days costs a window of rows and no event, for the journal has them all.
"""

import sqlite3
from typing import NamedTuple

from sqlite_utils import Database

from storage import meta, outgoing
from storage.outgoing import Delivery
from storage.records import Record
from storage.sums import OF_EVENT, intact

KIND = "webhook:"
"""How the kind of a webhook's deliveries begins; its id follows."""
STEP = 5000
"""Events looked at in one step, 3 ms in the reader's thread."""

TABLES = """
CREATE TABLE webhook(
  id TEXT NOT NULL PRIMARY KEY, site TEXT NOT NULL REFERENCES site(id),
  url TEXT NOT NULL, kinds TEXT NOT NULL, secret TEXT NOT NULL,
  created_at INTEGER NOT NULL, position INTEGER NOT NULL, ended_at INTEGER,
  ended_why TEXT) STRICT, WITHOUT ROWID;
"""
# CROSS: from the events to their tickets. Else it begins with all tickets of the site.
_WANTED = """
SELECT e.gseq, e.stream, e.seq, e.at FROM event e CROSS JOIN ticket t USING (stream)
WHERE e.gseq > ? AND e.gseq <= ? AND t.site = ?
  AND (?4 = '[]' OR e.kind IN (SELECT value FROM json_each(?4)))
ORDER BY e.gseq LIMIT ?"""


class Webhook(NamedTuple):
    """Where a shop wants to be told of what happens."""

    id: str
    site: str
    url: str
    kinds: str
    """A list of event kinds in JSON; an empty one means all."""
    secret: str
    created_at: int
    position: int
    ended_at: int | None = None
    """Since when it is told nothing any more."""
    ended_why: str | None = None

    @property
    def kind(self) -> str:
        """The kind of its deliveries."""
        return KIND + self.id

    def __repr__(self) -> str:
        """Show no secret, nor a URL, which may have one."""
        return f"Webhook({self.id!r})"


class Backlog(NamedTuple):
    """What a webhook has not been told."""

    pending: int
    """Rows on their way."""
    dead: int
    """Rows that were given up."""


class Step(NamedTuple):
    """What a webhook is to be told next."""

    events: list[tuple[int, int, int, int]]
    """gseq, stream, seq and moment."""
    upto: int
    """That is all there is up to this gseq."""


class Entry(NamedTuple):
    """One event of a site, with its chat."""

    gseq: int
    chat: str
    record: Record


def add(db: Database, new: Webhook, most: int) -> bool:
    """Return whether a webhook was added, from now on; not beyond `most` of a site."""
    if len(of_site(db.conn, new.site)) >= most:
        return False
    row = new._replace(position=meta.head(db.conn))
    db.execute("INSERT INTO webhook VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return True


def every(connection: sqlite3.Connection) -> list[Webhook]:
    """Return all webhooks, the oldest first."""
    sql = "SELECT * FROM webhook ORDER BY created_at, id"
    return [Webhook(*row) for row in connection.execute(sql).fetchall()]


def of_site(connection: sqlite3.Connection, site: str) -> list[Webhook]:
    """Return the webhooks of a site, the oldest first."""
    return [hook for hook in every(connection) if hook.site == site]


def remove(db: Database, site: str, id_: str) -> bool:
    """Return whether there was such a webhook; what it was still owed goes with it."""
    gone = db.execute("DELETE FROM webhook WHERE site = ? AND id = ?", (site, id_))
    if gone.rowcount:
        db.execute("DELETE FROM outgoing WHERE kind = ?", (KIND + id_,))
    return bool(gone.rowcount)


def end(db: Database, id_: str, at: int, why: str) -> None:
    """Tell a webhook nothing any more, nor what is on its way."""
    sql = """
    UPDATE webhook SET ended_at = ?, ended_why = ? WHERE id = ? AND ended_at IS NULL"""
    db.execute(sql, (at, why, id_))
    over = """
    UPDATE outgoing SET state = 'dead', error = ?, next_at = NULL
    WHERE kind = ? AND state = 'pending'"""
    db.execute(over, (why, KIND + id_))


def backlog(connection: sqlite3.Connection, id_: str) -> Backlog:
    """Return how much a webhook has not been told."""
    sql = "SELECT count(*) FROM outgoing WHERE kind = ? AND state = ?"
    pending, dead = (
        connection.execute(sql, (KIND + id_, state)).fetchone()[0]
        for state in ("pending", "dead")
    )
    return Backlog(pending, dead)


def step(
    connection: sqlite3.Connection, hook: Webhook, after: int, window: int
) -> Step | None:
    """Return what `hook` is to be told next; `None`: it has enough on its way."""
    room = window - backlog(connection, hook.id).pending
    if room <= 0:
        return None
    head = meta.head(connection)
    upto = min(after + STEP, head)
    values = (after, upto, hook.site, hook.kinds, room)
    events = connection.execute(_WANTED, values).fetchall()
    return Step(events, events[-1][0] if len(events) == room else upto)


def advance(db: Database, hook: Webhook, found: Step) -> None:
    """Let what was found leave, and remember how far that goes."""
    moved = "UPDATE webhook SET position = ? WHERE id = ? AND ended_at IS NULL"
    if db.execute(moved, (found.upto, hook.id)).rowcount != 1:
        return
    db.conn.executemany(
        outgoing.INSERT_ONCE,
        [
            (
                f"{stream}-{seq}",
                hook.kind,
                hook.site,
                f"{hook.id} {stream}",
                f'{{"stream":{stream},"seq":{seq}}}',
                at,
                at,
            )
            for _, stream, seq, at in found.events
        ],
    )


def replay(db: Database, id_: str, now: int, ids: tuple[int, ...]) -> int:
    """Let what was given up leave once more, all or those; return how many."""
    sql = "SELECT id FROM outgoing WHERE kind = ? AND state = 'dead' ORDER BY id"
    found = [row[0] for row in db.execute(sql, (KIND + id_,)).fetchall()]
    again = [row for row in found if not ids or row in ids]
    renewed = """
    UPDATE outgoing SET state = 'pending', attempts = 0, error = NULL, at = ?1,
      next_at = CASE WHEN EXISTS (SELECT 1 FROM outgoing o
        WHERE o.line = outgoing.line AND o.state = 'pending') THEN NULL ELSE ?1 END
    WHERE id = ?2"""
    for row in again:
        db.execute(renewed, (now, row))
    return len(again)


def dead(connection: sqlite3.Connection, id_: str, limit: int) -> list[Delivery]:
    """Return what was given up, the oldest first."""
    return outgoing.dead(connection, KIND + id_, limit)


def entry(connection: sqlite3.Connection, stream: int, seq: int) -> Entry | None:
    """Return one event, if there still is one."""
    sql = f"""
    SELECT e.gseq, t.chat, {OF_EVENT}, e.stream
    FROM event e JOIN ticket t USING (stream)
    WHERE e.stream = ? AND e.seq = ?"""  # noqa: S608 - constants
    row = connection.execute(sql, (stream, seq)).fetchone()
    return None if row is None else Entry(row[0], row[1], intact(row[-1], row[2:-1]))


def feed(
    connection: sqlite3.Connection, site: str, after: int, limit: int
) -> tuple[list[Entry], int, bool]:
    """Return events of a site after a gseq, where to go on, and whether to at once."""
    head = meta.head(connection)
    upto = min(after + STEP, head)
    sql = f"""
    SELECT e.gseq, t.chat, {OF_EVENT}, e.stream
    FROM event e CROSS JOIN ticket t USING (stream)
    WHERE e.gseq > ? AND e.gseq <= ? AND t.site = ? ORDER BY e.gseq LIMIT ?"""  # noqa: S608 - constants
    rows = connection.execute(sql, (after, upto, site, limit)).fetchall()
    entries = [Entry(row[0], row[1], intact(row[-1], row[2:-1])) for row in rows]
    last = entries[-1].gseq if len(entries) == limit else max(upto, after)
    return entries, last, last < head
