"""What a disk does to a journal: full, locked, read-only, failing."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import queries
from storage.errors import JournalBroken, Unwritable
from storage.records import Append, Change, Lane
from storage.schema import open_writer
from storage.writer import PROBE, Writer
from tests.faults.disk import (
    Failing,
    failing_statement,
    full_disk,
    locked_by_a_tool,
    read_only_disk,
)
from tests.storage.books import Books, record, ticket

LONG = "x" * 8000


def test_a_full_disk_refuses_everything_and_recovers_by_itself(books: Books) -> None:
    books.append(7, record(1))
    with full_disk(books.journal):
        lane = Lane()
        bad = [books.append(7, record(seq, LONG), lane=lane) for seq in range(2, 60)]
        change = books.change(lambda db: db.execute("SELECT 1").fetchone())
        books.settle()
        assert bad[-1].failed
        assert lane.broken
        assert not books.journal.writable
        # Reads go on.
        page = books.ask(lambda connection: queries.page(connection, 7, after=0))
    again = [append for append in bad if append.failed]
    first = again[0].records[0].seq
    assert [one.seq for one in page] == list(range(1, first))
    after = books.append(7, record(first, LONG))
    books.settle()
    assert not after.failed
    assert books.journal.writable
    assert change.error is None or isinstance(change.error, Unwritable)


def test_on_a_full_disk_a_barrier_without_followers_still_settles_well(
    books: Books,
) -> None:
    with full_disk(books.journal):
        barrier = books.append(8)
        refused = books.append(7, *(record(seq, LONG) for seq in range(1, 60)))
        behind = books.append(7, lane=refused.lane)
        books.settle()
    assert refused.failed
    assert behind.failed
    assert not barrier.failed


def test_nothing_but_a_written_row_proves_that_the_disk_has_room(
    books: Books,
) -> None:
    with full_disk(books.journal):
        refused = books.append(7, *(record(seq, LONG) for seq in range(1, 60)))
        books.settle()
        books.append(7, record(60), lane=refused.lane)
        books.append(8)
        books.settle()
        assert not books.journal.writable


def test_a_tool_that_holds_the_lock_delays_then_refuses(
    books: Books, path: Path
) -> None:
    with locked_by_a_tool(books.journal, path):
        refused = books.append(7, record(1))
        change = books.change(lambda db: db.execute("SELECT 1").fetchone())
        books.settle()
        assert refused.failed
        assert isinstance(change.error, Unwritable)
        assert "locked" in str(change.error)
    after = books.append(7, record(1))
    books.settle()
    assert not after.failed


def test_a_read_only_disk_ends_the_journal(books: Books) -> None:
    before = books.append(7, record(1))
    books.settle()
    with read_only_disk(books.journal):
        doomed = books.append(7, record(2))
        with pytest.raises(JournalBroken, match="readonly"):
            books.settle()
        # For good, and nobody is told an outcome that is not known.
        with pytest.raises(JournalBroken):
            books.journal.settle()
    assert books.outcomes == [before]
    assert not doomed.failed


class Desk:
    """A writer without a thread, on a connection that can be made to fail."""

    def __init__(self, path: Path) -> None:
        real = open_writer(path)
        self.connection = Failing(real)
        self.settled_appends: list[Append] = []
        self.items: list[Append | Change] = []
        self.writer = Writer(
            self.connection,
            Database(real, execute_plugins=False),
            lambda: None,
            path=path,
            inline=True,
        )

    def settled(self, append: Append) -> None:
        """Belong to the appends."""

    def append(self, seq: int) -> Append:
        append = Append(7, (record(seq),), Lane(), self)
        append.ticket = ticket(7, seq)
        self.writer.put(append)
        return append

    def settle(self) -> None:
        self.writer.settle(self.items.append)


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    made = Desk(path)
    yield made
    made.writer.stop()


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
@pytest.mark.parametrize(
    "name",
    ["SQLITE_IOERR_FSYNC", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN"],
)
def test_a_failing_disk_stops_the_writer_for_good(
    desk: Desk, statement: str, name: str
) -> None:
    with failing_statement(desk.connection, statement, name):
        desk.append(1)
        desk.settle()
    assert isinstance(desk.writer.error, sqlite3.OperationalError)
    assert desk.items == []
    # A failed sync is not tried again: the next one would say that all is well.
    desk.append(1)
    desk.settle()
    assert desk.items == []


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
@pytest.mark.parametrize(
    "name", ["SQLITE_FULL", "SQLITE_BUSY_SNAPSHOT", "SQLITE_IOERR_SHMSIZE"]
)
def test_a_passing_trouble_refuses_the_batch_alone(
    desk: Desk, statement: str, name: str
) -> None:
    with failing_statement(desk.connection, statement, name):
        refused = desk.append(1)
        desk.settle()
        assert not desk.writer.writable
    accepted = desk.append(1)
    desk.settle()
    assert (refused.failed, accepted.failed) == (True, False)
    assert desk.writer.writable
    assert desk.writer.stats().refused == 1


def test_a_commit_that_fails_in_both_passes_refuses_the_batch(desk: Desk) -> None:
    with failing_statement(desk.connection, "COMMIT", "SQLITE_ABORT"):
        refused = desk.append(1)
        desk.settle()
    assert refused.failed
    assert desk.writer.stats().retried == 1


def test_an_idle_writer_finds_out_by_itself_that_there_is_room_again(
    desk: Desk,
) -> None:
    with failing_statement(desk.connection, "COMMIT", "SQLITE_FULL"):
        desk.append(1)
        desk.settle()
        desk.writer.idle()
        assert not desk.writer.writable
    assert desk.writer.patience() is not None
    desk.writer.idle()
    assert desk.writer.writable


def test_a_probe_on_a_failing_disk_is_as_fatal_as_a_commit(desk: Desk) -> None:
    with failing_statement(desk.connection, "COMMIT", "SQLITE_FULL"):
        desk.append(1)
        desk.settle()
    with (
        failing_statement(desk.connection, PROBE, "SQLITE_IOERR_WRITE"),
        pytest.raises(sqlite3.OperationalError, match="planted"),
    ):
        desk.writer.idle()


def test_an_idle_writer_checkpoints_once(desk: Desk) -> None:
    # A crash may have left something to do.
    assert desk.writer.patience() is not None
    for seq in (1, 2):
        desk.append(seq)
        desk.settle()
        assert desk.writer.patience() is not None
        desk.writer.idle()
        assert desk.writer.stats().checkpoints == seq
        assert desk.writer.patience() is None


CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


def test_a_checkpoint_that_finds_no_room_is_put_off(desk: Desk) -> None:
    desk.append(1)
    desk.settle()
    with failing_statement(desk.connection, CHECKPOINT, "SQLITE_FULL"):
        desk.writer.idle()
    assert desk.writer.stats().checkpoints == 0
    assert desk.writer.error is None


def test_a_checkpoint_on_a_failing_disk_stops_the_writer(desk: Desk) -> None:
    desk.append(1)
    desk.settle()
    with (
        failing_statement(desk.connection, CHECKPOINT, "SQLITE_IOERR_FSYNC"),
        pytest.raises(sqlite3.OperationalError, match="planted"),
    ):
        desk.writer.idle()
