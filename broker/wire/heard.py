"""What a client understands of a server's frames, which may be newer than the client.

The broker's own structs say exactly what it sends; these take what any version 1 broker
may send: unknown fields are skipped, unknown kinds of event come as they are, and a
frame with an unknown `t` is an `Unknown`.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actors.ids import ChatId, Millis, Person, Seq
from broker.wire.frames import Badge, Closing, Eph, FromServer, Live, Server

Fields = dict[str, Any]
"""A body or document whose form depends on a kind, perhaps one not known here."""


class Greeting(FromServer, frozen=True, gc=False, tag="welcome"):
    """The answer to a hello."""

    re: str
    session: str
    epoch: str
    who: Person
    role: str
    site: str
    server: Server
    now: Millis
    heartbeat_s: int
    limits: Fields
    chat: ChatId | None = None
    config: Fields | UnsetType = UNSET
    anon: str | UnsetType = UNSET


class Event(FromServer, frozen=True, gc=False, tag="ev"):
    """Something happened in a chat."""

    chat: ChatId
    seq: Seq
    prev: Seq
    at: Millis
    by: Person
    kind: str
    body: Fields


class Reply(FromServer, frozen=True, gc=False, tag="ok"):
    """The answer to a request; what only one operation answers is left to `fields`."""

    re: str
    chat: ChatId | UnsetType = UNSET
    seq: Seq | UnsetType = UNSET
    prev: Seq | UnsetType = UNSET
    at: Millis | UnsetType = UNSET
    dup: bool = False
    existing: bool = False
    body_differs: bool = False
    head: Seq | UnsetType = UNSET


class Refusal(FromServer, frozen=True, gc=False, tag="err"):
    """A request was refused; nothing has changed."""

    re: str
    code: str
    message: str = ""
    retry: bool = False
    chat: ChatId | UnsetType = UNSET
    path: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    head: Seq | UnsetType = UNSET
    retry_ms: int | UnsetType = UNSET


class InboxChange(FromServer, frozen=True, gc=False, tag="ix"):
    """The agent's inbox changed."""

    ix: int
    iprev: int
    row: Fields | UnsetType = UNSET
    gone: ChatId | UnsetType = UNSET


class Notice(FromServer, frozen=True, gc=False, tag="push"):
    """A notice of `kind`; what it says is left to `fields`."""

    kind: str
    chat: ChatId | None = None


Known = (
    Event
    | Reply
    | Refusal
    | Live
    | Eph
    | InboxChange
    | Badge
    | Notice
    | Greeting
    | Closing
)


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """A frame from a newer server."""

    t: str


Heard = Known | Unknown
