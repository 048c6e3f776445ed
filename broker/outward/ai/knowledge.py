"""What a shop's FAQ and articles say to a question, word for word (spec F35).

Nothing here makes up a word: an answer is a text of the library, whole or a passage,
and when it is not clear which one, there is none and a person is handed the chat.

A part of the library is as sure an answer as it covers what was asked for, and is about
nothing else; rare words count for more, words that the library has never heard of count
against it, and so does a second part that is nearly as near. `docs/knowledge.md` has
the whole way, and the figures.
"""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from actors.library import Library
from broker.outward.ai.passages import parts
from broker.outward.ai.ranking import Asked, Ranked, asked, rank
from broker.outward.ai.shelf import Shelf
from broker.outward.ai.terms import CHARACTERS, spoken, terms
from broker.outward.ai.wishes import about_own_order, wants_person

Why = Literal["human", "unsure", "order", "unknown"]
"""`human`: a person was asked for. `order`: it is about an order of the shopper's, of
which no page can know. `unsure`: something is near, but not enough. `unknown`: no."""

CURVE = 0.9
"""Power that brings the scale to where 0.5 is a good place to begin: an answer is then
given from 0.46 on, above which few questions of the made-up shops were mistaken."""
CLAUSE = 0.9
"""What a part of a message counts beside the whole of it."""
CLAUSES = 6
"""Parts of a message that are looked at by themselves: the last ones."""
ENOUGH, SAYS = 2, 0.2
"""Things in a part of a message that are a question by themselves, and what each has to
weigh: "how do I remove it?" is none."""
_BREAKS = re.compile(r"([.?!;\n,]+(?:\s|$))")


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
        self._shelf = Shelf(parts(library))
        self._confidence = confidence

    def answer(self, question: str, before: Sequence[str] = ()) -> Answer | Unknown:
        """Return what the library says to `question`, if that is sure enough.

        `before`: what the shopper has said until then, the oldest first; it counts
        only where the question says too little by itself.
        """
        said = spoken(question)
        if wants_person(said):
            return Unknown("human")
        if about_own_order(question, said):
            return Unknown("order")
        ranked = max(
            self._ranked(question), self._continued(question, before), key=_first
        )
        if not ranked:
            return Unknown("unknown")
        part, sure = ranked[0].filed.part, ranked[0].sure ** CURVE
        if sure < self._confidence:
            return Unknown("unsure")
        return Answer(part.text, (part.id,), sure, part.url)

    def passages(self, question: str, limit: int) -> list[Passage]:
        """Return at most `limit` passages that may concern it, the nearest first."""
        return [
            Passage(
                filed.part.id,
                filed.part.title,
                filed.part.text,
                filed.part.url,
                sure**CURVE,
            )
            for sure, filed in self._ranked(question)[:limit]
        ]

    def _ranked(self, question: str) -> list[Ranked]:
        """Return the parts, by the whole question or by the clearest part of it."""
        whole = self._things(question)
        best = rank(whole, self._shelf)
        for clause in _clauses(question):
            things = self._things(clause)
            if ENOUGH <= _much(things) < len(whole):
                ranked = _less(rank(things, self._shelf))
                best = max(best, ranked, key=_first)
        return best

    def _continued(self, question: str, before: Sequence[str]) -> list[Ranked]:
        """Return the parts by a short question and what was said before it.

        "And how much is it?" is one; what nobody has heard of makes it another matter.
        """
        things = self._things(question)
        if not before or not 0 < _much(things) < ENOUGH:
            return []
        if not all(thing.keys for thing in things):
            return []
        said = terms(spoken(f"{question}\n{before[-1]}"))
        return _less(rank(asked(said, self._shelf), self._shelf))

    def _things(self, text: str) -> list[Asked]:
        return asked(terms(spoken(text)), self._shelf)


def _less(ranked: list[Ranked]) -> list[Ranked]:
    return [each._replace(sure=each.sure * CLAUSE) for each in ranked]


def _clauses(question: str) -> list[str]:
    """Return what ends in a question mark, and the last: the rest is what led there."""
    pieces = _BREAKS.split(question[:CHARACTERS])
    marks = [*pieces[1::2], ""]
    said = [pair for pair in zip(pieces[::2], marks, strict=True) if pair[0].strip()]
    if len(said) < 2:  # noqa: PLR2004  # the whole is looked at anyway
        return []
    asked_for = [clause for clause, mark in said[:-1] if "?" in mark]
    return [*asked_for, said[-1][0]][-CLAUSES:]


def _much(things: list[Asked]) -> int:
    """Return how many of the things say something."""
    return sum(thing.weight >= SAYS for thing in things)


def _first(ranked: list[Ranked]) -> float:
    return ranked[0].sure if ranked else 0.0
