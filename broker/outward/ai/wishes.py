"""What is not a question to the library: a wish for a person, or one's own order.

Rules, not likeness: whoever asks for a person gets one, and what became of an order no
page knows. They stand in `wishes.txt`, and are held against folded words.
"""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from broker.outward.ai.terms import one_edit

TYPO = 5
"""Letters of a word for a person that one typo may be in."""
FEW = 5
"""Words of a message that is nothing but a call for somebody."""

_GAP = re.compile(r" ~(\d)")
_NAME = re.compile(r"\b[A-Z]{2,}\b")
_TAGGED = re.compile(r"#\s?\d{3,}|\b[A-Za-z]{1,4}-\d{3,}\b")
_NAMES = (
    "czlowiek",
    "konsultant",
    "agent",
    "human",
    "operator",
    "pracownik",
    "doradca",
)
_MANNERS = """
prosze poprosze please pls plz now teraz szybko natychmiast asap a the to z ze do dla
mnie me mi i hej hi hello halo czesc live real zywy zywa prawdziwy prawdziwa sklepu
klienta bitte ich mit einem einen danke hallo od jakis jakiegos some any czy moge o"""
_POLITE = frozenset(_MANNERS.split())


class Wishes(NamedTuple):
    """The rules."""

    person: re.Pattern[str]
    order: re.Pattern[str]
    call: re.Pattern[str]
    """Whoever may be called for."""


def wants_person(spoken: list[str]) -> bool:
    """Return whether folded words ask for somebody to talk to."""
    if _wishes().person.search(" ".join(spoken)):
        return True
    called = [word for word in spoken if word not in _POLITE]
    if not called or len(called) > FEW:
        return False
    return all(map(_is_named, _wishes().call.sub("", " ".join(called)).split()))


def about_own_order(text: str, spoken: list[str]) -> bool:
    """Return whether it is about an order that has been made."""
    return bool(_TAGGED.search(text) or _wishes().order.search(" ".join(spoken)))


@cache
def _wishes() -> Wishes:
    text = files("broker.outward.ai").joinpath("wishes.txt").read_text("utf-8")
    lists, person, order = re.split(r"\n\[\w+\]\n", text)
    named: dict[str, str] = {}
    for line in re.sub(r"\n ", " ", lists).splitlines():
        name, colon, words = line.partition(":")
        if colon and not line.startswith("#"):
            named[name] = "|".join(words.split()).replace("_", " ")
    return Wishes(
        _any_of(person.splitlines(), named),
        _any_of(order.splitlines(), named),
        _any_of(["PERSON", "SOMEBODY"], named),
    )


def _any_of(patterns: list[str], named: dict[str, str]) -> re.Pattern[str]:
    """Return one pattern of all, with the lists in place of their names."""

    def listed(found: re.Match[str]) -> str:
        return f"(?:{named[found[0]]})"

    text = "|".join(f"(?:{line})" for line in patterns if line)
    text = _GAP.sub(_gap, _NAME.sub(listed, text))
    return re.compile(rf"\b(?:{text})\b")


def _gap(found: re.Match[str]) -> str:
    return rf"(?: \w+){{0,{found[1]}}}"


def _is_named(word: str) -> bool:
    return len(word) >= TYPO and any(one_edit(word, name) for name in _NAMES)
