"""What is put into the journal, and what comes back; on threads and inline."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from storage import journal as journal_module
from storage import queries, reader
from storage.errors import JournalBroken, Unstorable
from storage.records import (
    Append,
    Lane,
    Query,
    ReadRow,
    Record,
    SnapshotRow,
    StartRow,
    TicketRow,
)
from tests.faults.disk import scribble_last
from tests.storage.books import Books, record, ticket

HUGE = 2**63


def test_a_record_is_read_back_as_it_was(books: Books) -> None:
    text = "zażółć 👩‍👩‍👧 gęślą"
    written = Record(
        seq=1,
        prev=0,
        at=1_763_800_000_000,
        kind="note",
        by="agent:ann",
        id="01JD",
        body=bytes(range(256)),
        text=text,
        ver=3,
    )
    append = books.append(7, written)
    found = books.ask(lambda connection: queries.record(connection, 7, 1))
    assert not append.failed
    assert found is not None
    # The text stands in the body; the message table has it for searching.
    assert found.text is None
    assert found.body == written.body
    assert (found.seq, found.prev, found.at, found.kind) == (1, 0, written.at, "note")
    assert (found.by, found.id, found.ver) == ("agent:ann", "01JD", 3)
    assert books.rows("SELECT gseq, stream, seq, at, by, text FROM message") == [
        (1, 7, 1, written.at, "agent:ann", text)
    ]


def test_an_append_brings_its_ticket_start_and_snapshot(books: Books) -> None:
    row, start = ticket(7, 1), StartRow("default", "profile-7", "s", 7)
    snapshot = SnapshotRow(7, 1, 2, 1_001, b"state")
    books.append(7, record(1), ticket=row, start=start, snapshot=snapshot)
    loaded = books.ask(lambda connection: queries.load(connection, 7))
    assert loaded == (snapshot, [], row)
    assert books.rows("SELECT * FROM start") == [tuple(start)]


def test_a_snapshot_replaces_the_one_before_it(books: Books) -> None:
    books.append(7, record(1), record(2), record(3))
    for seq in (1, 2):
        books.append(7, snapshot=SnapshotRow(7, seq, 1, 0, b"state %d" % seq))
    loaded = books.ask(lambda connection: queries.load(connection, 7))
    assert loaded.snapshot == SnapshotRow(7, 2, 1, 0, b"state 2")
    assert [one.seq for one in loaded.records] == [3]


def test_a_page_has_what_follows_and_no_more_than_its_limit(books: Books) -> None:
    books.append(7, *(record(seq) for seq in range(1, 11)))
    books.settle()
    pages: list[list[Record]] = []
    books.journal.read(7, 3, pages.append, limit=4)
    books.journal.read(7, 8, pages.append)
    books.journal.read(8, 0, pages.append)
    books.settle()
    assert [[one.seq for one in page] for page in pages] == [[4, 5, 6, 7], [9, 10], []]


def test_outcomes_come_in_the_order_of_appending(books: Books) -> None:
    heads = {1: 0, 2: 0}
    appends: list[Append] = []
    for number in range(60):
        stream = 1 + number % 2
        if number % 3:
            heads[stream] += 1
            appends.append(books.append(stream, record(heads[stream])))
        else:
            appends.append(books.append(stream))
    books.settle()
    assert [id(append) for append in books.outcomes] == [id(a) for a in appends]


def test_a_ticket_row_is_the_newest_of_its_batch(books: Books) -> None:
    for seq in range(1, 6):
        books.append(7, record(seq), ticket=ticket(7, seq))
    assert books.ask(lambda found: queries.ticket(found, 7)) == ticket(7, 5)


THIRD = ticket(7, 3)


@pytest.mark.parametrize(
    "row",
    [
        THIRD._replace(preview="other"),
        THIRD._replace(due=99),
        THIRD._replace(waiting_since=None),
        THIRD._replace(assignee="ann"),
        THIRD._replace(team="sales"),
        THIRD._replace(status="snoozed", until=77),
        THIRD._replace(status="closed", closed_at=88),
        THIRD._replace(closed_at=88),
        THIRD._replace(control="bot"),
        THIRD._replace(profile="another"),
        THIRD._replace(shopper_said=3, said_by="shopper:p"),
        THIRD._replace(missed=2),
    ],
)
def test_whatever_changes_in_a_ticket_is_written(books: Books, row: TicketRow) -> None:
    for seq in (1, 2):
        books.append(7, record(seq), ticket=ticket(7, seq))
        books.settle()
    books.append(7, record(3), ticket=row)
    assert books.ask(lambda found: queries.ticket(found, 7)) == row


def test_how_far_agents_have_read_is_kept_with_the_events(books: Books) -> None:
    lane = Lane()
    for seq, agent in ((1, "ann"), (2, "ben"), (4, "ann")):
        append = Append(7, (record(seq),), lane, books, reads=(ReadRow(7, agent, seq),))
        books.journal.append(append)
        if seq == 2:
            append = Append(7, (record(3),), lane, books)
            books.journal.append(append)
    found = books.rows("SELECT agent, read, marked FROM reading WHERE stream = 7")
    assert sorted(found) == [("ann", 4, 0), ("ben", 2, 0)]


def test_a_ticket_changed_outside_its_chat_is_not_taken_for_known(
    books: Books,
) -> None:
    books.append(7, record(1), ticket=ticket(7, 1))
    books.settle()
    books.change(lambda db: db.execute("UPDATE ticket SET profile = 'other'").rowcount)
    books.append(7, record(2), ticket=ticket(7, 2))
    assert books.ask(lambda found: queries.ticket(found, 7)) == ticket(7, 2)


def test_a_change_that_leaves_the_lists_alone_leaves_what_is_known_of_them(
    books: Books,
) -> None:
    books.append(7, record(1), ticket=ticket(7, 1))
    books.settle()
    # It lies, which shows that the next row is still written as a move.
    lie = "UPDATE ticket SET profile = 'other'"
    books.change(lambda db: db.execute(lie).rowcount, lists=False)
    books.append(7, record(2), ticket=ticket(7, 2))
    found = books.ask(lambda db: queries.ticket(db, 7))
    assert found == ticket(7, 2)._replace(profile="other")


@pytest.mark.parametrize(
    "bad",
    [
        record(1, "a\0b"),
        record(1, "a\ud800b"),
        record(1, kind="no\0ne"),
        record(HUGE),
        record(-1),
    ],
)
def test_what_sqlite_cannot_keep_is_refused_before_it_is_queued(
    books: Books, bad: Record
) -> None:
    with pytest.raises(Unstorable):
        books.append(7, bad)
    assert books.journal.unsettled == 0


@pytest.mark.parametrize(
    "row",
    [
        THIRD._replace(preview="\0"),
        THIRD._replace(preview="\udfff"),
        THIRD._replace(due=HUGE),
    ],
)
def test_a_ticket_row_that_cannot_be_kept_is_refused_too(
    books: Books, row: TicketRow
) -> None:
    with pytest.raises(Unstorable):
        books.append(7, record(1), ticket=row)


def test_a_stream_beyond_64_bits_is_refused(books: Books) -> None:
    with pytest.raises(Unstorable):
        books.append(HUGE, record(1))


def test_it_is_full_at_its_bound_and_not_when_it_has_settled(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "CAPACITY", 3)
    for seq in (1, 2, 3):
        assert not books.journal.full
        books.append(7, record(seq))
    assert books.journal.full
    assert books.journal.unsettled == 3
    books.settle()
    assert not books.journal.full


def test_settling_says_whether_anything_was_settled(books: Books) -> None:
    assert not books.journal.settle()
    books.append(7, record(1))
    assert books.woken.wait(5)
    assert books.journal.settle()
    assert not books.journal.settle()


def test_an_owners_bug_leaves_the_others_for_the_next_call(books: Books) -> None:
    class Buggy(Exception):
        pass

    class Bug:
        def settled(self, append: Append) -> None:
            raise Buggy(append)

    first = books.append(7, record(1))
    books.journal.append(Append(8, (record(1),), first.lane, Bug()))
    books.append(9, record(1))
    with pytest.raises(Buggy):
        books.settle()
    books.settle()
    assert [append.stream for append in books.outcomes] == [7, 9]


def test_the_figures_count_what_was_done(books: Books) -> None:
    for seq in range(1, 11):
        books.append(7, record(seq), ticket=ticket(7, seq))
    books.append(7)
    books.settle()
    stats = books.journal.stats()
    assert stats.items == 11
    # Ten events, ten messages, and at most as many ticket rows as commits.
    assert 20 < stats.rows <= 20 + stats.commits
    assert 1 <= stats.commits <= 10
    assert 1 <= stats.largest_batch <= 11
    assert stats.commit_s >= stats.last_commit_s > 0
    assert (stats.refused, stats.retried) == (0, 0)


def test_a_query_sees_one_moment(books: Books, path: Path) -> None:
    def count_twice(connection: sqlite3.Connection) -> list[object]:
        counts: list[object] = []
        for seq in (1, 2):
            counts += connection.execute("SELECT count(*) FROM event").fetchone()
            other.execute(insert, (seq, seq))
        return counts

    insert = "INSERT INTO event VALUES (?, 1, ?, 0, 0, '', '', '', 1, x'', NULL)"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    with closing(other):
        assert books.ask(count_twice) == [0, 0]
    assert books.rows("SELECT count(*) FROM event") == [(2,)]


def test_a_querys_error_leaves_settle_unless_it_is_expected(books: Books) -> None:
    errors: list[Exception] = []
    books.journal.query(Query(_fail, print, errors.append))
    books.settle()
    assert [type(error) for error in errors] == [ZeroDivisionError]
    books.journal.query(Query(_fail, print))
    with pytest.raises(ZeroDivisionError):
        books.settle()
    assert books.journal.unsettled == 0


def _fail(_connection: sqlite3.Connection) -> object:
    raise ZeroDivisionError


def test_a_query_without_end_is_interrupted(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT count(*) FROM n"""
    monkeypatch.setattr(reader, "QUERY_S", 0)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        books.rows(endless)
    monkeypatch.undo()
    assert books.rows("SELECT 1") == [(1,)]


def test_a_query_cannot_write(books: Books) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        books.rows("DELETE FROM event")


def test_a_damaged_page_met_by_a_query_ends_the_journal(
    books: Books, path: Path
) -> None:
    books.append(7, *(record(seq, "x" * 2000) for seq in range(1, 60)))
    books.settle()
    books.close()
    scribble_last(path, 10)
    damaged = Books(path)
    with pytest.raises(JournalBroken, match="start again"):
        damaged.rows("SELECT sum(length(text)) FROM message")
    damaged.close()


def test_stopping_writes_what_was_queued_and_leaves_one_file(
    books: Books, path: Path
) -> None:
    for seq in range(1, 600):
        books.append(7, record(seq))
    books.journal.stop()
    books.journal.settle()
    assert [append.failed for append in books.outcomes] == [False] * 599
    assert [file.name for file in path.parent.iterdir()] == ["journal.db"]


def test_stopping_twice_is_stopping_once(books: Books) -> None:
    books.journal.stop()
    books.journal.stop()


def test_a_journal_that_was_never_started_can_be_stopped(path: Path) -> None:
    journal_module.Journal(path, lambda: None).stop()


def test_the_epoch_is_made_with_the_journal_and_stays(path: Path) -> None:
    epochs: list[str] = []
    for fresh in ("first", "second", None):
        opened = journal_module.Journal(path, lambda: None, epoch=fresh)
        epochs.append(opened.epoch)
        opened.stop()
    assert epochs == ["first"] * 3


def test_two_journals_without_a_given_epoch_differ(tmp_path: Path) -> None:
    epochs: set[str] = set()
    for name in ("a", "b"):
        opened = journal_module.Journal(tmp_path / name, lambda: None)
        epochs.add(opened.epoch)
        opened.stop()
    assert len(epochs) == 2


@pytest.mark.slow
def test_twenty_thousand_appends_are_there_when_opened_again(
    books: Books, path: Path
) -> None:
    streams = range(1, 201)
    for seq in range(1, 101):
        for stream in streams:
            row = ticket(stream, seq)
            books.append(stream, record(seq, f"{stream} {seq}"), ticket=row)
        books.settle()
    assert not any(append.failed for append in books.outcomes)
    books.close()
    again = Books(path)
    assert again.rows("SELECT count(*), min(gseq), max(gseq) FROM event") == [
        (20_000, 1, 20_000)
    ]
    for stream in streams:
        loaded = again.ask(partial(queries.load, stream=stream))
        assert [one.seq for one in loaded.records] == list(range(1, 101))
        assert loaded.records[56].body == b"body %d 57" % stream
        assert loaded.ticket == ticket(stream, 100)
    again.close()
