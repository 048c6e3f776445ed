"""What is kept beside the journal's events and could be made from them again."""

import sqlite3


def texts(connection: sqlite3.Connection, stream: int) -> dict[int, str]:
    """Return the texts in the message table, by seq of their events in `stream`."""
    sql = """
    SELECT e.seq, m.text FROM event e JOIN message m USING (gseq)
    WHERE e.stream = ? ORDER BY e.seq"""
    return dict(connection.execute(sql, (stream,)).fetchall())
