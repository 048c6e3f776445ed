"""Events and states as bytes: the form that lives as long as the journal.

Bodies are msgpack maps with readable keys, one per event, in the record's `body`; who,
when, what kind and which command stand beside it in columns. A field may be added with
a default. Any other change of a kind takes a new version and an upcaster here, and the
old bytes stay as they are. Snapshots are a cache: of another version or damaged, they
are dropped and the journal is folded from the beginning.
"""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from sys import intern
from typing import get_args

import msgspec

from actors.chat.erasing import redacted
from actors.chat.events import AnyBody, Event, Noted, Said
from actors.chat.state import ChatState, evolve
from actors.ids import Millis, Person, Seq
from storage.records import DAMAGED, Record, SnapshotRow

SNAPSHOT_VERSION = 9
"""Of `ChatState`'s form; raised with any change of it or of `evolve`."""
DIGEST_BYTES = 8
"""Of checksum in front of a snapshot: chance damage shows, nothing more is meant."""


class UnreadableRecordError(Exception):
    """The journal holds an event that this program cannot read.

    The chat it belongs to cannot be loaded; no other is touched.
    """


class StaleSnapshotError(Exception):
    """The snapshot is damaged or of another version: fold the journal instead."""


class Form(msgspec.Struct, frozen=True):
    """How a kind of event is read now."""

    ver: int
    decode: Callable[[bytes], AnyBody]


def _forms() -> dict[str, Form]:
    bodies: tuple[type[AnyBody], ...] = get_args(AnyBody)
    return {
        body.kind: Form(body.ver, msgspec.msgpack.Decoder(body).decode)
        for body in bodies
    }


_FORMS = _forms()
_encode = msgspec.msgpack.Encoder().encode
_encode_sorted = msgspec.msgpack.Encoder(order="sorted").encode
_decode_state = msgspec.msgpack.Decoder(ChatState).decode
# What a decoder says to bytes that are not what it expects.
_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError)

Upcaster = Callable[[bytes], bytes]
UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""From a kind's old version to the bytes of the next."""


def to_record(event: Event, seq: Seq, prev: Seq) -> Record:
    """Return `event` as the journal keeps it; `prev` is the shopper's one before it."""
    body = event.body
    text = body.text if type(body) is Said or type(body) is Noted else None
    packed = _encode(body)
    blobs = body.blobs if type(body) is Said else ()
    return Record(
        seq,
        prev,
        event.at,
        body.kind,
        event.by,
        event.id,
        packed,
        text,
        body.ver,
        blobs,
    )


def from_record(record: Record) -> Event:
    """Return the event in `record`.

    Raises:
        UnreadableRecordError: its kind, version or form is unknown.
    """
    form = _FORMS.get(record.kind)
    body, ver = record.body, record.ver
    if form is None:
        raise UnreadableRecordError(f"unknown kind {record.kind!r} at {record.seq}")
    while ver != form.ver:
        upcast = UPCASTERS.get((record.kind, ver))
        if upcast is None:
            why = "that is not as it was written" if ver == DAMAGED else f"of {ver=}"
            what = f"{record.kind} {why} at {record.seq}"
            raise UnreadableRecordError(what)
        body, ver = upcast(body), ver + 1
    try:
        decoded = form.decode(body)
    except _UNDECODABLE as error:
        raise UnreadableRecordError(f"{record.kind} at {record.seq}") from error
    # Shared: states keep it, for each chat of an agent and each event of a shopper.
    by = Person(intern(record.by))
    return Event(by, Millis(record.at), decoded, record.id)


def without_words(record: Record) -> tuple[bytes, int] | None:
    """Return what is left of a body when it is erased, and its version.

    `None`: all of it may stay.

    Raises:
        UnreadableRecordError: its kind, version or form is unknown.
    """
    body = from_record(record).body
    left = redacted(body)
    return None if left == body else (_encode(left), left.ver)


def to_snapshot(stream: int, state: ChatState, at: Millis) -> SnapshotRow:
    """Return `state` as the snapshot table keeps it."""
    packed = _encode(state)
    return SnapshotRow(
        stream, state.seq, SNAPSHOT_VERSION, at, _digest(packed) + packed
    )


def from_snapshot(row: SnapshotRow) -> ChatState:
    """Return the state in `row`.

    Raises:
        StaleSnapshotError: it is damaged or of another version.
    """
    digest, packed = row.state[:DIGEST_BYTES], row.state[DIGEST_BYTES:]
    what = f"snapshot of stream {row.stream} at {row.seq}"
    if row.ver != SNAPSHOT_VERSION or _digest(packed) != digest:
        raise StaleSnapshotError(what)
    try:
        state = _decode_state(packed)
    except _UNDECODABLE as error:
        raise StaleSnapshotError(what) from error
    if state.seq != row.seq:
        raise StaleSnapshotError(what)
    _share(state)
    return state


def _share(state: ChatState) -> None:
    """Let `state` have one object for what is the same, as if its events had made it.

    Decoded, each name is a string of its own, and each moment a number.
    """
    state.site, state.channel = intern(state.site), intern(state.channel)
    state.shopper = Person(intern(state.shopper))
    state.said_by = Person(intern(state.said_by))
    state.word.by = Person(intern(state.word.by))
    state.seen = {intern(who): ids for who, ids in state.seen.items()}
    state.cursors = {intern(who): at for who, at in state.cursors.items()}
    if state.assignee is not None:
        state.assignee = intern(state.assignee)
    if state.team is not None:
        state.team = intern(state.team)
    clocks = state.clocks
    same = {each: each for each in (clocks.begun, state.opened_at, state.last_at)}
    clocks.begun = same[clocks.begun]
    state.opened_at, state.last_at = same[state.opened_at], same[state.last_at]
    if state.answered_at is not None:
        state.answered_at = same.get(state.answered_at, state.answered_at)
    if state.idle_since is not None:
        state.idle_since = same.get(state.idle_since, state.idle_since)


def state_hash(state: ChatState) -> str:
    """Return a hash of all of `state`; equal states have equal hashes (U3)."""
    return blake2b(_encode_sorted(state), digest_size=16).hexdigest()


def fold(state: ChatState, records: Iterable[Record]) -> ChatState:
    """Return `state`, moved past `records`.

    Raises:
        UnreadableRecordError: one of them is of an unknown form, or out of its place.
    """
    for record in records:
        if record.seq != state.seq + 1:
            raise UnreadableRecordError(f"{record.seq} follows {state.seq}")
        evolve(state, from_record(record))
    return state


def _digest(packed: bytes) -> bytes:
    return blake2b(packed, digest_size=DIGEST_BYTES).digest()
