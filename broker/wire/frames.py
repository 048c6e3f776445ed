"""Every frame that may cross the wire, as protocol sections 3 and 4 have them.

Client frames are told apart by `op`, server frames by `t`. Limits on fields are checked
while decoding; what a text may say is judged by the rules of the chat. Unknown fields
are skipped on both sides, so that either may be newer than the other.

An optional field that is absent is not sent at all: `UNSET` (or the default) stands for
it here. A field without a default is always sent, `0` and `null` included.

To add an operation, write one struct and name it in `ClientFrame`.
"""

from typing import Annotated, ClassVar, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from actors.ids import ChatId, Millis, Person, Seq
from broker.wire.fields import (
    MAX_PAGE,
    Agent,
    Blobs,
    Chat,
    Client,
    Id,
    Moment,
    Position,
    Resume,
    Word,
)


class FromClient(
    msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag_field="op"
):
    """Base of what a client says."""


class Request(FromClient, frozen=True, gc=False):
    """Answered by an `ok` or an `err` with the same id; for a write, also its key."""

    id: Id


class Signal(FromClient, frozen=True, gc=False):
    """Never answered, whatever becomes of it."""

    id: ClassVar[str] = ""


class Hello(Request, frozen=True, gc=False, tag="hello"):
    """The first frame: who I am, and what I have. Without a token: a visitor."""

    token: str | None = None
    anon: str | None = None
    client: Client | None = None
    site: Word | None = None
    resume: Resume | None = None


class Identify(Request, frozen=True, gc=False, tag="identify"):
    """A visitor signs in, or anyone renews a token."""

    token: str


class Bye(Request, frozen=True, gc=False, tag="bye"):
    """I am leaving; close with 1000."""


class ChatStart(Request, frozen=True, gc=False, tag="chat.start"):
    """Begin a chat, or go on in the one that runs; its id is in the answer."""

    text: str | None = None
    blobs: Blobs = ()
    faqs: tuple[Word, ...] = ()
    legal_ack: bool = False


class ChatOpen(Request, frozen=True, gc=False, tag="chat.open"):
    """Send me what I may see after `after`, then all that happens."""

    chat: Chat
    after: Position = Seq(0)
    epoch: str | None = None


class ChatLeave(Request, frozen=True, gc=False, tag="chat.leave"):
    """Send me nothing more of `chat`."""

    chat: Chat


class ChatHistory(Request, frozen=True, gc=False, tag="chat.history"):
    """Send me a page of what came before `before`."""

    chat: Chat
    before: Position
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 50


class ChatEnd(Request, frozen=True, gc=False, tag="chat.end"):
    """Close `chat` for good."""

    chat: Chat
    no_csat: bool = False


class MsgSend(Request, frozen=True, gc=False, tag="msg.send"):
    """Say something in `chat`. `hold`: I am still looking into it."""

    chat: Chat
    text: str | None = None
    blobs: Blobs = ()
    macro: Word | None = None
    hold: bool = False
    if_head: Position | None = None
    """Refuse with `stale_head` if the chat has gone further than this."""


class NoteAdd(Request, frozen=True, gc=False, tag="note.add"):
    """Leave a note that only agents see."""

    chat: Chat
    text: str


class Typing(Signal, frozen=True, gc=False, tag="typing"):
    """I am typing in `chat` (a note if `note`), or no longer."""

    chat: Chat
    on: bool
    note: bool = False


class Read(Request, frozen=True, gc=False, tag="read"):
    """I have seen everything up to `seq`."""

    chat: Chat
    seq: Position


class Got(Request, frozen=True, gc=False, tag="got"):
    """I have received everything up to `seq`."""

    chat: Chat
    seq: Position


class TicketAssign(Request, frozen=True, gc=False, tag="ticket.assign"):
    """Give the ticket to the agent `to`, or to nobody."""

    chat: Chat
    to: Agent | None
    force: bool = False


class TicketSnooze(Request, frozen=True, gc=False, tag="ticket.snooze"):
    """Put the ticket aside until `until`, or as the preset says."""

    chat: Chat
    until: Moment | None = None
    preset: Word | None = None


class TicketWake(Request, frozen=True, gc=False, tag="ticket.wake"):
    """Bring a snoozed ticket back."""

    chat: Chat


class PresenceSet(Request, frozen=True, gc=False, tag="presence.set"):
    """Say myself whether I am there, whatever my connections say."""

    state: Literal["online", "away", "offline"]


class View(Signal, frozen=True, gc=False, tag="view"):
    """I have `chat` on the screen, or no longer."""

    chat: Chat
    on: bool


ClientFrame = (
    MsgSend
    | Typing
    | Read
    | Got
    | View
    | Hello
    | Identify
    | Bye
    | ChatStart
    | ChatOpen
    | ChatLeave
    | ChatHistory
    | ChatEnd
    | NoteAdd
    | TicketAssign
    | TicketSnooze
    | TicketWake
    | PresenceSet
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
    limits: msgspec.Struct | dict[str, int]
    chat: ChatId | None
    """The shopper's open chat."""
    config: msgspec.Struct | msgspec.Raw | UnsetType = UNSET
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


ServerFrame = FromServer
"""What an encoder takes: the structs above, and those that other modules add."""
