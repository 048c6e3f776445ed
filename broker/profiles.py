"""What agents are shown of the people they talk to (spec F33).

Who a person is comes from a store, which may be somebody else's and far away: its
errors and its slowness are answered with what it said last, or with nothing, and no
chat notices them.
"""

import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

import msgspec
import trio

from actors.person import Facts
from storage import accounts, people
from storage.accounts import Profile
from storage.records import TicketRow

STORE_S = 2.0
"""Seconds that a store may take: an agent looks at the screen meanwhile (F33)."""
MOST_KEPT = 1000
"""People of whom the last answer is kept, in memory alone: some MiB."""
MOST_UNDER_WAY = 100
"""Look-ups at a time; one more is refused, for the store is slow already."""

T = TypeVar("T")
log = logging.getLogger(__name__)


class Query(Protocol):
    """Reads the journal."""

    async def __call__(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `read` finds."""
        ...


class ProfileStore(Protocol):
    """Knows people: the shop's own system, or what it has told this broker."""

    async def facts(self, person: Profile) -> Facts | None:
        """Return what is known of `person`; `None` if they are not known.

        Raises:
            Exception: it cannot be known now.
        """
        ...


class ToldStore:
    """What the shop has told over HTTP: the store that is there without any other."""

    def __init__(self, query: Query) -> None:
        self._query = query

    async def facts(self, person: Profile) -> Facts | None:
        """Return what was told."""
        read = partial(people.facts, site=person.site, profile=person.id)
        told = await self._query(read)
        return None if told is None else msgspec.json.decode(told, type=Facts)


class Known(msgspec.Struct, frozen=True):
    """A person, as far as they are known."""

    facts: Facts
    tickets: tuple[TicketRow, ...]
    """The newest first."""
    stale: bool = False
    """Whether the store did not answer: it is what it said last."""


class Profiles:
    """Looks people up, for any number of agents, without anybody waiting."""

    def __init__(
        self,
        query: Query,
        spawn: Callable[[Callable[[], Awaitable[None]]], None],
        wake: Callable[[], None],
    ) -> None:
        self.store: ProfileStore = ToldStore(query)
        """May be another one, before the broker serves."""
        self._query = query
        self._spawn = spawn
        self._wake = wake
        self._under_way = 0
        self._kept: OrderedDict[tuple[str, str], Facts] = OrderedDict()

    def look_up(
        self, site: str, profile: str, then: Callable[[Known | None], None]
    ) -> None:
        """Have `then` called with the person; `None`: that cannot be known now."""
        self._go(partial(self._known, site, profile), then)

    def forget(self, site: str, profile: str) -> None:
        """Keep nothing of what was said of a person."""
        self._kept.pop((site, profile), None)

    def ask(
        self,
        read: Callable[[sqlite3.Connection], T],
        then: Callable[[T | None], None],
    ) -> None:
        """Have `then` called with what `read` finds, or `None` if it fails."""

        async def found() -> T:
            return await self._query(read)

        self._go(found, then)

    def _go(
        self, find: Callable[[], Awaitable[T]], then: Callable[[T | None], None]
    ) -> None:
        if self._under_way >= MOST_UNDER_WAY:
            then(None)
            return
        self._under_way += 1

        async def look() -> None:
            found: T | None = None
            try:
                found = await find()
            except Exception as error:  # noqa: BLE001 - whatever a store has to say
                # Its words may name the person, and do not go into a log.
                log.warning("a person cannot be looked up: %s", type(error).__name__)
            finally:
                self._under_way -= 1
            then(found)
            self._wake()

        self._spawn(look)

    async def _known(self, site: str, profile: str) -> Known:
        row = await self._query(partial(accounts.profile, site=site, id_=profile))
        read = partial(people.tickets_of, site=site, profile=profile)
        tickets = tuple(await self._query(read))
        if row is None:
            # A visitor: no store knows more of them than their browser's secret.
            return Known(Facts(), tickets)
        key = site, profile
        try:
            with trio.fail_after(STORE_S):
                told = await self.store.facts(row)
        except Exception:
            if key not in self._kept:
                raise
            return Known(named(self._kept[key], row), tickets, stale=True)
        facts = told or Facts()
        self._kept[key] = facts
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return Known(named(facts, row), tickets)


def named(facts: Facts, row: Profile) -> Facts:
    """Return `facts`, with what tokens have told where the store says nothing."""
    return msgspec.structs.replace(
        facts,
        name=facts.name or row.name or None,
        email=facts.email or row.email or None,
        phone=facts.phone or row.phone or None,
        language=facts.language or row.locale or None,
    )
