"""Whether all that a folder keeps agrees: its file, its chats, its images.

Reads alone, so that it may look at a copy, at a folder that is served, and at a file
that the broker refuses.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from actors.chat.events import TEXTED
from broker import replay
from storage import queries
from storage.backup import missing_images
from storage.doctor import Problem, examine
from storage.schema import BUSY_MS

HOPELESS = {Problem.UNREADABLE, Problem.DAMAGED}
"""Where these were found, replaying would only find them again."""


def findings(journal: Path, *, images: bool = True) -> list[str]:
    """Return what is wrong with `journal`, and the images beside it, a line for each.

    Every chat is folded anew and held against what is kept of it.
    """
    found = examine(journal, texted())
    lines = [f"{each.problem.value}: {each.where}" for each in found]
    if HOPELESS & {each.problem for each in found}:
        return lines
    try:
        lines += _differences(journal)
        if images:
            lines += missing_images(journal.parent)
    except sqlite3.Error as error:
        lines.append(f"{Problem.UNREADABLE.value}: {error}")
    return lines


def texted() -> set[str]:
    """Return the kinds of events that the message table shows."""
    return {body.kind for body in TEXTED}


def _differences(journal: Path) -> Iterator[str]:
    uri = f"{journal.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
        db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        for stream in queries.streams(db):
            # A moment for each chat, however much is written meanwhile.
            db.execute("BEGIN")
            for each in replay.check(db, stream):
                where = f"chat {each.chat or each.stream} event {each.seq}"
                yield f"{where}: {each.what}"
            db.execute("ROLLBACK")
