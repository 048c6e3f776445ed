"""What is to leave the process: lines, attempts, and the end."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from storage import outgoing
from storage.outgoing import KEPT_MS, Delivery
from storage.records import Append, Lane, OutgoingRow
from tests.storage.books import Books, record


@pytest.fixture
def books(path: Path) -> Iterator[Books]:
    made = Books(path, inline=True)
    yield made
    made.close()


def write(books: Books, key: str, line: str = "a", kind: str = "sms") -> Append:
    row = OutgoingRow(key, kind, "default", line, "{}", 1000)
    stream = abs(hash(key)) >> 2
    append = Append(stream, (record(1),), Lane(), books, outgoing=(row,))
    books.journal.append(append)
    books.settle()
    return append


def due(books: Books, now: int = 1000, limit: int = 10) -> list[str]:
    return [d.key for d in look(books, now, limit).now]


def look(books: Books, now: int = 1000, limit: int = 10) -> outgoing.Due:
    find = partial(outgoing.due, kind="sms", now=now, limit=limit)
    return books.ask(find)


def first(books: Books, now: int = 1000) -> Delivery:
    return look(books, now).now[0]


def test_a_row_is_due_at_once_and_its_line_waits_behind_it(books: Books) -> None:
    for key, line in (("1", "a"), ("2", "a"), ("3", "b"), ("4", "a")):
        write(books, key, line)
    write(books, "5", kind="mail", line="m")
    assert due(books) == ["1", "3"]
    assert look(books).pending == 4
    assert due(books, limit=1) == ["1"]
    assert due(books, now=999) == []


def test_the_next_of_a_line_is_due_when_the_one_before_it_is_over(
    books: Books,
) -> None:
    for key in ("1", "2", "3"):
        write(books, key)
    id_ = first(books).id
    books.change(partial(outgoing.postpone, id_=id_, error="busy", until=5000))
    assert look(books) == outgoing.Due([], 5000, 3)
    again = first(books, 5000)
    assert (again.key, again.attempts, again.error) == ("1", 1, "busy")
    books.change(partial(outgoing.finish, id_=id_, now=5000))
    found = look(books, 5000).now
    # The first one, too: somebody has to be told.
    assert [(d.key, d.state) for d in found] == [("1", "done"), ("2", "pending")]
    books.change(partial(outgoing.forget, id_=id_, now=5000))
    assert due(books, 5000) == ["2"]


def test_what_was_given_up_stays_for_a_month(books: Books) -> None:
    write(books, "1")
    id_ = first(books).id
    over = partial(outgoing.finish, id_=id_, now=2000, error="no such number")
    books.change(over)
    dead = first(books, 2000)
    assert (dead.state, dead.error) == ("dead", "no such number")
    books.change(partial(outgoing.forget, id_=id_, now=2000))
    assert due(books, 10**15) == []
    kept = partial(outgoing.waiting, limit=10)
    assert [d.key for d in books.ask(kept)] == ["1"]
    write(books, "2")
    other = first(books).id
    books.change(partial(outgoing.finish, id_=other, now=2000))
    books.change(partial(outgoing.forget, id_=other, now=1001 + KEPT_MS))
    assert books.ask(kept) == []


def test_the_end_comes_once(books: Books) -> None:
    write(books, "1")
    write(books, "2")
    id_ = first(books).id
    for _ in range(2):
        books.change(partial(outgoing.finish, id_=id_, now=1000))
    books.change(partial(outgoing.finish, id_=id_, now=1000, error="late"))
    books.change(partial(outgoing.postpone, id_=id_, error="late", until=9000))
    assert [(d.key, d.state) for d in look(books).now] == [
        ("1", "done"),
        ("2", "pending"),
    ]


def test_a_row_of_the_same_key_fails_with_the_events_that_cause_it(
    books: Books,
) -> None:
    write(books, "1")
    row = OutgoingRow("1", "sms", "default", "z", "{}", 1000)
    append = Append(77, (record(1),), Lane(), books, outgoing=(row,))
    books.journal.append(append)
    books.settle()
    assert append.failed
    assert books.rows("SELECT * FROM event WHERE stream = 77") == []


def test_late_is_what_failed_or_was_forgotten_and_not_what_waits_for_its_time(
    books: Books,
) -> None:
    def late(before: int) -> list[str]:
        find = partial(outgoing.undelivered, before=before, limit=10)
        return [delivery.key for delivery in books.ask(find)]

    write(books, "1")
    write(books, "2")
    write(books, "planned", line="b")
    (planned,) = [d.id for d in look(books).now if d.key == "planned"]
    books.change(partial(outgoing.put_off, id_=planned, until=99_000))
    assert late(1000) == []
    assert late(2000) == ["1"]
    books.change(
        partial(outgoing.postpone, id_=first(books).id, error="no", until=99_000)
    )
    assert late(2000) == ["1"]
    assert late(100_000) == ["1", "planned"]
    books.change(partial(outgoing.finish, id_=1, now=3000, error="no"))
    assert late(0) == ["1"]


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT id FROM outgoing WHERE kind = ? AND next_at <= ?", "outgoing_due"),
        ("SELECT min(id) FROM outgoing WHERE line = ? AND state = 'pending'", "line"),
    ],
)
def test_nothing_is_looked_for_in_the_whole_table(
    books: Books, sql: str, index: str
) -> None:
    values = ("x",) * sql.count("?")
    plan = books.ask(
        lambda db: db.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    )
    assert index in str(plan)
