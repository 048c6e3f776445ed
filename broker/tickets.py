"""Tickets as rows of the inbox, for those who ask for them without watching it."""

import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from actors.cells.loading import found_listing
from actors.desk.views import hidden_from
from actors.ids import AgentId, ChatId, Person, stream_of
from actors.runtime.future import TrioFuture
from broker.gate import Identity
from broker.inbox import is_own
from broker.reach import ticket_within_reach
from broker.speech import row
from broker.wire.errors import Code
from broker.wire.frames import Ticket
from storage import tickets
from storage.inbox import LAST, Named
from storage.queries import Listed
from storage.search import FIRST, Found, Query
from storage.tickets import Wanted

if TYPE_CHECKING:
    from broker.server import Broker

Marked = tuple[list[Named], set[int]]
"""Tickets, and which of them the asker has flagged."""


class Filter(msgspec.Struct, frozen=True):
    """Which tickets of the asker's site; `None` stands for any."""

    status: str | None
    """Without one, those that are open; with words to look for, any."""
    channel: str | None
    assignee: str | None
    """An agent's id, or `-` for nobody's."""
    q: str | None
    """Words, each of which begins a word of one message, note or name."""
    limit: int


class Tickets(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page of tickets; with `cursor`, ask again for what comes after."""

    tickets: tuple[Ticket, ...]
    cursor: str | UnsetType = UNSET


async def listed(
    broker: "Broker", asker: Identity, wanted: Filter, cursor: str | None
) -> Tickets | Code:
    """Return the page behind `cursor`, or why there is none."""
    place = _place(cursor, wanted)
    if place is None:
        return Code.BAD_FRAME
    if wanted.q is not None:
        return await _searched(broker, asker, wanted, place)
    status = wanted.status or "open"
    hidden = _hidden(broker, asker)
    sought = Wanted(
        asker.site, status, asker.sub, hidden, wanted.channel, wanted.assignee
    )

    def find(db: sqlite3.Connection) -> Marked:
        found = tickets.page(db, sought, place, wanted.limit + 1)
        return _marked(db, asker, found)

    found, marks = await broker.query(find)
    page = found[: wanted.limit]
    more = len(found) > len(page)
    return Tickets(
        tuple(_shown(broker, asker, each, marks) for each in page),
        _cursor(page[-1]) if more else UNSET,
    )


async def single(broker: "Broker", asker: Identity, chat: str) -> Ticket | None:
    """Return one ticket, if the agent who asks may open it."""
    rules = broker.sites.rules_of(asker.site)

    def find(db: sqlite3.Connection) -> Marked:
        ticket = ticket_within_reach(db, asker, chat, rules)
        streams = [] if ticket is None else [ticket.stream]
        return _marked(db, asker, tickets.of_streams(db, streams))

    found, marks = await broker.query(find)
    return _shown(broker, asker, found[0], marks) if found else None


async def _searched(
    broker: "Broker", asker: Identity, wanted: Filter, place: Listed
) -> Tickets | Code:
    """Return the tickets in which the words stand, those said last first."""
    query = Query(
        asker.site,
        wanted.q or "",
        wanted.status,
        wanted.channel,
        wanted.assignee,
        limit=wanted.limit,
        before=place.stream,
        asker=asker.sub,
        hidden=_hidden(broker, asker),
    )
    future: TrioFuture[Found | None] = TrioFuture()
    broker.house.finder.find(query, future.set, lambda _: future.set(None))
    broker.loop.wake()
    found = await future
    if found is None:
        return Code.UNAVAILABLE
    streams = [stream_of(ChatId(hit.chat)) for hit in found.hits]
    # Once each: in a ticket the words may stand in many places.
    known = list(dict.fromkeys(each for each in streams if each is not None))
    read = partial(tickets.of_streams, streams=known)
    rows, marks = await broker.query(lambda db: _marked(db, asker, read(db)))
    return Tickets(
        tuple(_shown(broker, asker, each, marks) for each in rows),
        UNSET if found.cursor is None else f"q.{found.cursor}",
    )


def _hidden(broker: "Broker", asker: Identity) -> tuple[str, ...]:
    rules = broker.sites.rules_of(asker.site)
    return tuple(hidden_from(AgentId(asker.sub), rules))


def _marked(db: sqlite3.Connection, asker: Identity, found: list[Named]) -> Marked:
    streams = [each.row.stream for each in found]
    return found, tickets.marked(db, asker.sub, streams)


def _shown(broker: "Broker", asker: Identity, named: Named, marks: set[int]) -> Ticket:
    """Return a ticket as the asker's inbox shows it."""
    listing = found_listing(named)
    status, inbox = listing.standing.status, broker.sites.rules_of(asker.site).settings
    listing.online = status != "closed" and broker.hub.here(
        Person(f"shopper:{listing.profile}")
    )
    told = (status == "open" and not listing.standing.bot) or (
        status == "closed" and inbox.inbox.surface_closed_events
    )
    new = listing.said > listing.readers.get(asker.sub, 0) or listing.stream in marks
    return row(listing, unread=told and new, own=is_own(listing, asker.sub))


# --- Cursors --------------------------------------------------------------------------


def _cursor(last: Named) -> str:
    found = last.row
    if found.closed_at is not None and found.status == "closed":
        return f"c.{found.closed_at}.{found.stream}"
    return f"o.{found.stream}"


def _place(cursor: str | None, wanted: Filter) -> Listed | None:
    """Return the place a page begins behind; `None` if `cursor` is no such list's."""
    if cursor is None:
        return LAST if wanted.q is None else Listed(FIRST, FIRST)
    kind, *numbers = cursor.split(".")
    ours = "q" if wanted.q is not None else "c" if wanted.status == "closed" else "o"
    if kind != ours or len(numbers) != 1 + (kind == "c"):
        return None
    if not all(each.isascii() and each.isdecimal() for each in numbers):
        return None
    # Nothing that we have made is longer, and `int` would take its time over it.
    if any(len(each) > len(str(FIRST)) or int(each) > FIRST for each in numbers):
        return None
    return Listed(int(numbers[0]), int(numbers[-1]))
