"""Writes other than appends: each in a savepoint of its own, in the same batches."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from storage import accounts, doctor
from storage.accounts import Site
from storage.records import Change
from tests.faults.disk import poisoned_text
from tests.storage.books import Books, record, ticket

SHOP = Site("shop", "Shop", 1)


def _erase(db: Database) -> None:
    db.execute("UPDATE message SET text = ''")
    db.execute("UPDATE event SET body = x''")


def test_a_change_gives_its_result_when_it_is_durable(books: Books) -> None:
    change = books.change(lambda db: accounts.add_site(db, SHOP))
    assert books.ask(accounts.sites) == [SHOP]
    assert (change.result, change.error) == (True, None)


def test_a_failed_change_leaves_nothing_and_harms_nobody(books: Books) -> None:
    def half(db: Database) -> None:
        accounts.add_site(db, SHOP)
        raise ZeroDivisionError

    before = books.append(7, record(1))
    change = books.change(half)
    after = books.append(7, record(2))
    assert books.ask(accounts.sites) == []
    assert isinstance(change.error, ZeroDivisionError)
    assert not before.failed
    assert not after.failed


def test_changes_and_appends_keep_their_order(books: Books) -> None:
    def count(db: Database) -> int:
        (events,) = db.execute("SELECT count(*) FROM event").fetchone()
        assert isinstance(events, int)
        return events

    counts: list[Change] = []
    for seq in range(1, 6):
        counts.append(books.change(count))
        books.append(7, record(seq), ticket=ticket(7, seq))
    books.settle()
    assert [change.result for change in counts] == [0, 1, 2, 3, 4]


def test_a_change_beside_a_poisoned_append_is_made_once(
    books: Books, path: Path
) -> None:
    accounts_made: list[bool] = []

    def add(db: Database) -> bool:
        accounts_made.append(accounts.add_site(db, SHOP))
        return accounts_made[-1]

    with poisoned_text(path, "poison"):
        change = books.change(add)
        bad = books.append(7, record(1, "poison"))
        books.settle()
    assert bad.failed
    # Executed once more if both shared a batch, and each time on a clean table.
    assert set(accounts_made) == {True}
    assert change.result is True
    assert books.ask(accounts.sites) == [SHOP]


def test_sqlite_utils_methods_work_inside_a_change(books: Books) -> None:
    def insert(db: Database) -> int:
        table = db.table("site")
        table.insert({"id": "a", "name": "A", "created_at": 1})
        table.upsert({"id": "a", "name": "B", "created_at": 1}, pk="id")
        with db.atomic():
            table.insert({"id": "c", "name": "C", "created_at": 2})
        return table.count

    change = books.change(insert)
    assert books.ask(accounts.sites) == [Site("a", "B", 1), Site("c", "C", 2)]
    assert change.result == 2


def test_a_change_that_commits_is_refused_and_the_journal_lives(
    books: Books,
) -> None:
    def commit(db: Database) -> None:
        db.conn.execute("COMMIT")

    change = books.change(commit)
    books.settle()
    after = books.append(7, record(1))
    books.settle()
    assert change.error is not None
    assert not after.failed


def test_what_a_scrubbing_change_overwrote_is_nowhere(books: Books, path: Path) -> None:
    books.append(7, record(1, "a very private thing"))
    books.settle()
    assert doctor.traces(path, b"very private") != []
    books.change(_erase)
    books.settle()
    # The old pages still stand in the WAL.
    assert doctor.traces(path, b"very private") != []
    books.change(_erase, scrub=True)
    books.settle()
    assert doctor.traces(path, b"very private") == []


def test_a_scrub_waits_for_a_reader_in_its_way(books: Books, path: Path) -> None:
    books.append(7, record(1, "a very private thing"))
    books.settle()
    books.change(lambda db: db.execute("PRAGMA busy_timeout=1").fetchone())
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM message").fetchone() == (1,)
    books.change(_erase, scrub=True)
    books.settle()
    assert doctor.traces(path, b"very private") != []
    reader.close()
    books.append(8, record(1))
    books.settle()
    assert doctor.traces(path, b"very private") == []
