"""What has to stand in the outgoing table, for the shopper waits for what comes of it.

Where a bot has the chat, or another system, no list shows the ticket and no alarm rings
for it: all that leads to an answer is a row, written with the message. So the events
say which rows there have to be: one for a turn of the bot's that is not over, and where
another system has the chat one for each message that it has not taken (U8).
"""

import sqlite3
from typing import NamedTuple

from sqlite_utils import Database

from actors import codec
from actors.chat.bot import NO_TURN
from actors.chat.events import HandoffChanged
from actors.chat.limits import ChatLimits, is_full
from actors.chat.state import ChatState
from actors.ids import Millis
from actors.leaving import BOT_CALL, ELSEWHERE, HANDOFF, key, row
from storage import outgoing, queries, relays

TRIED_MS = 60_000
"""How old a message counts as that another system may have been given before: it is
asked then whether it has it. A bot is not: a turn begins anew, with all its time."""


class Promise(NamedTuple):
    """That something leaves because of one event."""

    kind: str
    seq: int


def made(
    db: sqlite3.Connection, stream: int, state: ChatState, limits: ChatLimits
) -> tuple[Promise, ...]:
    """Return what a chat's events promise, the oldest first.

    Raises:
        UnreadableRecordError: one of them cannot be read.
    """
    bot = state.bot
    if state.status == "closed" or state.control == "humans" or bot is None:
        return ()
    if state.control == "bot":
        # Into a chat that is full the bot could say nothing.
        waits = bot.turn != NO_TURN and not is_full(state, limits)
        return (Promise(BOT_CALL, bot.turn),) if waits else ()
    begun = _handed_over(db, stream)
    said = queries.said_after(db, stream, state.shopper, begun)
    arrived = relays.arrived(db, stream)
    opens = [begun] if bot.target is not None else []
    after = [seq for seq in said if seq not in arrived]
    return tuple(Promise(HANDOFF, seq) for seq in opens + after)


def broken(
    db: sqlite3.Connection, stream: int, promises: tuple[Promise, ...]
) -> tuple[Promise, ...]:
    """Return those of which nothing will come: neither kept nor to be."""
    return tuple(each for each in promises if not _is_kept(db, stream, each))


def renew(
    db: Database, site: str, stream: int, promises: tuple[Promise, ...], now: Millis
) -> None:
    """Have what was promised leave after all, in its order."""
    for kind, seq in promises:
        at = now if kind == BOT_CALL else now - TRIED_MS
        outgoing.queue_again(db, row(site, kind, stream, seq, at), now)


def _handed_over(db: sqlite3.Connection, stream: int) -> int:
    """Return where a chat was handed over that another system has, or is to have."""
    seqs = [
        record.seq
        for record in queries.of_kind(db, stream, "handoff")
        if isinstance(body := codec.from_record(record).body, HandoffChanged)
        and (body.state, body.target in ELSEWHERE) == ("accepted", True)
    ]
    return seqs[-1] if seqs else 0


def _is_kept(db: sqlite3.Connection, stream: int, promise: Promise) -> bool:
    kind, seq = promise
    if outgoing.is_due(db, kind, key(stream, seq)):
        return True
    return kind == HANDOFF and seq in relays.arrived(db, stream)
