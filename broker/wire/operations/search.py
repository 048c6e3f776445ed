"""Looking for what was said."""

from typing import Annotated, Literal

from msgspec import Meta

from broker.wire.fields import Agent, Moment, Word
from broker.wire.forms import Request

MAX_HITS = 50
"""In one answer (spec F56)."""


class Search(Request, frozen=True, gc=False, tag="search", rename={"since": "from"}):
    """Find messages, notes and names in which all words of `q` begin a word.

    The newest first; `agent`: whose tickets.
    """

    q: Annotated[str, Meta(max_length=200)]
    status: Literal["open", "snoozed", "closed"] | None = None
    channel: Literal["chat", "sms"] | None = None
    agent: Agent | None = None
    since: Moment | None = None
    to: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_HITS)] = 20
    cursor: Word | None = None
