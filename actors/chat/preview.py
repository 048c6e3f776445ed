"""What lists show of a message."""

import unicodedata

from actors.chat.events import Said

PREVIEW_CHARS = 80
"""Characters of the last message that lists show (F19)."""
JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def preview(said: Said) -> str:
    """Return the message's first line, shortened, or what stands for its images."""
    text = said.text.strip()
    if not text:
        return "[image]" if said.blobs else ""
    line = text.partition("\n")[0].rstrip()
    if len(line) <= PREVIEW_CHARS:
        return line
    return line[: _end(line)]


def _end(line: str) -> int:
    """Return where to cut, so that no accent and no family of emoji is cut in two."""
    if line.isascii():
        return PREVIEW_CHARS
    end = PREVIEW_CHARS
    while end and (_goes_on(line[end]) or line[end - 1] == JOINER):
        end -= 1
    return end or PREVIEW_CHARS


def _goes_on(char: str) -> bool:
    return (
        char == JOINER
        or unicodedata.category(char).startswith("M")
        or ord(char) in _SKIN_TONES
    )
