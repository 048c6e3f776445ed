"""A bad append fails alone in its batch, and takes its own followers along."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage import queries
from storage.records import Append, Lane, StartRow, TicketRow
from tests.faults.disk import poisoned_text, stalled_writer
from tests.storage.books import Books, record, ticket


@contextmanager
def one_batch(books: Books, *, inline: bool) -> Generator[None]:
    """What is put inside is taken as one batch: inline that needs no help."""
    if inline:
        yield
    else:
        with stalled_writer(books.journal):
            yield
    books.settle()


@pytest.fixture
def inline(request: pytest.FixtureRequest) -> bool:
    return "inline" in request.node.callspec.params.values()


def fates(appends: list[Append]) -> list[bool]:
    return [append.failed for append in appends]


def stored(books: Books, stream: int) -> list[int]:
    page = books.ask(lambda connection: queries.page(connection, stream, after=0))
    return [one.seq for one in page]


def test_a_poisoned_append_fails_alone_among_two_hundred(
    books: Books, path: Path, *, inline: bool
) -> None:
    bad = range(5, 200, 10)
    with poisoned_text(path, "poison"), one_batch(books, inline=inline):
        appends = [
            books.append(stream, record(1, "poison" if stream in bad else "fine"))
            for stream in range(200)
        ]
    assert fates(appends) == [stream in bad for stream in range(200)]
    stats = books.journal.stats()
    # All of them in one more transaction, not one each.
    assert (stats.retried, stats.refused) == (1, len(bad))
    assert books.rows("SELECT count(*) FROM event") == [(200 - len(bad),)]
    assert books.rows("SELECT count(*) FROM message") == [(200 - len(bad),)]


def test_what_follows_a_failed_append_in_its_lane_fails_in_the_same_batch(
    books: Books, path: Path, *, inline: bool
) -> None:
    lane, other = Lane(), Lane()
    with poisoned_text(path, "poison"), one_batch(books, inline=inline):
        mine = [
            books.append(7, record(1), lane=lane),
            books.append(7, record(2, "poison"), lane=lane),
            books.append(7, record(3), lane=lane),
            books.append(7, lane=lane),
        ]
        others = [books.append(8, record(seq), lane=other) for seq in (1, 2)]
    assert fates(mine) == [False, True, True, True]
    assert fates(others) == [False, False]
    assert (lane.broken, other.broken) == (True, False)
    assert stored(books, 7) == [1]


def test_what_follows_a_failed_append_in_its_lane_fails_in_later_batches(
    books: Books, path: Path
) -> None:
    lane = Lane()
    with poisoned_text(path, "poison"):
        books.append(7, record(1, "poison"), lane=lane)
        books.settle()
        followers = [books.append(7, record(2), lane=lane), books.append(7, lane=lane)]
        books.settle()
    assert fates(followers) == [True, True]
    assert stored(books, 7) == []


def test_a_new_lane_goes_on_where_the_journal_really_is(
    books: Books, path: Path
) -> None:
    lane = Lane()
    with poisoned_text(path, "poison"):
        books.append(7, record(1), lane=lane)
        books.append(7, record(2, "poison"), lane=lane)
        books.append(7, record(3), lane=lane)
        again = books.append(7, record(2, "again"))
        books.settle()
    assert not again.failed
    assert stored(books, 7) == [1, 2]


def test_a_barrier_settles_behind_its_lane_and_fails_with_it(
    books: Books, path: Path
) -> None:
    lanes = [Lane(), Lane()]
    with poisoned_text(path, "poison"):
        books.append(7, record(1, "poison"), lane=lanes[0])
        books.append(8, record(1), lane=lanes[1])
        barriers = [books.append(7, lane=lane) for lane in lanes]
        books.settle()
    assert fates(barriers) == [True, False]
    assert [append.stream for append in books.outcomes] == [7, 8, 7, 7]


def test_a_value_no_check_looks_at_costs_its_own_lane_alone(
    books: Books, *, inline: bool
) -> None:
    with one_batch(books, inline=inline):
        appends = [
            books.append(1, record(1), ticket=ticket(1, 1)),
            books.append(2, record(1), ticket=ticket(2, 1)._replace(chat="\ud800")),
            books.append(3, record(1), ticket=ticket(3, 1)._replace(closed_at=2**63)),
            books.append(4, record(1), ticket=ticket(4, 1)),
        ]
    assert fates(appends) == [False, True, True, False]
    assert books.rows("SELECT stream FROM event") == [(1,), (4,)]


def test_a_second_writer_of_a_stream_is_fenced(books: Books) -> None:
    first = books.append(7, record(1, "first"))
    second = books.append(7, record(1, "second"))
    books.settle()
    assert fates([first, second]) == [False, True]
    found = books.ask(lambda connection: queries.record(connection, 7, 1))
    assert found is not None
    assert found.body == b"body first"


def same_person(stream: int, *, status: str = "open") -> TicketRow:
    return ticket(stream, 1, status=status)._replace(profile="pat")


def test_a_person_has_one_unclosed_ticket_a_channel(books: Books) -> None:
    first = books.append(1, record(1), ticket=same_person(1))
    second = books.append(2, record(1), ticket=same_person(2))
    sms = books.append(3, record(1), ticket=same_person(3)._replace(channel="sms"))
    snoozed = books.append(4, record(1), ticket=same_person(4, status="snoozed"))
    closed = books.append(5, record(1), ticket=same_person(5, status="closed"))
    books.settle()
    assert fates([first, second, sms, snoozed, closed]) == [0, 1, 0, 1, 0]
    # Whose ticket is refused, its events are too.
    assert stored(books, 2) == []


def test_closing_and_opening_may_share_a_batch(books: Books, *, inline: bool) -> None:
    lane = Lane()
    with one_batch(books, inline=inline):
        books.append(1, record(1), ticket=same_person(1), lane=lane)
        closed = same_person(1, status="closed")._replace(seq=2)
        books.append(1, record(2), ticket=closed, lane=lane)
        second = books.append(2, record(1), ticket=same_person(2))
        late = books.append(1, record(3), ticket=closed._replace(seq=3), lane=lane)
    assert fates([second, late]) == [False, False]
    assert books.journal.stats().retried == 0
    found = books.ask(lambda found: queries.unclosed(found, "default", "pat", "chat"))
    assert found == (2, "chat-2")


def test_a_repeated_start_is_fenced(books: Books) -> None:
    appends = [
        books.append(stream, record(1), start=StartRow("default", profile, "s", stream))
        for stream, profile in ((1, "pat"), (2, "pat"), (3, "kim"))
    ]
    books.settle()
    assert fates(appends) == [False, True, False]
    found = books.ask(lambda found: queries.start(found, "default", "pat", "s"))
    assert found == 1
