"""Writes the journal of a conversation as this program keeps it."""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from storage.meta import JOURNAL
from tests.broker.commands.conversation import had


def dump(journal: Path) -> str:
    """Return the tables and rows of a journal as SQL."""
    with closing(sqlite3.connect(journal)) as db:
        return "\n".join(db.iterdump()) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        talked = had(Path(folder) / "data")
        target = Path(__file__).with_name(f"{sys.argv[1]}.sql")
        target.write_text(dump(talked.folder / JOURNAL))
