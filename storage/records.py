"""What the journal stores, and the jobs its threads take.

Storage knows streams, records and rows; what a chat means is decided elsewhere. Every
type here may cross from the loop's thread to a storage thread and back, so nothing in
one changes after it was queued, but for the outcome that the thread fills in.
"""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec
from sqlite_utils import Database

from storage.errors import Unstorable

DAMAGED = 0
"""Version of a body of which nothing can be believed."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One journaled event of one stream."""

    seq: int
    """Position in the stream, from 1 without a gap."""
    prev: int
    """Seq of the record before it that outsiders may see too; 0 if there is none."""
    at: int
    kind: str
    by: str
    id: str
    """The command that asked for it; empty for what came along or was not asked for."""
    body: bytes
    text: str | None = None
    """What the message table shows; `None` if it is no message, and when read back."""
    ver: int = 1
    """Version of the body's form: old forms are brought up to date when read."""
    blobs: tuple[str, ...] = ()
    """The images it names; none when read back."""


class TicketRow(NamedTuple):
    """A chat as lists show it; written once per batch, in the commit of its events."""

    stream: int
    chat: str
    site: str
    profile: str
    channel: str
    status: str
    until: int | None
    assignee: str | None
    control: str
    preview: str
    waiting_since: int | None
    opened_at: int
    last_at: int
    closed_at: int | None
    seq: int
    due: int | None
    """When the chat wants to be woken, for one indexed scan at start."""
    previous: str | None
    team: str | None = None
    """Whose queue it is in when it is nobody's; `None`: everybody's."""
    shopper_said: int = 0
    """Seq of the shopper's last message: who has read less has something unread."""
    said_by: str = ""
    """Whose words the preview is; empty if nobody has said anything."""
    missed: int = 0
    """How often a check-in was missed in the shopper's present wait."""
    tags: str = "[]"
    """A list in JSON; storage does not look inside."""
    silent_since: int | None = None
    """When the shopper's present wait without a word from us began."""


class ReadRow(NamedTuple):
    """Up to where an agent has read a stream."""

    stream: int
    agent: str
    read: int


class StartRow(NamedTuple):
    """Which chat the person's `chat.start` with this id led to: for life."""

    site: str
    profile: str
    id: str
    stream: int


class OutgoingRow(NamedTuple):
    """Something that is to leave the process, as `storage.outgoing` takes it out."""

    key: str
    kind: str
    site: str
    line: str
    payload: str
    at: int


class SnapshotRow(NamedTuple):
    """A stream's state after `seq`: a cache, dropped whenever in doubt."""

    stream: int
    seq: int
    ver: int
    at: int
    state: bytes


class Lane:
    """The order of one actor's appends: once one has failed, all that follow fail too.

    The writer thread breaks it before it takes the next batch, so nothing decided
    on a state that never became durable can slip in behind the failure.
    """

    __slots__ = ("broken",)

    def __init__(self) -> None:
        self.broken = False


class Owner(Protocol):
    """Whoever waits for an append."""

    def settled(self, append: "Append") -> None:
        """Learn, on the loop's thread, that `append` is durable or has failed."""


class Append(msgspec.Struct, gc=False):
    """Records and rows of one stream to be committed together.

    Without any it is a barrier: it settles after everything appended before it, and
    fails with its lane.
    """

    stream: int
    records: tuple[Record, ...]
    lane: Lane
    owner: Owner
    subject: object = None
    """Handed back untouched: what the owner was doing."""
    ticket: TicketRow | None = None
    start: StartRow | None = None
    reads: tuple[ReadRow, ...] = ()
    """Of agents alone, and only where they moved."""
    snapshot: SnapshotRow | None = None
    outgoing: tuple[OutgoingRow, ...] = ()
    """What is to leave because of these records."""
    failed: bool = False

    @property
    def barrier(self) -> bool:
        """Whether it writes nothing."""
        return not (self.records or self.ticket or self.start or self.snapshot)


class Change(msgspec.Struct, gc=False):
    """Any other write, in a savepoint of its own: accounts, settings, profiles."""

    write: Callable[[Database], object]
    """Runs in the writer's thread, twice if its batch has to be written once more: it
    has no effect but in the database, never commits, and leaves no cursor open."""
    then: Callable[["Change"], None]
    """Called on the loop's thread once `result` is durable or `error` is known."""
    scrub: bool = False
    """Then empty the WAL too, where what was overwritten would linger (spec U10); a
    reader in its way is waited for, and again at each later batch."""
    lists: bool = True
    """Whether it may write ticket rows: whoever remembers them then forgets."""
    result: object = None
    error: Exception | None = None


class Query(msgspec.Struct, gc=False):
    """A short read beside the writer; it sees what was committed before it began.

    All its statements see the same moment. One that takes longer than `QUERY_S` is
    interrupted: a long read keeps the WAL from shrinking.
    """

    read: Callable[[sqlite3.Connection], object]
    """Runs in the reader's thread and leaves no cursor open."""
    then: Callable[[object], None]
    """Called with the result on the loop's thread, in the order of the queries."""
    otherwise: Callable[[Exception], None] | None = None
    """Called instead if `read` raised; without it the error leaves `Journal.settle`."""
    result: object = None
    error: Exception | None = None


INTEGER_BITS = 63
"""What SQLite's integers hold above zero; binding a larger one raises."""


def storable(text: str) -> bool:
    """Return whether SQLite gives `text` back as it is: no NUL, no lone surrogate."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check(append: Append) -> None:
    """Make sure that SQLite can store `append`, while only its maker is concerned.

    Costs about a microsecond. Texts are joined and numbers or-ed so that each record
    takes one look.

    Raises:
        Unstorable: it cannot; found out by the writer it would cost the lane.
    """
    if append.stream >> INTEGER_BITS:
        raise Unstorable(f"stream {append.stream}")
    for r in append.records:
        texts = r.kind + r.by + r.id + (r.text or "")
        numbers = r.seq | r.prev | r.at | r.ver
        if numbers >> INTEGER_BITS or not storable(texts):
            raise Unstorable(f"record {r.seq} ({r.kind!a})")
    row = append.ticket
    if row is not None:
        numbers = (row.until or 0) | row.last_at | (row.due or 0)
        texts = row.preview + row.profile + row.said_by + row.tags
        if numbers >> INTEGER_BITS or not storable(texts):
            raise Unstorable("a ticket row")
