"""The write-ahead log stays small, whatever the readers do."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from storage import checkpoints
from tests.storage.books import Books, record


@contextmanager
def forgotten_reader(path: Path) -> Generator[None]:
    """Somebody has begun to read, and does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM event").fetchone()
        yield


def write(books: Books, first: int, last: int) -> None:
    for seq in range(first, last + 1):
        books.append(7, record(seq, "x" * 3000))
        books.settle()


def wal_bytes(path: Path) -> int:
    return path.with_name("journal.db-wal").stat().st_size


def test_the_log_is_used_again_after_a_checkpoint(
    books: Books, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "DUE_PAGES", 50)
    write(books, 1, 20)
    grown = wal_bytes(path)
    write(books, 21, 100)
    assert wal_bytes(path) < 2 * grown
    assert books.journal.stats().checkpoints >= 10


def test_past_the_ceiling_a_reader_is_waited_for_and_no_longer(
    books: Books, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "DUE_PAGES", 50)
    monkeypatch.setattr(checkpoints, "CEILING_PAGES", 100)
    monkeypatch.setattr(checkpoints, "RESTART_MS", 1)
    with forgotten_reader(path):
        write(books, 1, 60)
        assert books.journal.stats().wal_pages > 100
    write(books, 61, 80)
    assert books.journal.stats().wal_pages <= 100
