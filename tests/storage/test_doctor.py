"""Each kind of damage is planted, and found; a healthy journal has none."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import doctor
from storage.doctor import Finding, Problem, examine, traces
from storage.records import SnapshotRow, StartRow
from tests.faults.disk import scribble, truncate
from tests.storage.books import Books, record, ticket

KINDS = {"msg", "note"}


@pytest.fixture
def journal(path: Path) -> Path:
    """A stopped journal with two chats of three events, one of which is no message."""
    books = Books(path, inline=True)
    for stream in (1, 2):
        books.append(
            stream,
            record(1),
            record(2, None, kind="read"),
            record(3, kind="note"),
            ticket=ticket(stream, 3),
            start=StartRow("default", f"profile-{stream}", "s", stream),
            snapshot=SnapshotRow(stream, 2, 1, 0, b"state"),
        )
    books.settle()
    books.close()
    return path


def test_a_healthy_journal_is_well(journal: Path) -> None:
    assert examine(journal, KINDS) == []


def test_a_journal_in_use_is_examined_too(path: Path) -> None:
    books = Books(path)
    books.append(1, record(1), ticket=ticket(1, 1))
    books.settle()
    assert examine(path, KINDS) == []
    books.close()


@pytest.mark.parametrize(
    ("damage", "problem", "where"),
    [
        (
            "DELETE FROM event WHERE stream = 1 AND seq = 2",
            Problem.GAP,
            "stream 1: 2 events from 1 to 3",
        ),
        (
            "UPDATE event SET prev = 3 WHERE stream = 2 AND seq = 3",
            Problem.PREV,
            "stream 2 seq 3: prev 3",
        ),
        (
            "UPDATE event SET gseq = 99 WHERE stream = 1 AND seq = 2",
            Problem.ORDER,
            "stream 1 seq 3",
        ),
        (
            "UPDATE ticket SET seq = 2 WHERE stream = 1",
            Problem.TICKET,
            "stream 1: ticket 2, events 3",
        ),
        (
            "UPDATE ticket SET stream = 77 WHERE stream = 1",
            Problem.TICKET,
            "stream 77: ticket 3, events 0",
        ),
        (
            "DELETE FROM message WHERE stream = 1 AND seq = 3",
            Problem.MESSAGE_MISSING,
            "stream 1 seq 3",
        ),
        (
            "UPDATE message SET by = 'agent:eve' WHERE stream = 1 AND seq = 3",
            Problem.MESSAGE_WRONG,
            "stream 1 seq 3",
        ),
        (
            "INSERT INTO message VALUES (2, 1, 2, 1002, 'shopper:p', 'no message')",
            Problem.MESSAGE_WRONG,
            "stream 1 seq 2",
        ),
        (
            "INSERT INTO message VALUES (99, 1, 9, 1, 'agent:eve', 'from nowhere')",
            Problem.MESSAGE_WRONG,
            "stream 1 seq 9",
        ),
        (
            "UPDATE snapshot SET seq = 4 WHERE stream = 2",
            Problem.SNAPSHOT,
            "stream 2 seq 4",
        ),
        (
            "UPDATE start SET stream = 78 WHERE stream = 2",
            Problem.START,
            "default profile-2 s: stream 78",
        ),
        (
            "INSERT INTO key VALUES ('k', 'nowhere', 'shop', 'HS256', x'00', 1, NULL)",
            Problem.DANGLING,
            "key row None to site",
        ),
    ],
)
def test_planted_damage_is_found_and_nothing_else(
    journal: Path, damage: str, problem: Problem, where: str
) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        assert connection.execute(damage).rowcount == 1
    found = examine(journal, KINDS)
    assert Finding(problem, where) in found
    # A broken rule may break a second one, and SQLite's own check of the table's.
    others = {finding.problem for finding in found} - {problem}
    assert others <= {
        Problem.DAMAGED,
        Problem.EVENT,
        Problem.MESSAGE_WRONG,
        Problem.ORDER,
    }


def test_an_index_that_lost_a_row_is_found(journal: Path) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'ticket_held'")
        connection.execute("PRAGMA writable_schema=RESET")
        connection.execute("DELETE FROM ticket WHERE stream = 1")
    assert Problem.DAMAGED in {finding.problem for finding in examine(journal, KINDS)}


def test_a_scribbled_page_is_found(journal: Path) -> None:
    pages = journal.stat().st_size // 4096
    for page in range(3, pages):
        scribble(journal, page)
    problems = {finding.problem for finding in examine(journal, KINDS)}
    assert problems & {Problem.DAMAGED, Problem.UNREADABLE}


def test_a_file_that_is_no_database_is_unreadable(journal: Path) -> None:
    scribble(journal, 1)
    (found,) = examine(journal, KINDS)
    assert found.problem is Problem.UNREADABLE
    assert "not a database" in found.where


def test_a_truncated_file_is_unreadable(journal: Path) -> None:
    truncate(journal, 4)
    problems = {finding.problem for finding in examine(journal, KINDS)}
    assert problems <= {Problem.DAMAGED, Problem.UNREADABLE}
    assert problems


def test_a_missing_file_is_not_made(path: Path) -> None:
    (found,) = examine(path, KINDS)
    assert found.problem is Problem.UNREADABLE
    assert not path.exists()


def test_findings_of_one_kind_are_bounded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "MOST", 3)
    books = Books(path, inline=True)
    for stream in range(10):
        books.append(stream, record(1), ticket=ticket(stream, 5))
    books.settle()
    books.close()
    assert [one.problem for one in examine(path, KINDS)] == [Problem.TICKET] * 3


def test_examining_writes_nothing(journal: Path) -> None:
    before = journal.read_bytes()
    examine(journal, KINDS)
    assert journal.read_bytes() == before


def test_a_trace_is_found_across_the_pieces_that_are_read(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHUNK", 7)
    assert traces(journal, b"profile-1") == [journal]
    assert traces(journal, b"profile-3") == []


def test_a_schema_that_is_no_text_is_said(journal: Path) -> None:
    data = journal.read_bytes()
    assert data.count(b"CREATE TABLE event(") == 1
    journal.write_bytes(data.replace(b"CREATE TABLE event(", b"CREATE TABLE \xc5vent("))
    assert Problem.UNREADABLE in {each.problem for each in examine(journal, KINDS)}
