"""Trying a library on questions of which one knows what is right.

A line is `ids | question`: the ids of parts that answer it, with a comma in between, or
`?` if nothing in the library does. `[name]` begins another kind of questions; an empty
line and one that begins with `#` say nothing.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from broker.outward.ai.knowledge import Answer, Knowledge

NOTHING = "?"


class Malformed(ValueError):
    """A line is not as it should be; the text says which."""


class Case(NamedTuple):
    """A question."""

    kind: str
    question: str
    right: frozenset[str]
    """Ids of parts, without what they are parts of; empty: nothing answers it."""


class Tried(NamedTuple):
    """A question, and what became of it."""

    case: Case
    source: str
    """The id of what was answered; else why not."""
    answered: bool

    @property
    def wrong(self) -> bool:
        """Return whether something was answered that does not answer it."""
        return self.answered and self.source not in self.case.right


class Figures(msgspec.Struct, frozen=True):
    """What a trial has come to."""

    questions: int
    """That the library answers."""
    answered: int
    right: int
    """Of those answered."""
    unanswerable: int
    mistaken: int
    """Of those that it does not answer: answered all the same."""

    def __str__(self) -> str:
        """Return it in a line."""
        return (
            f"answered {_share(self.answered, self.questions)} of {self.questions}, "
            f"right {_share(self.right, self.answered)} of these; of "
            f"{self.unanswerable} that nothing answers "
            f"{_share(self.mistaken, self.unanswerable)} were answered"
        )


def cases(lines: Iterable[str]) -> list[Case]:
    """Return the questions in `lines`.

    Raises:
        Malformed: a line is not a question.
    """
    found: list[Case] = []
    kind = ""
    for number, line in enumerate(map(str.strip, lines), 1):
        if line.startswith("[") and line.endswith("]"):
            kind = line[1:-1]
        elif line and not line.startswith("#"):
            ids, bar, question = line.partition(" | ")
            if not bar:
                raise Malformed(f"line {number} is not `ids | question`")
            named = frozenset(id_.strip() for id_ in ids.split(","))
            found.append(Case(kind, question, named - {NOTHING}))
    return found


def tried(knowledge: Knowledge, asked: Iterable[Case]) -> list[Tried]:
    """Return what becomes of each question."""
    return [_tried(knowledge, case) for case in asked]


def figures(done: Iterable[Tried]) -> Figures:
    """Return what it comes to."""
    done = list(done)
    known = [each for each in done if each.case.right]
    unknown = [each for each in done if not each.case.right]
    answered = [each for each in known if each.answered]
    return Figures(
        len(known),
        len(answered),
        sum(not each.wrong for each in answered),
        len(unknown),
        sum(each.answered for each in unknown),
    )


def _tried(knowledge: Knowledge, case: Case) -> Tried:
    outcome = knowledge.answer(case.question)
    if isinstance(outcome, Answer):
        return Tried(case, outcome.sources[0].partition(":")[2], answered=True)
    return Tried(case, outcome.reason, answered=False)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"
