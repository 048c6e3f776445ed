"""Who the person in a chat is, and what they did."""

from typing import Annotated

import msgspec
from msgspec import Meta

from broker.wire.fields import MAX_ID, Chat, Moment, Word
from broker.wire.forms import Request

MAX_EVENTS = 100
MAX_KINDS = 32
EventId = Annotated[str, Meta(max_length=MAX_ID)]


class Place(msgspec.Struct, frozen=True, gc=False):
    """A place in a history: just before the event with this moment and id."""

    at: Moment
    id: EventId


class ProfileGet(Request, frozen=True, gc=False, tag="profile.get"):
    """Tell me who the person in `chat` is."""

    chat: Chat


class ProfileEvents(Request, frozen=True, gc=False, tag="profile.events"):
    """Tell me what the person did, newest first, `before` an event or not."""

    chat: Chat
    before: Place | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_EVENTS)] = 50
    kinds: Annotated[tuple[Word, ...], Meta(max_length=MAX_KINDS)] = ()
    """None: all."""
