"""Tables that take nothing, on a real SQLite."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def read_only_table(path: Path, table: str) -> Generator[None]:
    """No row can be added to `table`, for a reason only SQLite knows."""
    with closing(sqlite3.connect(path, isolation_level=None)) as tool:
        tool.execute(
            f"CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'planted'); END"
        )
        try:
            yield
        finally:
            tool.execute(f"DROP TRIGGER refuse_{table}")
