"""What is not as it was written is not believed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from actors.codec import UnreadableRecordError, from_record
from storage import queries
from storage.doctor import Problem, examine
from storage.records import DAMAGED
from tests.storage.books import Books, record, ticket

COLUMNS = ("seq", "prev", "at", "kind", "by", "id", "ver", "body", "sum")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with closing(Books(path)) as books:
        for seq in (1, 2, 3):
            books.append(1, record(seq), ticket=ticket(1, seq))
        books.settle()
    return path


def read(journal: Path) -> list[int]:
    """Return the versions of what is read."""
    with closing(sqlite3.connect(journal)) as db:
        return [each.ver for each in queries.page(db, 1, 0)]


def change(journal: Path, sql: str) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints=ON")
        assert db.execute(sql).rowcount == 1


def test_what_is_as_it_was_written_is_read(journal: Path) -> None:
    assert read(journal) == [1, 1, 1]
    assert examine(journal, {"msg"}) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_in_any_column_is_found(journal: Path, column: str) -> None:
    changed = {
        "body": "CAST(substr(body, 1, 2) || '#' || substr(body, 4) AS BLOB)",
        "kind": "'note'",
        "by": "'shopper:q'",
        "id": "'other'",
    }.get(column, f"{column} + 8")
    change(journal, f"UPDATE event SET {column} = {changed} WHERE seq = 3")  # noqa: S608 - ours
    assert read(journal) == [1, 1, DAMAGED]
    assert Problem.EVENT in {each.problem for each in examine(journal, {"msg"})}


def test_what_was_written_without_a_sum_is_taken_as_it_is(journal: Path) -> None:
    change(journal, "UPDATE event SET sum = NULL, at = 7 WHERE seq = 3")
    assert read(journal) == [1, 1, 1]


def test_nobody_makes_an_event_of_what_is_damaged(journal: Path) -> None:
    change(journal, "UPDATE event SET at = at + 1 WHERE seq = 2")
    with closing(sqlite3.connect(journal)) as db:
        damaged = queries.page(db, 1, 1)[0]
    with pytest.raises(UnreadableRecordError, match="not as it was written at 2"):
        from_record(damaged)
