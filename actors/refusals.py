"""How a rule says no: a value, which cannot be forgotten as an exception can."""

from enum import StrEnum

import msgspec

from actors.chat.events import Event
from actors.ids import Seq


class Reason(StrEnum):
    """Why not; the words are the protocol's codes, told in `broker.wire.errors`."""

    LOGIN_REQUIRED = "login_required"
    TAB_HIDDEN = "tab_hidden"
    CHAT_DISABLED = "chat_disabled"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    BAD_FRAME = "bad_frame"
    BAD_UTF8 = "bad_utf8"
    TOO_BIG = "too_big"
    RATE_LIMITED = "rate_limited"
    CHAT_CLOSED = "chat_closed"
    BAD_STATUS = "bad_status"
    BAD_TIME = "bad_time"
    BAD_CURSOR = "bad_cursor"
    STALE_HEAD = "stale_head"
    RESYNC_REQUIRED = "resync_required"
    NO_BLOB = "no_blob"
    MACRO_MISSING_VAR = "macro_missing_var"
    BAD_BLOB = "bad_blob"
    AGENT_OFFLINE = "agent_offline"
    AGENT_FULL = "agent_full"
    CONFLICT = "conflict"
    ERASED = "erased"
    UNAVAILABLE = "unavailable"
    SHUTTING_DOWN = "shutting_down"


class Newer(msgspec.Struct, frozen=True, gc=False):
    """An event that the asker has not seen, and its place in the journal."""

    seq: Seq
    prev: Seq
    """Seq of the event before it that outsiders may see too, as in the journal."""
    event: Event


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The command changes nothing, and the asker hears why.

    Beside the reason stands only what helps the asker to do better.
    """

    reason: Reason
    path: str | None = None
    """The field at fault, as `$.text`."""
    why: str | None = None
    limit: int | None = None
    head: int | None = None
    status: tuple[str, str] | None = None
    """The change of status that is not allowed: from, to."""
    holder: str | None = None
    """Who has what the asker wanted."""
    names: tuple[str, ...] = ()
    """Values that are missing."""
    start_new: bool = False
    """Whether a new chat is the way to go on."""
    retry_after: int | None = None
    """Milliseconds after which the same request may succeed."""
    after: Seq | None = None
    """Up to where the asker had seen the chat when it wrote (U7)."""
    newer: tuple[Newer, ...] = ()
    """What has happened since, oldest first: the newest, if it is much."""
