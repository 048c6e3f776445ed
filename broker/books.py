"""Reading and writing beside the actors: accounts, settings, whatever is no chat."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlite_utils import Database

from actors.runtime.future import TrioFuture
from storage.journal import Journal
from storage.records import Change

T = TypeVar("T")


class Books:
    """The journal, for those who can wait."""

    def __init__(self, journal: Journal, wake: Callable[[], None]) -> None:
        self._journal = journal
        self._wake = wake

    async def change(
        self,
        write: Callable[[Database], T],
        then: Callable[[T], None] | None = None,
        *,
        scrub: bool = False,
    ) -> T:
        """Return what `write` returned, once that is durable.

        `then` is called with it first, in the order of the commits, which is not that
        in which waiting tasks go on: what is kept in memory beside the file is changed
        there. It is called even if nobody waits any more. With `scrub` what was
        overwritten is gone from the journal's files soon after.

        Raises:
            Exception: what it raised, or why it could not be written.
        """
        future: TrioFuture[T] = TrioFuture()
        written: list[T] = []

        def settled(change: Change) -> None:
            if change.error is not None:
                future.set_exception((type(change.error), change.error, None))
                return
            # The last: a batch that has to be written once more writes this once more.
            if then is not None:
                then(written[-1])
            future.set(written[-1])

        change = Change(lambda db: written.append(write(db)), settled, scrub)
        self._journal.change(change)
        self._wake()
        return await future

    async def query(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `read` finds in the journal.

        Raises:
            Exception: what it raised.
        """
        future: TrioFuture[T] = TrioFuture()

        def broken(error: Exception) -> None:
            future.set_exception((type(error), error, None))

        self._journal.ask(read, future.set, broken)
        self._wake()
        return await future
