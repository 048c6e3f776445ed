"""Reads of the rows that the events brought with them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import queries
from storage.queries import Listed
from storage.records import Append, Lane, TicketRow
from storage.rows import Rows
from storage.schema import open_writer
from tests.storage.books import record, ticket


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_writer(path)) as opened:
        yield opened


class Nobody:
    def settled(self, append: Append) -> None:
        """Wait for nothing."""


def put(connection: sqlite3.Connection, *rows: TicketRow, events: int = 0) -> None:
    """Write tickets, each with its events, as the writer does."""
    batch = Rows(connection, {})
    for row in rows:
        records = tuple(record(seq) for seq in range(1, events + 1))
        batch.add(Append(row.stream, records, Lane(), Nobody(), ticket=row))
    batch.write()


def streams_of(rows: list[TicketRow]) -> list[int]:
    return [row.stream for row in rows]


def test_a_page_before_has_the_last_ones_oldest_first(
    connection: sqlite3.Connection,
) -> None:
    put(connection, ticket(7, 1), events=10)
    page = queries.page_before(connection, 7, before=8, limit=3)
    assert [one.seq for one in page] == [5, 6, 7]
    assert queries.page_before(connection, 7, before=1) == []


def test_one_record_is_found_by_its_seq(connection: sqlite3.Connection) -> None:
    put(connection, ticket(7, 1), events=2)
    assert [queries.record(connection, 7, seq) is None for seq in (0, 1, 2, 3)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_stream_that_never_was_loads_as_nothing(
    connection: sqlite3.Connection,
) -> None:
    assert queries.load(connection, 7) == (None, [], None)


def test_who_wants_to_be_woken_comes_in_that_order(
    connection: sqlite3.Connection,
) -> None:
    for stream, due in ((1, 30), (2, None), (3, 10), (4, 20)):
        put(connection, ticket(stream, 1)._replace(due=due))
    assert queries.due(connection) == [("chat-3", 10), ("chat-4", 20), ("chat-1", 30)]


def test_an_unclosed_ticket_is_open_or_snoozed(connection: sqlite3.Connection) -> None:
    put(connection, ticket(1, 5), ticket(2, 3, status="snoozed"))
    put(connection, ticket(3, 1, status="closed"), ticket(4, 1)._replace(site="other"))
    assert streams_of(queries.unclosed_of_site(connection, "default")) == [2, 1]
    find = queries.unclosed
    assert find(connection, "default", "profile-2", "chat") == (2, "chat-2")
    assert find(connection, "default", "profile-2", "sms") is None
    assert find(connection, "default", "profile-3", "chat") is None


def test_the_newest_ended_conversation_is_found(
    connection: sqlite3.Connection,
) -> None:
    mine = [ticket(stream, 1, status="closed") for stream in (3, 5, 4)]
    put(connection, *(row._replace(profile="pat") for row in mine))
    put(connection, ticket(6, 1)._replace(profile="pat"))
    find = queries.last_closed
    assert find(connection, "default", "pat", "chat") == (5, "chat-5")
    assert find(connection, "default", "pat", "sms") is None


def test_an_agent_holds_what_is_assigned_and_not_closed(
    connection: sqlite3.Connection,
) -> None:
    rows = [ticket(1, 9), ticket(2, 3, status="snoozed"), ticket(3, 4, status="closed")]
    put(connection, *(row._replace(assignee="ann") for row in rows), ticket(4, 1))
    assert streams_of(queries.held_by(connection, "default", "ann")) == [2, 1]
    assert queries.held_by(connection, "default", "bob") == []


def test_tickets_are_paged_by_their_last_activity(
    connection: sqlite3.Connection,
) -> None:
    # Streams 3 and 4 were active at the same moment.
    put(connection, *(ticket(stream, min(stream, 3)) for stream in range(1, 5)))
    put(connection, ticket(9, 9, status="closed"))
    seen: list[int] = []
    place: Listed | None = None
    while found := queries.tickets(
        connection, "default", "open", limit=2, before=place
    ):
        seen += streams_of(found)
        place = Listed(found[-1].last_at, found[-1].stream)
    assert seen == [4, 3, 2, 1]


def test_every_stream_is_found_once(connection: sqlite3.Connection) -> None:
    for stream in (5, -3, 2**62, 1):
        put(connection, ticket(stream, 3), events=3)
    assert list(queries.streams(connection)) == [-3, 1, 5, 2**62]


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("due IS NOT NULL ORDER BY due, stream", "due"),
        ("site = 's' AND status = 'open'", "listed"),
        ("site = 's' AND assignee = 'a' AND status IN ('open', 'snoozed')", "held"),
        ("site = 's' AND profile = 'p' AND channel = 'c' AND status <> 'closed'", "un"),
        ("site='s' AND profile='p' AND channel='c' AND status='closed'", "closed"),
        ("site = 's' AND status = 'o' ORDER BY last_at DESC, stream DESC", "listed"),
    ],
)
def test_no_list_scans_the_closed_tickets(
    connection: sqlite3.Connection, where: str, index: str
) -> None:
    sql = f"EXPLAIN QUERY PLAN SELECT * FROM ticket WHERE {where}"  # noqa: S608 - ours
    plan = connection.execute(sql).fetchall()
    details = [detail for *_, detail in plan]
    assert any(f"ticket_{index}" in detail for detail in details), details
    assert not any("TEMP B-TREE" in detail for detail in details), details
