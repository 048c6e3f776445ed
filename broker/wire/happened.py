"""What came of a payload, as a `ClientSession` tells its owner."""

from typing import NamedTuple

from actors.ids import ChatId
from broker.wire.frames import Badge, Closing, Eph, Live
from broker.wire.heard import Event, Fields, Greeting, InboxChange, Refusal, Reply


class Answered(NamedTuple):
    """A request was accepted; a write is durable."""

    id: str
    reply: Reply
    fields: Fields
    """All that the answer says."""


class Refused(NamedTuple):
    """A request changed nothing, and will not be repeated."""

    id: str
    refusal: Refusal
    fields: Fields


class Postponed(NamedTuple):
    """A request was refused for now; `retry` sends it again, with what followed it."""

    id: str
    refusal: Refusal


class Noticed(NamedTuple):
    """A notice to the person, of no chat's journal."""

    kind: str
    fields: Fields


class Resynced(NamedTuple):
    """The server was set back: forget the chat, it comes again from its start."""

    chat: ChatId


class Vanished(NamedTuple):
    """The chat is no longer within reach."""

    chat: ChatId


Happened = (
    Event
    | Answered
    | Refused
    | Postponed
    | Live
    | Eph
    | InboxChange
    | Badge
    | Noticed
    | Greeting
    | Closing
    | Resynced
    | Vanished
)
