"""What is asked of a chat by those who talk in it."""

from typing import Annotated

from msgspec import Meta

from actors.ids import Seq
from broker.wire.fields import MAX_PAGE, Blobs, Chat, Position, Word
from broker.wire.forms import Request, Signal

MAX_PAGE_URL = 2048
"""Characters of the address of a page."""


class ChatStart(Request, frozen=True, gc=False, tag="chat.start"):
    """Begin a chat, or go on in the one that runs; its id is in the answer."""

    text: str | None = None
    blobs: Blobs = ()
    faqs: tuple[Word, ...] = ()
    legal_ack: bool = False
    page: Annotated[str, Meta(max_length=MAX_PAGE_URL)] | None = None
    """The address of the page; with `lang` and `country` for routing rules alone."""
    lang: Word | None = None
    country: Word | None = None


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
    if_head: Position | None = None
    """From agents: refuse with `stale_head` if the shopper has said more than this."""


class Rate(Request, frozen=True, gc=False, tag="rate"):
    """How `chat` was, from 1 to 5, now that it is over."""

    chat: Chat
    score: Annotated[int, Meta(ge=1, le=5)]
    text: str | None = None


class HandoffAnswer(Request, frozen=True, gc=False, tag="handoff.answer"):
    """A person is to answer me in `chat`, or the bot may go on."""

    chat: Chat
    yes: bool


class MsgSend(Request, frozen=True, gc=False, tag="msg.send"):
    """Say something in `chat`. `hold`: I am still looking into it."""

    chat: Chat
    text: str | None = None
    blobs: Blobs = ()
    macro: Word | None = None
    hold: bool = False
    if_head: Position | None = None
    """Refuse with `stale_head` if somebody else has stepped in after this."""


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
