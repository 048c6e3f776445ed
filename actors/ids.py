"""Names for the strings and numbers that travel between the packages."""

from typing import NewType

Seq = NewType("Seq", int)
"""Position in one chat's journal, from 1 without gaps; 0 stands before the first."""
Millis = NewType("Millis", int)
"""Milliseconds: since 1970, UTC, for a moment; plain for a span."""
ChatId = NewType("ChatId", str)
"""26 characters, sortable by time; the chat's ticket has the same id."""
SiteId = NewType("SiteId", str)
ProfileId = NewType("ProfileId", str)
AgentId = NewType("AgentId", str)
Person = NewType("Person", str)
"""`shopper:<profile>`, `anon:<id>`, `agent:<id>`, `bot` or `system`."""

SYSTEM = Person("system")
BOT = Person("bot")
AGENT = "agent:"
"""What stands before the id of an agent, admins included, to name the person."""
ANON = "anon:"
"""What stands before the id of a visitor."""

SHOPPER = "shopper:"
"""Likewise for a shopper: their profile's id follows."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so that an id survives being read out."""
CHAT_ID_CHARS = 26
"""128 bits at 5 a character."""
STREAM_BITS = 62
"""High bits of a chat id that are its stream in the journal; fits SQLite's integer."""


def encode_id(number: int) -> str:
    """Return the 26 characters of a 128-bit `number`; they sort as the numbers do."""
    chars: list[str] = []
    for _ in range(CHAT_ID_CHARS):
        chars.append(ALPHABET[number & 31])
        number >>= 5
    return "".join(reversed(chars))


def stream_of(chat: ChatId) -> int | None:
    """Return the journal stream of `chat`, or `None` if that is no chat id at all.

    The low bits are a secret: a stream alone names no chat, the ticket row has the
    whole id to compare with.
    """
    if len(chat) != CHAT_ID_CHARS:
        return None
    number = 0
    for char in chat:
        value = ALPHABET.find(char)
        if value < 0:
            return None
        number = number << 5 | value
    return number >> (128 - STREAM_BITS) if number >> 128 == 0 else None
