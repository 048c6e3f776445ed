"""Text on a terminal: what may be written to one, and how much room it takes.

Other people's words are never trusted. Nothing they write can move the cursor, set a
title, or turn the rest of a line around; a later line of theirs begins with a bar, so
that it cannot pass for something that the program, or somebody else, has said.
"""

import re
import unicodedata

BAR = "      | "
"""Begins every line of a text but its first."""
NARROWEST = 24
"""Cells below which nothing is wrapped: a terminal so narrow is none."""
TAB = "    "

_COMMANDING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]"
)
"""Characters that make a terminal do something: a chat is no place to write them from.
Joiners inside emoji are not among them."""
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END = "\u2068", "\u2069"
_WIDE = frozenset({"W", "F"})
_NO_CELL = frozenset({"Mn", "Me", "Cf"})


def shown(text: str) -> str:
    """Return `text` as it may be written to a terminal, later lines behind a bar."""
    plain = _COMMANDING.sub("\ufffd", text).replace("\t", TAB)
    lines = (isolated(line) for line in plain.split("\n"))
    return ("\n" + BAR).join(lines)


def brief(text: str, width: int = 60) -> str:
    """Return `text` in one line of at most `width` cells."""
    plain = " ".join(_COMMANDING.sub("\ufffd", text).split())
    if cells(plain) <= width:
        return isolated(plain)
    kept, room = "", width - 1
    for char in plain:
        room -= _cells_of(char)
        if room < 0:
            break
        kept += char
    return isolated(kept.rstrip() + "…")


def isolated(text: str) -> str:
    """Return `text` so that words from right to left leave what is around in place."""
    if any(unicodedata.bidirectional(char) in _FROM_THE_RIGHT for char in text):
        return f"{_ISOLATE}{text}{_END}"
    return text


def cells(text: str) -> int:
    """Return how many columns `text` takes."""
    return sum(map(_cells_of, text))


def padded(text: str, width: int) -> str:
    """Return `text` with spaces behind it, so that it takes `width` columns."""
    return text + " " * (width - cells(text))


def wrapped(text: str, width: int) -> str:
    """Return `text` in lines of at most `width` columns, broken between words."""
    if width < NARROWEST:
        return text
    return "\n".join(_folded(line, width) for line in text.split("\n"))


def _folded(line: str, width: int) -> str:
    folded: list[str] = []
    while cells(line) > width:
        cut = _cut(line, width, least=len(BAR) if folded else 0)
        folded.append(line[:cut].rstrip())
        line = BAR + line[cut:].lstrip()
    return "\n".join([*folded, line])


def _cut(line: str, width: int, *, least: int) -> int:
    """Return where to break: behind the last space that fits, else where it is full."""
    room, space = width, 0
    for place, char in enumerate(line):
        room -= _cells_of(char)
        if room < 0:
            # A word as long as half a line is broken: an address, or no spaces at all.
            return space if space > max(least, width // 2) else place
        if char == " ":
            space = place + 1
    return len(line)


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in _NO_CELL:
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1
