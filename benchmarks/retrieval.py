"""`python -m benchmarks.retrieval`: what the knowledge responder answers, and how well.

    python -m benchmarks.retrieval [--confidence 0.5] [--wrong] [SHOP ...]

Without a shop: those that the method was never worked with. See `questions/README.md`.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from actors import library
from actors.library import Faq, Library
from actors.settings.ai import AiSettings
from broker.commands.articles import articles
from broker.outward.ai.knowledge import Knowledge, Unknown
from broker.outward.ai.trial import Case, Tried, cases, figures, tried

QUESTIONS = Path(__file__).with_name("questions")
HELD_OUT = ("toys", "pets")
WORKED_WITH = (
    "tea",
    "outdoor",
    "books",
    "garden",
    "workshop",
    "gadgets",
    "wardrobe",
)
DEFAULT = AiSettings().confidence


def shop(name: str) -> Library:
    """Return what a made-up shop knows."""
    folder = QUESTIONS / name
    faq = msgspec.json.decode((folder / "faq.json").read_bytes(), type=Faq)
    return Library(faq, knowledge=library.Knowledge(1, articles(folder / "articles")))


def questions(name: str) -> list[Case]:
    """Return what is asked of a made-up shop."""
    return cases((QUESTIONS / name / "questions.txt").read_text("utf-8").splitlines())


def lines(name: str) -> list[str]:
    """Return a file of messages, one a line."""
    return (QUESTIONS / f"{name}.txt").read_text("utf-8").splitlines()


def handed_over(knowledge: Knowledge, messages: Sequence[str]) -> list[str]:
    """Return those of `messages` that were taken for a wish for a person."""
    return [each for each in messages if knowledge.answer(each) == Unknown("human")]


def main(words: Sequence[str] | None = None) -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shops", nargs="*", default=HELD_OUT, metavar="SHOP")
    parser.add_argument("--confidence", type=float, default=DEFAULT)
    parser.add_argument("--wrong", action="store_true", help="print what went wrong")
    asked = parser.parse_args(words)
    for name in asked.shops:
        knowledge = Knowledge(shop(name), asked.confidence)
        begun = time.perf_counter()
        done = tried(knowledge, questions(name))
        each = (time.perf_counter() - begun) / len(done) * 1000
        print(f"{name}: {figures(done)}; {each:.1f} ms each")
        if asked.wrong:
            for lost in done:
                _explain(lost)
    _people(Knowledge(Library(), asked.confidence), wrong=asked.wrong)
    return 0


def _explain(lost: Tried) -> None:
    if lost.wrong:
        print(f"  wrong: {lost.case.question} -> {lost.source}")
    elif lost.case.right and not lost.answered:
        print(f"  {lost.source}: {lost.case.question}")


def _people(knowledge: Knowledge, *, wrong: bool) -> None:
    wish, none = lines("people"), lines("not-people")
    found, mistaken = handed_over(knowledge, wish), handed_over(knowledge, none)
    print(f"people: {len(found)} of {len(wish)} who asked for one were handed over,")
    print(f"  {len(mistaken)} of {len(none)} who did not")
    if wrong:
        print(*(set(wish) - set(found)), *mistaken, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
