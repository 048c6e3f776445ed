"""Each broker's journal copied as it is written, and held against its copy at the end.

`pytest tests/system --captured` runs everything so: what a transaction says has to make
the same file again, whatever feature wrote it.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from broker import makings
from storage import meta
from storage.journal import Journal
from storage.schema import Keep
from tests.storage.copies import Copying, differences


class CapturedJournal(Journal):
    """Has a copy beside it, as long as it is open."""

    found: list[str]

    def __init__(
        self, path: Path, wake: Callable[[], None], *, keep: Keep, **options: Any
    ) -> None:
        self._beside: Copying | None = None
        if keep.log is not None:  # a node's, which has other copies
            super().__init__(path, wake, keep=keep, **options)
            return
        self._copy = path.with_name("captured.db")
        begin(path, self._copy)
        self._beside = Copying(self._copy)
        if self._beside.follower.alone:
            self._beside.follower.adopt(0)
        keep = Keep(keep.relaxed, self._beside)
        try:
            super().__init__(path, wake, keep=keep, **options)
        except BaseException:
            self._beside.follower.close()
            raise

    def stop(self) -> None:
        super().stop()
        if self._beside is None:
            return
        self._beside.follower.close()
        if not self._beside.over:
            # Nothing was written: only one of them knows where it has begun.
            forget_applied(self._path)
            forget_applied(self._copy)
        self.found += differences(self._path, self._copy)
        # Whoever opens it next may be another process, which has no copy.
        forget_applied(self._path)


def forget_applied(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE key = ?", (meta.APPLIED,))


def begin(journal: Path, copy: Path) -> None:
    """Make `copy` what the journal is now, which may be nothing yet.

    What is wrong with a damaged one is for its writer to say.
    """
    for left in copy.parent.glob(f"{copy.name}*"):
        left.unlink()
    if journal.exists():
        with (
            suppress(sqlite3.DatabaseError),
            closing(sqlite3.connect(journal)) as connection,
        ):
            connection.execute("VACUUM INTO ?", (str(copy),))
            # If it was killed, what it knows of its copy was left in it.
            forget_applied(copy)


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have every broker of the test copied; return where copies differed."""
    found: list[str] = []
    monkeypatch.setattr(CapturedJournal, "found", found, raising=False)
    monkeypatch.setattr(makings, "Journal", CapturedJournal)
    return found
