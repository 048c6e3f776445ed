"""How much fits: into a message, and into one chat's journal."""

import msgspec

from actors.chat.state import ChatState
from actors.refusals import Reason, Refused

TEXT_BYTES = 8192
"""Bytes of UTF-8 in one message or note (F9)."""
MESSAGE_BLOBS = 10
"""Images in one message (F10)."""
CHAT_EVENTS = 10_000
"""Events in one chat's journal (F57)."""
RESERVED = 16
"""Places kept for what must always fit: the end, a rating, `erased` (F57)."""


class ChatLimits(msgspec.Struct, frozen=True):
    """The two, as a broker is configured."""

    text_bytes: int = TEXT_BYTES
    chat_events: int = CHAT_EVENTS


def is_full(state: ChatState, limits: ChatLimits) -> bool:
    """Return whether only what must always fit may follow."""
    return not has_room(state.seq, limits)


def has_room(seq: int, limits: ChatLimits) -> bool:
    """Return whether a chat that has come to `seq` may go on."""
    return seq < limits.chat_events - RESERVED


def full(state: ChatState, limits: ChatLimits) -> Refused | None:
    """Return why nothing more may be written, or `None`."""
    if not is_full(state, limits):
        return None
    return Refused(Reason.TOO_BIG, limit=limits.chat_events)


def misspelt(text: str, path: str) -> Refused | None:
    """Return why `text` cannot be kept as it is, or `None` (F9)."""
    if "\0" in text:
        return Refused(Reason.BAD_UTF8, path=path, why="contains NUL")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return Refused(Reason.BAD_UTF8, path=path, why="contains half a pair")
    return None
