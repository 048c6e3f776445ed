"""What the people of a run say: made from the seed alone, and known again when heard.

A text ends with a mark that names its run's seed, chat, kind and number. It is read
from decoded text, never looked for in bytes, where a time may look like a mark.
"""

from hashlib import sha256
from typing import NamedTuple
from zlib import crc32

SHOPPER, AGENT = "s", "a"
"""The two sides of a chat."""
SIDES = (SHOPPER, AGENT)
OTHER = {SHOPPER: AGENT, AGENT: SHOPPER}
BEGIN, END, NOTE = "b", "e", "n"
"""What else is written: a shopper's first words and ends, by chat, and notes."""
AUTHOR = {SHOPPER: SHOPPER, BEGIN: SHOPPER, END: SHOPPER, AGENT: AGENT, NOTE: AGENT}
"""On which side who writes it is."""

_SAID = (
    "Hi!",
    "Where is my order? It should have come on Friday.",
    "Yes, please.",
    "Thank you so much \N{SMILING FACE WITH SMILING EYES}",
    "Could you tell me whether the lamp comes with a bulb, and which one it takes?",
    "One moment, I am looking into it.",
    "The size is wrong: I ordered M and got L. How can I send it back, and who pays?",
    "Dziękuję bardzo!",
    "It left our warehouse this morning and should be with you tomorrow.",
    "ok",
    "That is what the page says, but the parcel service says something else.",
    "Is there anything else? \N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "No, that was all.",
    """You will get your money back within five working days, to the card that you paid
with. We will send you an e-mail as soon as the return has arrived here.""",
    "Number 10423, under the name of Nowak.",
    "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}",
)
"""As long and as short as people write, with what tends to break on the way."""


class Mark(NamedTuple):
    """Which message of the run a text is."""

    chat: int
    kind: str
    """A key of `AUTHOR`."""
    number: int


class Texts:
    """All texts of the runs with one seed."""

    def __init__(self, seed: int) -> None:
        self.tag = sha256(f"shopwire load {seed}".encode()).hexdigest()[:8]
        """What marks the texts of this seed."""

    def text(self, mark: Mark) -> str:
        """Return what is said; the same whenever it is asked."""
        sign = f"{self.tag}.{mark.chat:x}.{mark.kind}.{mark.number:x}"
        return f"{_SAID[crc32(sign.encode()) % len(_SAID)]} #{sign}"

    def mark(self, text: str) -> Mark | None:
        """Return which message `text` is, if it is one of this seed's."""
        tag, *rest = text.rpartition(" #")[2].split(".")
        if tag != self.tag or len(rest) != len(Mark._fields) or rest[1] not in AUTHOR:
            return None
        try:
            return Mark(int(rest[0], 16), rest[1], int(rest[2], 16))
        except ValueError:
            return None
