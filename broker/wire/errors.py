"""Every code a peer may be told, in one table (protocol section 6).

The documentation page is made from `TABLE`, and a test asks that every code in it is
brought about by some test.
"""

from enum import IntEnum, StrEnum
from typing import NamedTuple, TypedDict, Unpack

from broker.wire.frames import Closing, Err


class Code(StrEnum):
    """Why a request was refused. The rules' own reasons have the same words."""

    AUTH_FAILED = "auth_failed"
    HELLO_TIMEOUT = "hello_timeout"
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
    BAD_BLOB = "bad_blob"
    MACRO_MISSING_VAR = "macro_missing_var"
    AGENT_OFFLINE = "agent_offline"
    AGENT_FULL = "agent_full"
    NO_AGENTS = "no_agents"
    CONFLICT = "conflict"
    HANDOFF_FAILED = "handoff_failed"
    UNAVAILABLE = "unavailable"
    ERASED = "erased"
    SHUTTING_DOWN = "shutting_down"


class Close(IntEnum):
    """Why a connection ended, as the WebSocket close code."""

    BYE = 1000
    PROTOCOL_ERROR = 1002
    WRONG_TYPE = 1003
    """Text where the subprotocol is binary, or the other way round."""
    BAD_TEXT = 1007
    """A text message that is not UTF-8."""
    TOO_BIG = 1009
    RESTARTING = 1012
    OVERLOADED = 1013
    BROKEN = 4000
    """A payload that is none of the subprotocol's frames."""
    AUTH = 4001
    FORBIDDEN = 4003
    SLOW = 4008
    """The peer does not read what it is sent; it may come back and resume."""
    TOO_MANY = 4009
    """The same person has newer connections."""
    FLOODING = 4029


FINAL = frozenset({Close.AUTH, Close.FORBIDDEN, Close.TOO_MANY})
"""After these a client stays away until somebody tells it otherwise: coming back by
itself would bring the same answer, or push out the person's newer connection."""


class Meaning(NamedTuple):
    """What stands behind a code."""

    text: str
    """For people; clients translate by code."""
    retry: bool = False
    """Whether the same request, with the same id, may succeed later."""
    close: Close | None = None
    """How the connection ends whenever the code is sent; `None`: it goes on."""


TABLE = {
    Code.AUTH_FAILED: Meaning("The token is not valid.", close=Close.AUTH),
    Code.HELLO_TIMEOUT: Meaning("The first frame must be a hello.", close=Close.AUTH),
    Code.LOGIN_REQUIRED: Meaning("Sign in to do this."),
    Code.TAB_HIDDEN: Meaning("Chat is for signed-in customers here."),
    Code.CHAT_DISABLED: Meaning("Chat is switched off."),
    # Closes with 4003 in answer to a hello, and only there.
    Code.FORBIDDEN: Meaning("This is not allowed."),
    Code.NOT_FOUND: Meaning("There is no such thing within reach."),
    Code.BAD_FRAME: Meaning("The request is not understood."),
    Code.BAD_UTF8: Meaning("The text is not valid Unicode."),
    Code.TOO_BIG: Meaning("This is more than allowed."),
    # Three seconds of abuse close with 4029.
    Code.RATE_LIMITED: Meaning("Too many requests; wait a moment.", retry=True),
    Code.CHAT_CLOSED: Meaning("The chat has ended."),
    Code.BAD_STATUS: Meaning("The ticket cannot change in this way."),
    Code.BAD_TIME: Meaning("The time is out of bounds."),
    Code.BAD_CURSOR: Meaning("The chat has not come that far."),
    Code.STALE_HEAD: Meaning("Something new was said in the meantime."),
    Code.RESYNC_REQUIRED: Meaning("Start from the beginning of the chat."),
    Code.NO_BLOB: Meaning("There is no such file."),
    Code.BAD_BLOB: Meaning("This file is not accepted."),
    Code.MACRO_MISSING_VAR: Meaning("The macro lacks a value."),
    Code.AGENT_OFFLINE: Meaning("The agent is not there."),
    Code.AGENT_FULL: Meaning("The agent has no room for another chat."),
    Code.NO_AGENTS: Meaning("Nobody is there."),
    Code.CONFLICT: Meaning("Somebody else was first."),
    Code.HANDOFF_FAILED: Meaning("The hand-off did not succeed."),
    Code.UNAVAILABLE: Meaning("This cannot be done right now.", retry=True),
    Code.ERASED: Meaning("The content was erased."),
    Code.SHUTTING_DOWN: Meaning("The server is restarting.", retry=True),
}


class Details(TypedDict, total=False):
    """What an `Err` may say beyond its code: the optional fields of the frame."""

    chat: str
    path: str
    reason: str
    limit: int
    head: int
    retry_ms: int
    origin: str
    to: str
    holder: str
    start_new: bool
    names: tuple[str, ...]


def refuse(re: str, code: Code, **details: Unpack[Details]) -> Err:
    """Return the answer to request `re` that says `code`, in the table's words."""
    meaning = TABLE[code]
    return Err(re, code, meaning.text, meaning.retry, **details)


def farewell(code: Close, wait: int) -> Closing:
    """Return what is said before a close with `code`; `wait`: ms to come back after."""
    return Closing(code, code.name.lower(), wait)


class Broken(Exception):
    """The peer broke the protocol: send `err` if there is one, then close with `code`.

    Raised by codecs and sessions; whatever they gave out before stands.
    """

    def __init__(self, code: Close, err: Err | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.err = err
