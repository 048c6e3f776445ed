"""Every frame that may cross the wire, as protocol sections 3 and 4 have them.

Client frames are told apart by `op`, server frames by `t`. Limits on fields are checked
while decoding; what a text may say is judged by the rules of the chat. Unknown fields
are skipped on both sides, so that either may be newer than the other.

An optional field that is absent is not sent at all: `UNSET` (or the default) stands for
it here. A field without a default is always sent, `0` and `null` included.

To add an operation, write one struct in the module of `operations` that it belongs to
and name it in `ClientFrame`.
"""

from typing import get_args

import msgspec
from msgspec import UNSET, UnsetType

from actors.ids import ChatId, Millis, Person, Seq
from broker.wire.forms import FromClient, Request, Signal
from broker.wire.operations.chat import (
    ChatEnd,
    ChatHistory,
    ChatLeave,
    ChatOpen,
    ChatStart,
    Got,
    HandoffAnswer,
    MsgSend,
    Rate,
    Read,
    Typing,
)
from broker.wire.operations.faq import FaqDone, FaqPick
from broker.wire.operations.inbox import InboxClose, InboxOpen, Stats, TicketUnread
from broker.wire.operations.macro import MacroList, MacroRender
from broker.wire.operations.presence import PresenceSet
from broker.wire.operations.profile import Place, ProfileEvents, ProfileGet
from broker.wire.operations.search import Search
from broker.wire.operations.session import Bye, Hello, Identify
from broker.wire.operations.ticket import (
    ControlRelease,
    ControlTake,
    NoteAdd,
    TicketAssign,
    TicketSnooze,
    TicketTag,
    TicketTransfer,
    TicketWake,
    TransferAnswer,
    View,
)

__all__ = [
    "OPERATIONS",
    "SIGNALS",
    "Answer",
    "Badge",
    "Bye",
    "ChatEnd",
    "ChatHistory",
    "ChatLeave",
    "ChatOpen",
    "ChatOpened",
    "ChatStart",
    "ClientFrame",
    "Closing",
    "ControlRelease",
    "ControlTake",
    "Eph",
    "Err",
    "Ev",
    "FaqDone",
    "FaqPick",
    "FromClient",
    "FromServer",
    "Got",
    "HandoffAnswer",
    "Hello",
    "HistoryRead",
    "Hit",
    "Identify",
    "InboxClose",
    "InboxOpen",
    "InboxOpened",
    "Ix",
    "Live",
    "MacroList",
    "MacroRender",
    "MsgSend",
    "NoteAdd",
    "Ok",
    "Place",
    "PresenceSet",
    "ProfileEvents",
    "ProfileGet",
    "Push",
    "Rate",
    "Read",
    "Request",
    "Search",
    "SearchDone",
    "Server",
    "Signal",
    "Stats",
    "StatsTaken",
    "Ticket",
    "TicketAssign",
    "TicketSnooze",
    "TicketTag",
    "TicketTransfer",
    "TicketUnread",
    "TicketWake",
    "TransferAnswer",
    "Typing",
    "View",
    "Welcome",
]

ClientFrame = (
    MsgSend
    | Typing
    | Read
    | Got
    | View
    | Hello
    | Identify
    | Bye
    | FaqPick
    | FaqDone
    | ChatStart
    | ChatOpen
    | ChatLeave
    | ChatHistory
    | ChatEnd
    | NoteAdd
    | TicketAssign
    | TicketSnooze
    | TicketWake
    | TicketTag
    | TicketTransfer
    | TransferAnswer
    | Rate
    | HandoffAnswer
    | ControlTake
    | ControlRelease
    | PresenceSet
    | InboxOpen
    | InboxClose
    | TicketUnread
    | Stats
    | Search
    | MacroList
    | MacroRender
    | ProfileGet
    | ProfileEvents
)

OPERATIONS: dict[str, type[FromClient]] = {
    str(frame.__struct_config__.tag): frame for frame in get_args(ClientFrame)
}
"""By name."""
SIGNALS = frozenset({"typing", "view"})
"""Operations without an id: a bad one is dropped, since there is nothing to answer."""


class FromServer(
    msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag_field="t"
):
    """Base of what the broker says."""


class Server(msgspec.Struct, frozen=True, gc=False):
    """Which program answers."""

    name: str
    version: str


class Ticket(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A chat as lists show it."""

    chat: ChatId
    site: str
    channel: str
    icon: str
    status: str
    profile: str
    name: str
    preview: str
    unread: bool
    assignee: str | None
    tags: tuple[str, ...]
    control: str
    waiting_since: Millis | None
    last_at: Millis
    opened_at: Millis
    flags: tuple[str, ...]
    until: Millis | UnsetType = UNSET
    team: str | UnsetType = UNSET
    previous: ChatId | UnsetType = UNSET
    silent_since: Millis | UnsetType = UNSET
    """Since when the shopper, who waits, has heard nothing (spec U6)."""


class Welcome(FromServer, frozen=True, gc=False, tag="welcome"):
    """You are `who`; this is what holds here."""

    re: str
    session: str
    epoch: str
    who: Person
    role: str
    site: str
    server: Server
    now: Millis
    heartbeat_s: int
    limits: dict[str, float]
    chat: ChatId | None
    """The shopper's open chat."""
    config: msgspec.Struct | msgspec.Raw | UnsetType = UNSET
    desk: msgspec.Struct | UnsetType = UNSET
    """What an agent works with."""
    anon: str | UnsetType = UNSET


class Answer(FromServer, frozen=True, gc=False, tag="ok"):
    """Request `re` is done. Base of the forms that carry more."""

    re: str


class Ok(Answer, frozen=True, gc=False, tag="ok"):
    """Done; for a write, durable. With `seq` it stands for that event."""

    chat: ChatId | UnsetType = UNSET
    seq: Seq | UnsetType = UNSET
    prev: Seq | UnsetType = UNSET
    at: Millis | UnsetType = UNSET
    dup: bool = False
    """It was done before: this is the first answer again."""
    existing: bool | UnsetType = UNSET
    """Whether `chat.start` found a chat that runs already."""
    already: bool = False
    """There was nothing left to do: the chat had ended before."""
    body_differs: bool = False
    """The same id came with another body before; that one stands."""


class ChatOpened(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `chat.open`; the events follow."""

    chat: ChatId
    head: Seq
    ticket: Ticket


class Err(FromServer, frozen=True, gc=False, tag="err", rename={"origin": "from"}):
    """Request `re` changed nothing, because of `code` (see `broker.wire.errors`)."""

    re: str
    code: str
    message: str
    retry: bool
    chat: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    """The field at fault, as `$.text`."""
    reason: str | UnsetType = UNSET
    limit: int | UnsetType = UNSET
    head: int | UnsetType = UNSET
    retry_ms: int | UnsetType = UNSET
    origin: str | UnsetType = UNSET
    to: str | UnsetType = UNSET
    holder: str | UnsetType = UNSET
    """Who has what the asker wanted."""
    start_new: bool | UnsetType = UNSET
    names: tuple[str, ...] | UnsetType = UNSET


class Ev(FromServer, frozen=True, gc=False, tag="ev"):
    """Something happened; `prev` shows the receiver whether an event is missing."""

    chat: ChatId
    seq: Seq
    prev: Seq
    at: Millis
    by: Person
    kind: str
    body: msgspec.Struct | msgspec.Raw
    """A `Raw` must be in the subprotocol's own form."""


class HistoryRead(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `chat.history`, oldest first; `more` if there is anything before."""

    events: tuple[Ev, ...]
    more: bool


class Hit(msgspec.Struct, frozen=True, gc=False):
    """Where something was found."""

    chat: ChatId
    seq: Seq
    at: Millis
    by: Person
    kind: str
    """`msg`, `note`, or `name` if it is the shopper's."""
    name: str
    status: str
    channel: str
    assignee: str | None
    snippet: tuple[str, ...]
    """Plain text; every second part is what was looked for."""


class SearchDone(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `search`; with `cursor`, ask again for what may come after."""

    hits: tuple[Hit, ...]
    cursor: str | UnsetType = UNSET


class Live(FromServer, frozen=True, gc=False, tag="live"):
    """All you may see up to `upto` has been sent."""

    chat: ChatId
    upto: Seq


class Eph(FromServer, frozen=True, gc=False, tag="eph"):
    """`by` is typing, thinking or viewing, or no longer."""

    chat: ChatId
    what: str
    by: Person
    on: bool
    note: bool = False


class InboxOpened(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `inbox.open`; what changes follows as `ix`."""

    ix: int
    rows: tuple[Ticket, ...]
    badge: int
    more: bool
    """Whether there is anything behind the last row: ask with `cursor`."""
    full: bool
    """Whether the rows stand in place of all the client has of this view."""
    cursor: str | UnsetType = UNSET


class StatsTaken(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `stats`."""

    waiting: int
    """Open tickets whose shopper waits for an answer."""
    oldest_wait: Millis | None
    """For how long the one has waited who waits longest."""
    unassigned: int
    overdue: int
    snoozed_due_today: int
    agents_online: int
    agents_full: int
    """Of those, who have as many open tickets as they may."""


class Ix(FromServer, frozen=True, gc=False, tag="ix"):
    """The agent's inbox changed: `row` is new, or `gone` has left it."""

    ix: int
    iprev: int
    row: Ticket | UnsetType = UNSET
    gone: ChatId | UnsetType = UNSET


class Badge(FromServer, frozen=True, gc=False, tag="badge"):
    """How many tickets wait with a dot."""

    n: int


class Push(FromServer, frozen=True, gc=False, tag="push"):
    """A notice of `kind`. Base of the forms that carry more."""

    kind: str
    chat: ChatId | UnsetType = UNSET


class Closing(FromServer, frozen=True, gc=False, tag="closing"):
    """The connection is about to close with `code`."""

    code: int
    reason: str
    reconnect_after_ms: int
