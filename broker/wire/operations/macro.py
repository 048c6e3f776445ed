"""Texts that agents have ready."""

from typing import Annotated

import msgspec
from msgspec import Meta

from broker.wire.fields import Chat, Word
from broker.wire.forms import Request

MAX_VARS = 50
MAX_VALUE = 2000
"""Values that an agent adds to a macro, and characters of one."""


class MacroList(Request, frozen=True, gc=False, tag="macro.list"):
    """Send me all macros of the shop, as templates."""


class MacroRender(Request, frozen=True, gc=False, tag="macro.render"):
    """Fill in `macro` for `chat`, with values of my own in `vars`; nothing is sent."""

    chat: Chat
    macro: Word
    vars: Annotated[
        dict[Word, Annotated[str, Meta(max_length=MAX_VALUE)]],
        Meta(max_length=MAX_VARS),
    ] = msgspec.field(default_factory=dict)
