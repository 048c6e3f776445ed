"""A copy is whole, checked, private, and a journal of its own."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import backup as backup_module
from storage import doctor, meta, queries
from storage.backup import back_up
from storage.errors import BackupFailed
from storage.schema import open_reader, open_writer
from tests.faults.disk import scribble_last
from tests.storage.books import Books, record, ticket


def write(books: Books, first: int, last: int) -> None:
    for seq in range(first, last + 1):
        books.append(7, record(seq, "x" * 1000), ticket=ticket(7, seq))


def seqs(path: Path) -> list[int]:
    with closing(open_reader(path)) as connection:
        return [one.seq for one in queries.page(connection, 7, after=0, limit=100_000)]


def test_a_copy_made_under_writes_is_a_whole_journal(
    books: Books, tmp_path: Path, path: Path
) -> None:
    target = tmp_path / "copy.db"
    write(books, 1, 200)
    books.settle()
    write(books, 201, 2000)  # On threads these go on during the copy.
    back_up(path, target)
    books.settle()
    copied = seqs(target)
    assert copied == list(range(1, len(copied) + 1))
    assert len(copied) >= 200
    assert doctor.examine(target, {"msg"}) == []
    assert not any(append.failed for append in books.outcomes)


def test_a_copy_of_a_stopped_journal_has_everything(
    books: Books, tmp_path: Path, path: Path
) -> None:
    write(books, 1, 10)
    books.settle()
    books.close()
    back_up(path, tmp_path / "copy.db")
    assert seqs(tmp_path / "copy.db") == list(range(1, 11))


def test_a_restored_copy_gets_an_epoch_of_its_own(
    books: Books, tmp_path: Path, path: Path
) -> None:
    target = tmp_path / "copy.db"
    back_up(path, target)
    with closing(sqlite3.connect(target)) as connection:
        assert meta.epoch(connection) == ""
    with closing(open_writer(target)) as connection:
        assert meta.epoch(connection) not in {"", books.journal.epoch}
    assert books.ask(meta.epoch) == books.journal.epoch


def test_a_copy_is_private_and_nothing_else_is_left(
    books: Books, tmp_path: Path, path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for _ in range(2):
        back_up(path, folder / "copy.db")
    (copy,) = folder.iterdir()
    assert copy.stat().st_mode & 0o777 == 0o600
    write(books, 1, 1)


def test_a_failed_copy_leaves_the_older_one(
    books: Books, tmp_path: Path, path: Path
) -> None:
    target = tmp_path / "copy.db"
    write(books, 1, 100)
    books.settle()
    back_up(path, target)
    books.close()
    scribble_last(path, 4)
    with pytest.raises(BackupFailed, match="malformed"):
        back_up(path, target)
    assert seqs(target) == list(range(1, 101))
    assert list(tmp_path.glob("*partial*")) == []


def test_a_damaged_copy_is_not_kept(
    books: Books, tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_and_break(journal: Path, copy: Path) -> None:
        really(journal, copy)
        scribble_last(copy, 4)

    really = backup_module.copy_whole
    monkeypatch.setattr(backup_module, "copy_whole", copy_and_break)
    write(books, 1, 100)
    books.settle()
    with pytest.raises(BackupFailed, match=r"damaged|malformed"):
        back_up(path, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_place_where_nobody_may_write_is_named(
    books: Books, tmp_path: Path, path: Path
) -> None:
    books.settle()
    with pytest.raises(BackupFailed, match="Check the room"):
        back_up(path, tmp_path / "nowhere" / "copy.db")
