"""What a shop's FAQ and articles say to a question, word for word (spec F35).

Nothing here makes up a word: an answer is a text of the library, whole or a passage,
and when it is not clear which one, there is none and a person is handed the chat.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from actors.library import Library

Why = Literal["human", "unsure", "order", "unknown"]
"""`human`: a person was asked for. `order`: it is about an order of the shopper's, of
which no page can know. `unsure`: something is near, but not enough. `unknown`: no."""


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A part of the library that one can read by itself."""

    id: str
    """`faq:ID`, `knowledge:ID`, or `knowledge:ID#N` for the N-th part of an article."""
    title: str
    text: str
    url: str | None
    score: float
    """0 to 1: how sure it is that this is what was asked for."""


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What the shop says to it, as it stands in the library."""

    text: str
    sources: tuple[str, ...]
    """Ids of passages; the first one's text it is."""
    confidence: float
    url: str | None = None
    """Where there is more of it, if the article says so."""


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """No answer, and why."""

    reason: Why


class Knowledge:
    """What one version of a site's library knows; made anew for the next version.

    May be asked in any thread, by several at once.
    """

    def __init__(self, library: Library, confidence: float) -> None:
        self._library = library
        self._confidence = confidence

    def answer(self, question: str, before: Sequence[str] = ()) -> Answer | Unknown:
        """Return what the library says to `question`, if that is sure enough.

        `before`: what the shopper has said until then, the oldest first; it counts
        only where the question says too little by itself.
        """
        del question, before
        return Unknown("unknown")

    def passages(self, question: str, limit: int) -> list[Passage]:
        """Return at most `limit` passages that may concern it, the nearest first."""
        del question, limit
        return []
