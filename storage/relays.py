"""What was said in a chat that another system has taken from us (F36).

A delivery that is over is forgotten; of these it has to be known, for as long as the
chat goes on, that they were not lost.
"""

import sqlite3

from sqlite_utils import Database

TABLES = """
CREATE TABLE relayed(
  stream INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (stream, seq))
  STRICT, WITHOUT ROWID;
-- Until now they were forgotten: what does not wait any more has arrived.
INSERT INTO relayed SELECT stream, e.seq FROM event e JOIN ticket t USING (stream)
WHERE t.control = 'external' AND t.status <> 'closed' AND e.kind = 'msg'
  AND NOT EXISTS (SELECT 1 FROM outgoing WHERE kind = 'handoff'
    AND key = stream || '-' || e.seq AND (next_at IS NOT NULL OR state = 'pending'));
"""
_OVER = """
FROM relayed WHERE EXISTS (
  SELECT 1 FROM ticket t WHERE t.stream = relayed.stream AND t.status = 'closed')"""
OVER = f"DELETE {_OVER}"


def add(db: Database, stream: int, seq: int) -> None:
    """Remember that what was said at `seq` of a chat has arrived."""
    db.execute(
        "INSERT INTO relayed VALUES (?, ?) ON CONFLICT DO NOTHING", (stream, seq)
    )


def arrived(connection: sqlite3.Connection, stream: int) -> set[int]:
    """Return the seqs of all of a chat that has arrived."""
    sql = "SELECT seq FROM relayed WHERE stream = ?"
    return {seq for (seq,) in connection.execute(sql, (stream,)).fetchall()}


def any_over(connection: sqlite3.Connection) -> bool:
    """Return whether anything is remembered of a chat that is over."""
    sql = f"SELECT 1 {_OVER} LIMIT 1"
    return connection.execute(sql).fetchone() is not None


def drop_over(db: Database) -> None:
    """Forget what has arrived of chats that are over: nobody asks any more."""
    db.execute(OVER)
