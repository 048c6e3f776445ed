"""A stream's state kept, so that a long one need not be folded from its beginning.

Written with `Append.snapshot`, on the writer's ordinary road but in nobody's ack. A
snapshot is a cache: whoever cannot make sense of one folds the whole journal instead.
"""

import sqlite3

from storage.records import SnapshotRow


def latest(connection: sqlite3.Connection, stream: int) -> SnapshotRow | None:
    """Return the snapshot of `stream`, or `None` if it has none."""
    sql = "SELECT stream, seq, ver, at, state FROM snapshot WHERE stream = ?"
    row = connection.execute(sql, (stream,)).fetchone()
    return None if row is None else SnapshotRow(*row)
