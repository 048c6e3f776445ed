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


_PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
"""Two characters for each ten bits, in half the steps: 1.2 us an id in place of 2.2."""
_SHIFTS = range(5 * CHAT_ID_CHARS - 10, -1, -10)
_DIGITS = "0123456789abcdefghijklmnopqrstuv"
"""What `int` takes for digits in base 32; signs, spaces and `_` become none of them."""
_AS_DIGIT = bytes(
    ord(_DIGITS[ALPHABET.index(chr(code))] if chr(code) in ALPHABET else "!")
    for code in range(256)
)


def encode_id(number: int) -> str:
    """Return the 26 characters of a 128-bit `number`; they sort as the numbers do."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def stream_of(chat: ChatId) -> int | None:
    """Return the journal stream of `chat`, or `None` if that is no chat id at all.

    The low bits are a secret: a stream alone names no chat, the ticket row has the
    whole id to compare with.
    """
    if len(chat) != CHAT_ID_CHARS:
        return None
    try:
        number = int(chat.encode("ascii").translate(_AS_DIGIT), 32)
    except ValueError:
        return None
    return number >> (128 - STREAM_BITS) if number >> 128 == 0 else None
