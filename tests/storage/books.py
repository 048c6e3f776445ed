"""A journal and somebody who waits for it."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from storage.journal import Journal
from storage.records import (
    Append,
    Change,
    Lane,
    Record,
    SnapshotRow,
    StartRow,
    TicketRow,
)
from storage.schema import DURABLE, Keep

Found = TypeVar("Found")
WAIT_S = 15


def record(seq: int, text: str | None = "hello", *, kind: str = "msg") -> Record:
    return Record(
        seq=seq,
        prev=seq - 1,
        at=1_000 + seq,
        kind=kind,
        by="shopper:p",
        id=f"id-{seq}",
        body=b"body " + (text or "").encode(errors="replace"),
        text=text,
    )


def ticket(stream: int, seq: int, *, status: str = "open") -> TicketRow:
    """Return the row of a chat whose profile is its own."""
    return TicketRow(
        stream=stream,
        chat=f"chat-{stream}",
        site="default",
        profile=f"profile-{stream}",
        channel="chat",
        status=status,
        until=None,
        assignee=None,
        control="humans",
        preview=f"message {seq}",
        waiting_since=1_000 + seq,
        opened_at=1_000,
        last_at=1_000 + seq,
        closed_at=1_000 + seq if status == "closed" else None,
        seq=seq,
        due=None,
        previous=None,
    )


class Books:
    """Puts things into a journal, and keeps what became of them, in order."""

    def __init__(
        self, path: Path, *, inline: bool = False, keep: Keep = DURABLE
    ) -> None:
        self.path = path
        self.woken = threading.Event()
        self.journal = Journal(path, self.woken.set, inline=inline, keep=keep)
        self.outcomes: list[Append] = []
        self.journal.start()

    def settled(self, append: Append) -> None:
        self.outcomes.append(append)

    def append(
        self,
        stream: int,
        *records: Record,
        lane: Lane | None = None,
        ticket: TicketRow | None = None,
        start: StartRow | None = None,
        snapshot: SnapshotRow | None = None,
    ) -> Append:
        """Queue these; nothing at all is a barrier."""
        append = Append(
            stream,
            records,
            lane or Lane(),
            self,
            ticket=ticket,
            start=start,
            snapshot=snapshot,
        )
        self.journal.append(append)
        return append

    def change(
        self,
        write: Callable[[Database], object],
        *,
        scrub: bool = False,
        lists: bool = True,
    ) -> Change:
        """Queue a change."""
        change = Change(write, lambda _: None, scrub=scrub, lists=lists)
        self.journal.change(change)
        return change

    def settle(self) -> None:
        """Wait until all that was queued has settled."""
        while self.journal.unsettled:
            assert self.woken.wait(WAIT_S), "nothing settles any more"
            self.woken.clear()
            self.journal.settle()

    def ask(self, read: Callable[[sqlite3.Connection], Found]) -> Found:
        """Return what `read` finds once everything queued before has settled."""
        self.settle()
        found: list[Found] = []
        self.journal.ask(read, found.append)
        self.settle()
        return found[0]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Return all rows of a query."""
        return self.ask(lambda connection: connection.execute(sql).fetchall())

    def close(self) -> None:
        self.journal.stop()
