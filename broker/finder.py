"""Searches, for connections that wait for nothing.

The index is brought up to date beside everything else: a little every few seconds, and
before each search what is still missing, up to a bound.
"""

import logging
import sqlite3
from collections.abc import Callable
from functools import partial

import trio

from storage import search
from storage.journal import Journal
from storage.records import Change
from storage.search import Found, Query

EVERY_S = 2.0
"""Seconds between two looks whether there is anything new."""
APART_S = 0.02
"""Seconds between two steps: what people wait for comes in between."""
STEPS = 40
"""Taken at most before a search: some 5,000 events, half a second."""

log = logging.getLogger(__name__)
Failed = Callable[[Exception], None]


class Finder:
    """All searches of a broker."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.behind = False
        """Whether the index is being brought up to date just now."""

    def find(
        self, query: Query, then: Callable[[Found], None], otherwise: Failed
    ) -> None:
        """Have `then` called with what is found, or `otherwise` with why nothing is."""

        def broken(error: Exception) -> None:
            self._mend(error, partial(otherwise, error))

        def look() -> None:
            self._journal.ask(lambda db: search.find(db, query), then, broken)

        self._catch_up(STEPS, look, broken)

    async def run(self) -> None:
        """Keep the index near the journal, until cancelled."""
        while True:
            await trio.sleep(EVERY_S)
            behind = True
            while behind:
                self.behind = behind = await self._step()
                await trio.sleep(APART_S)

    async def _step(self) -> bool:
        """Take a step if there is one; return whether there may be more."""
        done, moved = trio.Event(), False

        def stepped() -> None:
            nonlocal moved
            moved = True
            done.set()

        def failed(error: Exception) -> None:
            log.warning("the search index could not be brought up to date: %s", error)
            self._mend(error, done.set)

        self._advance(stepped, done.set, failed)
        await done.wait()
        return moved

    def _catch_up(
        self, steps: int, then: Callable[[], None], otherwise: Failed
    ) -> None:
        def stepped() -> None:
            self._catch_up(steps - 1, then, otherwise)

        if steps:
            self._advance(stepped, then, otherwise)
        else:
            then()

    def _advance(
        self,
        stepped: Callable[[], None],
        up_to_date: Callable[[], None],
        otherwise: Failed,
    ) -> None:
        """Take a step, if there is one to take."""

        def settled(change: Change) -> None:
            if change.error is None:
                stepped()
            else:
                otherwise(change.error)

        def known(behind: bool) -> None:  # noqa: FBT001  # what was asked for
            if behind:
                # Several a second under load: each would have the writer write the next
                # row of every ticket in full.
                self._journal.change(Change(search.advance, settled, lists=False))
            else:
                up_to_date()

        self._journal.ask(search.behind, known, otherwise)

    def _mend(self, error: Exception, then: Callable[[], None]) -> None:
        """Begin an index anew that is damaged, for the journal has everything."""

        def mended(change: Change) -> None:
            if change.error is not None:
                log.error("the search index cannot be made anew: %s", change.error)
            then()

        if _is_damaged(error):
            log.warning("the search index is damaged; it is made anew")
            self._journal.change(Change(search.rebuild, mended))
        else:
            then()


def _is_damaged(error: Exception) -> bool:
    name = str(getattr(error, "sqlite_errorname", ""))
    lost = isinstance(error, sqlite3.OperationalError) and "no such table" in str(error)
    return lost or name.startswith("SQLITE_CORRUPT_VTAB")
