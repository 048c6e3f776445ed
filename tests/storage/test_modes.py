"""However the work is cut into batches, the same is stored and the same refused."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from storage import accounts, queries
from storage.accounts import Site
from storage.records import Append, Change, Lane, SnapshotRow, StartRow
from tests.storage.books import Books, record, ticket

TABLES = ("event", "message", "ticket", "start", "snapshot", "site")


class Step(NamedTuple):
    """One thing that somebody puts into the journal."""

    stream: int
    kind: str
    number: int


steps = st.lists(
    st.builds(
        Step,
        stream=st.integers(1, 5),
        kind=st.sampled_from(
            [
                *["append"] * 6,
                "barrier",
                "snapshot",
                "hole",
                "unbindable",
                "repeated start",
                "new lane",
                "change",
                "failing change",
            ]
        ),
        number=st.integers(1, 3),
    ),
    max_size=60,
)


class Player:
    """Plays steps into books, as actors whose state runs ahead of the disk."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.heads: dict[int, int] = {}
        self.lanes: dict[int, Lane] = {}
        self.items: list[Append | Change] = []

    def play(self, step: Step) -> None:
        if step.kind.endswith("change"):
            self.items.append(self.books.change(_change(step)))
        elif step.kind == "new lane":
            # As after a reload: the actor goes on where the journal really is.
            found = self.books.ask(partial(queries.page, stream=step.stream, after=0))
            self.lanes[step.stream] = Lane()
            self.heads[step.stream] = found[-1].seq if found else 0
        else:
            self.items.append(self._append(step))

    def _append(self, step: Step) -> Append:
        stream = step.stream
        lane = self.lanes.setdefault(stream, Lane())
        if step.kind == "barrier":
            return self.books.append(stream, lane=lane)
        first = self.heads.get(stream, 0) + 1
        if step.kind == "hole":
            first = max(1, first - 1)  # The seq of the one before: fenced.
        last = self.heads[stream] = first + step.number - 1
        # Streams 4 and 5 are the same person's: only the first may have a ticket.
        row = ticket(stream, last)._replace(profile=f"p{min(stream, 4)}")
        start, snapshot = None, None
        if step.kind == "unbindable":
            start = StartRow("default", row.profile, "\ud800", stream)
        elif step.kind == "repeated start":
            start = StartRow("default", row.profile, f"s{step.number}", stream)
        elif step.kind == "snapshot":
            snapshot = SnapshotRow(stream, last, 1, 0, b"state")
        records = [record(seq) for seq in range(first, last + 1)]
        return self.books.append(
            stream, *records, lane=lane, ticket=row, start=start, snapshot=snapshot
        )


def _change(step: Step) -> Callable[[Database], object]:
    def write(db: Database) -> bool:
        added = accounts.add_site(db, Site(f"s{step.stream}", "", step.number))
        if step.kind == "failing change":
            raise ZeroDivisionError
        return added

    return write


def played(steps: list[Step], *, inline: bool, one_by_one: bool = False) -> object:
    """Return what the tables hold at the end, and what became of every item."""
    with tempfile.TemporaryDirectory() as folder:
        books = Books(Path(folder) / "journal.db", inline=inline)
        player = Player(books)
        for step in steps:
            player.play(step)
            if one_by_one:
                books.settle()
        tables = [books.rows(f"SELECT * FROM {table}") for table in TABLES]  # noqa: S608 - ours
        books.close()
        return tables, [
            item.failed if isinstance(item, Append) else (item.result, str(item.error))
            for item in player.items
        ]


@pytest.mark.slow
@given(steps)
@settings(max_examples=30)
def test_threads_inline_and_one_by_one_agree(steps: list[Step]) -> None:
    inline = played(steps, inline=True)
    assert played(steps, inline=False) == inline
    assert played(steps, inline=True, one_by_one=True) == inline
