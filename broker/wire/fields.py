"""What a field of a client's frame may hold; checked while decoding."""

from typing import Annotated

import msgspec
from msgspec import Meta

from actors.ids import AgentId, ChatId, Millis, Seq

MAX_ID = 64
"""Characters of any id, and bytes of a request's `id` (the codec counts those)."""
MAX_BLOBS = 100
"""Names of images in a frame; how many go with a message is for the chat to say."""
MAX_TAGS = 50
"""Tags in one request; as many as a ticket may have."""
MAX_PAGE = 200
"""Events in one page of history."""

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Word = Annotated[str, Meta(max_length=MAX_ID)]
Chat = Annotated[ChatId, Meta(max_length=MAX_ID)]
Agent = Annotated[AgentId, Meta(max_length=MAX_ID)]
Tags = Annotated[tuple[str, ...], Meta(max_length=MAX_TAGS)]
Target = Annotated[AgentId, Meta(max_length=MAX_ID + len("team:"))]
"""An agent, or `team:` and a team's id."""
Blobs = Annotated[tuple[Word, ...], Meta(max_length=MAX_BLOBS)]
Position = Annotated[Seq, Meta(ge=0, lt=2**53)]
"""Exact in JavaScript too, as are all numbers here."""
Moment = Annotated[Millis, Meta(ge=0, lt=2**53)]


class Client(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Which program speaks."""

    name: Word
    version: Word = ""


class Resume(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a returning client has already: its position in each chat."""

    chats: dict[Chat, Position]
    epoch: str | None = None
