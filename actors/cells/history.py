"""Pages of a chat's past, read for one who asks."""

import sqlite3
from collections.abc import Callable
from functools import partial

import msgspec

from actors import codec
from actors.cells.orders import LookBack
from actors.cells.reading import ask
from actors.chat.events import AnyBody, Event, Got, Read, seen_by_shopper
from actors.ids import ChatId, Seq
from actors.refusals import Newer, Refused
from actors.runtime.actor import Actor
from storage import queries
from storage.journal import Journal
from storage.queries import PAGE
from storage.records import Record

PAGE_BYTES = 256 * 1024
"""Bytes of bodies in one page (protocol section 4)."""
MOST_NEWER = 50
"""Events shown to an agent whose reply came too late (U7)."""

Past = list[tuple[Record, Event]]


class Window(msgspec.Struct, frozen=True):
    """Which part of a stream to collect, from its end on."""

    stream: int
    before: int
    after: int
    limit: int


def look_back(
    actor: Actor, journal: Journal, stream: int, durable: Seq, look: LookBack
) -> None:
    """Give `look.caller` the events it asked for, none newer than `durable`."""
    caller = look.caller
    insider = caller.insider

    def then(past: Past) -> None:
        more = bool(past) and (past[0][0].seq > 1 if insider else past[0][0].prev > 0)
        caller.history(look.re, ChatId(actor.key), past, more=more)

    window = Window(stream, min(look.before, durable + 1), 0, look.limit)
    wanted = _everything if insider else seen_by_shopper
    ask(actor, journal, partial(_collect, window=window, wanted=wanted), then, look)


def since(db: sqlite3.Connection, stream: int, stale: Refused) -> Refused:
    """Return `stale` with what its asker had not seen; receipts tell nothing new."""
    window = Window(stream, (stale.head or 0) + 1, stale.after or 0, MOST_NEWER)
    past = _collect(db, window, lambda body: not isinstance(body, Read | Got))
    newer = tuple(
        Newer(Seq(record.seq), Seq(record.prev), event) for record, event in past
    )
    return msgspec.structs.replace(stale, newer=newer)


def _everything(_body: AnyBody) -> bool:
    return True


def _collect(
    db: sqlite3.Connection, window: Window, wanted: Callable[[AnyBody], bool]
) -> Past:
    """Return the last wanted events of `window`, oldest first."""
    past: Past = []
    size, before = 0, window.before
    while before > window.after + 1:
        records = queries.page_before(db, window.stream, before, PAGE)
        if not records:
            break
        for record in reversed(records):
            if record.seq <= window.after:
                return past[::-1]
            event = codec.from_record(record)
            if not wanted(event.body):
                continue
            size += len(record.body)
            if past and size > PAGE_BYTES:
                return past[::-1]
            past.append((record, event))
            if len(past) == window.limit:
                return past[::-1]
        before = records[0].seq
    return past[::-1]
