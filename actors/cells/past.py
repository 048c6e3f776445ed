"""A chat brought back from the journal.

These run in the reader's thread, one query each: what they build is handed over whole.
"""

import logging
import sqlite3
from sys import intern

import msgspec

from actors import codec
from actors.cells.names import called
from actors.chat.state import ChatState
from actors.ids import Millis, Seq
from storage import accounts, queries, snapshots
from storage.queries import PAGE
from storage.records import Record

TAIL = 16
"""Events up to the head that are read even if a snapshot has them: most who have a chat
loaded open it, and would have them read on their own. It takes 1 us each."""

log = logging.getLogger(__name__)


class Found(msgspec.Struct, frozen=True):
    """What the journal has of a chat; of one that is not there, a state without seq."""

    state: ChatState
    snapshot_seq: Seq
    """Up to where a snapshot has it; 0 if there is none, or none of any use."""
    due: Millis | None = None
    """When it is to be woken, as its row has it."""
    name: str = ""
    """What its shopper is called."""
    records: tuple[Record, ...] = ()
    """A page of its events, the last ones among them unless there are many."""


def find(db: sqlite3.Connection, stream: int, chat: str) -> Found:
    """Return `chat`, whose journal is `stream`, as it is now.

    Raises:
        UnreadableRecordError: an event in it cannot be read.
    """
    ticket = queries.ticket(db, stream)
    if ticket is None or ticket.chat != chat:
        # Not there; or right stream, wrong secret, which is to look the same.
        return Found(ChatState(), Seq(0))
    state = _from_snapshot(db, stream, None)
    snapshot_seq = state.seq
    records = queries.page(db, stream, max(0, min(snapshot_seq, ticket.seq - TAIL)))
    codec.fold(state, [record for record in records if record.seq > snapshot_seq])
    if len(records) == PAGE:
        _fold_on(db, stream, state, None)
    # The same for thousands of chats, or in memory already.
    state.chat = chat
    state.site, state.channel = intern(state.site), intern(state.channel)
    profile = accounts.profile(db, ticket.site, ticket.profile)
    due = None if ticket.due is None else Millis(ticket.due)
    name = called(profile) if profile else ""
    return Found(state, snapshot_seq, due, name, tuple(records))


def state_at(db: sqlite3.Connection, stream: int, seq: Seq) -> ChatState:
    """Return the state of the chat of `stream` as it was after `seq`.

    Raises:
        UnreadableRecordError: an event before that cannot be read.
    """
    state = _from_snapshot(db, stream, seq)
    _fold_on(db, stream, state, seq)
    return state


def _from_snapshot(db: sqlite3.Connection, stream: int, upto: Seq | None) -> ChatState:
    """Return the state in the newest snapshot, or an empty one if it is of no use."""
    snapshot = snapshots.latest(db, stream)
    if snapshot is None or (upto is not None and snapshot.seq > upto):
        return ChatState()
    try:
        return codec.from_snapshot(snapshot)
    except codec.StaleSnapshotError as stale:
        log.warning("%s is of no use; folding the journal instead", stale)
        return ChatState()


def _fold_on(
    db: sqlite3.Connection, stream: int, state: ChatState, upto: Seq | None
) -> None:
    """Move `state` to `upto`, or as far as there are events."""
    while upto is None or state.seq < upto:
        limit = PAGE if upto is None else min(PAGE, upto - state.seq)
        records = queries.page(db, stream, state.seq, limit)
        codec.fold(state, records)
        if len(records) < limit:
            return
