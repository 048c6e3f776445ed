"""What an audit finds: a promise that is broken, or something to look after (U8)."""

from typing import Literal

import msgspec

Broken = Literal["unlisted", "misplaced", "unarmed", "asleep", "unsent", "unreadable"]
"""`unlisted`: the chat stands in no list. `misplaced`: it stands elsewhere than its
events say. `unarmed`: nothing will wake it when it should. `asleep`: the moment to wake
it has passed. `unsent`: nothing will ask the bot that has to answer, or tell the system
that has the chat. `unreadable`: nobody can say."""
Noticed = Literal[
    "unassigned",
    "agent_offline",
    "closed_on_question",
    "ended_overdue",
    "undelivered",
]
"""Nothing is broken, but somebody should know."""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of them; of what people say there is nothing in it."""

    why: Broken | Noticed
    site: str = ""
    chat: str = ""
    broken: bool = False
    agent: str | None = None
    since: int | None = None
    """Milliseconds since 1970: since when it is so."""
    detail: str | None = None
