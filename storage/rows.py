"""What a run of appends adds to the tables, with the fixed SQL that adds it.

`executemany` with SQL that never changes: sqlite-utils' `insert()` costs ten times as
much a row.
"""

from storage import outgoing
from storage.records import Append, TicketRow
from storage.schema import Connection
from storage.sums import of_event

LAST_GSEQ = "SELECT coalesce(max(gseq), 0) FROM event"
INSERT_EVENT = "INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?)"
INSERT_MESSAGE = "INSERT INTO message VALUES (?,?,?,?,?,?)"
INSERT_NAMED = "INSERT INTO named VALUES (?,?) ON CONFLICT DO NOTHING"
DELETE_UNNAMED = "DELETE FROM unnamed WHERE blob = ?"
INSERT_START = "INSERT INTO start VALUES (?,?,?,?)"
UPSERT_TICKET = """
INSERT INTO ticket VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT(stream) DO UPDATE SET profile = excluded.profile, status = excluded.status,
  until = excluded.until, assignee = excluded.assignee, control = excluded.control,
  preview = excluded.preview, waiting_since = excluded.waiting_since,
  last_at = excluded.last_at, closed_at = excluded.closed_at, seq = excluded.seq,
  due = excluded.due, team = excluded.team, shopper_said = excluded.shopper_said,
  said_by = excluded.said_by, missed = excluded.missed, tags = excluded.tags,
  silent_since = excluded.silent_since"""
# A column that is set costs each of its indexes a delete and an insert, changed or not:
# most messages move these alone, and 11 us a row become 6.
MOVE_TICKET = """
UPDATE ticket SET preview = ?, waiting_since = ?, last_at = ?, seq = ?, due = ?,
  shopper_said = ?, said_by = ?, missed = ?, silent_since = ? WHERE stream = ?"""
UPSERT_READ = """
INSERT INTO reading VALUES (?,?,?,0,'')
ON CONFLICT(stream, agent) DO UPDATE SET read = excluded.read"""
UPSERT_SNAPSHOT = """
INSERT INTO snapshot VALUES (?,?,?,?,?)
ON CONFLICT(stream) DO UPDATE SET seq = excluded.seq, ver = excluded.ver,
  at = excluded.at, state = excluded.state"""

PREVIEW = TicketRow._fields.index("preview")
"""All columns before it make a chat's place in the lists, and seldom change."""

Row = tuple[object, ...]
Tickets = dict[int, TicketRow]


class Rows:
    """Collects appends, then writes them with one `executemany` a table.

    Lives no longer than its transaction, in which it finds the journal's last gseq.
    """

    __slots__ = (
        "_connection",
        "_events",
        "_gseq",
        "_known",
        "_messages",
        "_named",
        "_outgoing",
        "_reads",
        "_snapshots",
        "_starts",
        "_tickets",
    )

    def __init__(self, connection: Connection, known: Tickets) -> None:
        """Write with `connection`; `known` are ticket rows it has, and is kept so.

        After a rollback it names rows that never were: the caller empties it.
        """
        self._connection = connection
        self._known = known
        last = connection.execute(LAST_GSEQ).fetchone()
        self._gseq = last[0] if last else 0
        self._events: list[Row] = []
        self._messages: list[Row] = []
        self._named: list[Row] = []
        self._tickets: Tickets = {}
        self._starts: list[Row] = []
        self._reads: list[Row] = []
        self._snapshots: list[Row] = []
        self._outgoing: list[Row] = []

    def add(self, append: Append) -> None:
        """Take what `append` brings; nothing reaches the database yet."""
        stream = append.stream
        gseq = self._gseq
        for r in append.records:
            gseq += 1
            seq, at, by = r.seq, r.at, r.by
            row = (stream, seq, r.prev, at, r.kind, by, r.id, r.ver, r.body)
            self._events.append((gseq, *row, of_event(row)))
            if r.text is not None:
                self._messages.append((gseq, stream, seq, at, by, r.text))
                if r.blobs:
                    self._named += [(blob, stream) for blob in r.blobs]
        self._gseq = gseq
        if append.ticket is not None:
            # Written once, as it stands at the end of the batch.
            self._tickets[stream] = append.ticket
        if append.start is not None:
            self._starts.append(append.start)
        if append.reads:
            self._reads.extend(append.reads)
        if append.snapshot is not None:
            self._snapshots.append(append.snapshot)
        if append.outgoing:
            self._outgoing += [(*row, row.at) for row in append.outgoing]

    def write(self) -> int:
        """Execute what was collected, forget it, and return how many rows it was."""
        moves: list[Row] = []
        upserts: list[Row] = []
        for stream, row in self._tickets.items():
            if _has_moved(self._known.get(stream), row):
                moves.append((*_moved(row), stream))
            else:
                upserts.append(row)
            self._known[stream] = row
        self._tickets.clear()
        return (
            self._many(INSERT_EVENT, self._events)
            + self._many(INSERT_MESSAGE, self._messages)
            + self._name()
            + self._many(UPSERT_TICKET, upserts)
            + self._many(MOVE_TICKET, moves)
            + self._many(INSERT_START, self._starts)
            + self._many(UPSERT_READ, self._reads)
            + self._many(UPSERT_SNAPSHOT, self._snapshots)
            + self._many(outgoing.INSERT, self._outgoing)
        )

    def _name(self) -> int:
        if not self._named:
            return 0
        self._connection.executemany(DELETE_UNNAMED, [(b,) for b, _ in self._named])
        return self._many(INSERT_NAMED, self._named)

    def _many(self, sql: str, rows: list[Row]) -> int:
        if not rows:
            return 0
        self._connection.executemany(sql, rows)
        written = len(rows)
        rows.clear()
        return written


def _moved(row: TicketRow) -> Row:
    """Return what `MOVE_TICKET` sets."""
    return (
        row.preview,
        row.waiting_since,
        row.last_at,
        row.seq,
        row.due,
        row.shopper_said,
        row.said_by,
        row.missed,
        row.silent_since,
    )


def _has_moved(old: TicketRow | None, new: TicketRow) -> bool:
    """Return whether they differ in nothing but what `MOVE_TICKET` sets."""
    return (
        old is not None
        and old[:PREVIEW] == new[:PREVIEW]
        and old.closed_at == new.closed_at
        and old.team == new.team
        and old.tags == new.tags
    )
