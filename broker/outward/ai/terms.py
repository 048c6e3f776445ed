"""What a text is about: its words without their endings, and as groups of meaning.

A word of the shop vocabulary (`vocabulary.txt`) stands for its group, so that "paczka"
meets "parcel". Any other stands for its stem: folded, without the endings that Polish
and English have in common use, and cut short, for what differs most is at the end.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from typing import NamedTuple

from storage.folding import WORD, fold

STEM = 7
"""Letters of a stem: Polish has endings enough behind them."""
ROOT = 4
"""Letters that an ending must leave; short words are taken as they are."""
CHARACTERS = 2000
WORDS = 150
"""Of a question: what comes later is seldom what is asked."""
CACHED = 16_384
"""Words whose meaning is kept: a library has some thousands, each many times."""
GAP = 2
"""Words that may stand between those of an entry: "send *the lamp* back"."""
TYPO = 6
"""Letters of a word that one typo may be in; in shorter ones it makes another word."""
KIND, WHOLE = 0.6, 0.3
"""What a kind counts where the whole of it is asked for ("pay": by instalments), and
the other way round: who asks for something special is not told of the rest."""
COMMON = "common"
"""The group whose words do not mean the same: each stands for itself, for little."""
QUOTES: dict[int, None] = dict.fromkeys((0x27, 0x60, 0xB4, 0x2BC, 0x2019))
"""All that stand for the apostrophe of "don't"."""

_JOINED = re.compile(r"\b(e)-(?=[a-z])")
"""What some write in two: e-mail, e-book."""
_POLISH = """
owaniem owaniu owania owanie owaly owany owana owane owych owego owym owej owac uje
aniem aniu ania anie eniem eniu enia enie eniami osciach oscia osci osc iach iami ego
emu ymi imi ami ach owi owie ow om em ie iej ej ych ich ym im iem ia iu ac ic yc ec
al ala alo ali aly il ila ilo ili ily ek ka ki ke ce y a e i o u"""
_ENGLISH = "ations ation ings ing ed ies es s ly ment ments er ers"
_ENDINGS = sorted({*_POLISH.split(), *_ENGLISH.split()}, key=lambda e: (-len(e), e))
"""The longest first, of both languages: one cannot know which a message is in."""
DOUBLING = ("ing", "ed", "er", "ers", "ings")
"""English endings before which a letter may be doubled: "dim", "dimming"."""


class Group(NamedTuple):
    """Words that mean the same."""

    name: str
    weight: float
    """How much it says about what is asked; 0: nothing."""
    others: tuple[str, ...]
    aspect: bool
    """Whether it is what is asked of a thing, never the thing."""
    goods: bool
    """Whether it is one of those that a text is about, and then of no other."""


class Term(NamedTuple):
    """What a word, or several together, stand for."""

    keys: tuple[str, ...]
    """Groups as `=name`, or one stem."""
    weight: float
    word: str


Phrase = tuple[tuple[str, ...], str]


class Vocabulary:
    """The groups, and how words find theirs."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.groups: dict[str, Group] = {}
        self._whole: dict[str, tuple[str, ...]] = {}
        self._begins: dict[str, tuple[str, ...]] = {}
        self._phrases = defaultdict[str, list[Phrase]](list)
        self._initial = defaultdict[str, list[str]](list)
        for group, entries in _parsed(lines):
            self.groups[group.name] = group
            for entry in entries:
                self._enter(entry, group.name)
        self._longest = max(map(len, self._begins))
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: len(phrase[0]), reverse=True)

    def of(self, word: str) -> tuple[str, ...]:
        """Return the names of the groups of a folded `word`; `()` if it has none."""
        if found := self._whole.get(word):
            return found
        for end in range(min(len(word), self._longest), 2, -1):
            if found := self._begins.get(word[:end]):
                return found
        return ()

    def nearest(self, word: str) -> tuple[str, ...]:
        """Return the groups of the word that `word` is with one typo in it."""
        if len(word) < TYPO:
            return ()
        for begin in self._initial[word[0]]:
            size = len(begin)
            if any(one_edit(begin, word[:end]) for end in (size - 1, size, size + 1)):
                return self._begins[begin]
        return ()

    def phrase(self, words: list[str], at: int) -> tuple[str, list[int]] | None:
        """Return the group of the entry that begins at `at`, and its words' places."""
        for parts, name in _beginning(words[at]):
            if places := _places(parts, words, at):
                return name, places
        return None

    def beginning(self, word: str) -> tuple[Phrase, ...]:
        """Return the entries of several words that may begin with `word`."""
        ends = range(len(word), 0, -1)
        return tuple(chain(*(self._phrases.get(word[:end], ()) for end in ends)))

    def _enter(self, entry: str, name: str) -> None:
        if "_" in entry.strip("_"):
            parts = tuple(part for part in entry.split("_") if part)
            self._phrases[parts[0].removesuffix(".")].append((parts, name))
            return
        whole = entry.endswith((".", "_"))
        word, table = entry.rstrip("._"), self._whole if whole else self._begins
        table[word] = (*table.get(word, ()), name)
        if not whole and len(word) >= TYPO:
            self._initial[word[0]].append(word)


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that ships."""
    text = files("broker.outward.ai").joinpath("vocabulary.txt").read_text("utf-8")
    return Vocabulary(text.splitlines())


def words(text: str) -> list[str]:
    """Return the words of `text`, folded, in order."""
    return WORD.findall(_JOINED.sub(r"\1", fold(text.translate(QUOTES))))


def terms(spoken: list[str]) -> list[Term]:
    """Return what folded words stand for, without those that say nothing."""
    known, taken = vocabulary(), set[int]()
    found: list[tuple[int, Term]] = []
    for at in range(len(spoken)):
        if at not in taken and (phrase := known.phrase(spoken, at)):
            name, places = phrase
            taken.update(places)
            said = " ".join(spoken[place] for place in places)
            found.append((at, _of_groups((name,), said)))
    for at, word in enumerate(spoken):
        if at not in taken:
            found.append((at, _of_word(word)))
    found.sort(key=lambda each: each[0])
    return [term for _, term in found if term.weight]


def stem(word: str) -> str:
    """Return what is left of a folded word without its ending."""
    for ending in _ENDINGS:
        left = len(word) - len(ending)
        if word.endswith(ending) and left >= (3 if ending in DOUBLING else ROOT):
            root = word[:left]
            twice = ending in DOUBLING and root[-1] == root[-2]
            return (root[:-1] if twice else root)[:STEM]
    return word[:STEM]


def one_edit(left: str, right: str) -> bool:
    """Return whether a letter more, less, other or swapped makes one the other."""
    if len(left) > len(right):
        left, right = right, left
    more = len(right) - len(left)
    if more > 1:
        return False
    at = next((i for i, char in enumerate(left) if char != right[i]), len(left))
    if more:
        return left[at:] == right[at + 1 :]
    swapped = left[at : at + 2] == right[at : at + 2][::-1]
    return left[at + 1 :] == right[at + 1 :] or (
        swapped and left[at + 2 :] == right[at + 2 :]
    )


@lru_cache(CACHED)
def _beginning(word: str) -> tuple[Phrase, ...]:
    return vocabulary().beginning(word)


@lru_cache(CACHED)
def _of_word(word: str) -> Term:
    names = vocabulary().of(word)
    if not names:
        return Term((stem(word),), 1.0, word)
    if names == (COMMON,):
        return Term((stem(word),), vocabulary().groups[COMMON].weight, word)
    return _of_groups(names, word)


def _of_groups(names: tuple[str, ...], said: str) -> Term:
    groups = vocabulary().groups
    weight = max(groups[name].weight for name in names)
    return Term(tuple(f"={name}" for name in names), weight, said)


def _places(parts: tuple[str, ...], words: list[str], at: int) -> list[int]:
    """Return where `parts` stand from `at` on; `[]` if they do not."""
    places: list[int] = []
    for part in parts:
        near = range(at, min(at + 1 + (GAP if places else 0), len(words)))
        spot = next((i for i in near if _is(words[i], part)), None)
        if spot is None:
            return []
        places.append(spot)
        at = spot + 1
    return places


def _is(word: str, part: str) -> bool:
    return word == part[:-1] if part.endswith(".") else word.startswith(part)


def _parsed(lines: Iterable[str]) -> Iterator[tuple[Group, list[str]]]:
    """Yield the groups and their entries; an indented line goes on."""
    joined: list[str] = []
    for line in lines:
        if line.startswith(" "):
            joined[-1] += line
        elif line and not line.startswith("#"):
            joined.append(line)
    for line in joined:
        head, _, entries = line.partition(":")
        name, *marks = head.split()
        weight = next((float(mark[1:]) for mark in marks if mark[0] == "*"), 1.0)
        others = tuple(mark[1:] for mark in marks if mark[0] == "~")
        group = Group(name, weight, others, "?" in marks, "!" in marks)
        yield group, entries.split()


@cache
def near_groups() -> dict[str, dict[str, float]]:
    """Return for each group's key what others count that may stand for it."""
    near = defaultdict[str, dict[str, float]](dict)
    for group in vocabulary().groups.values():
        for other in group.others:
            near[f"={group.name}"].setdefault(f"={other}", WHOLE)
            near[f"={other}"][f"={group.name}"] = KIND
    return dict(near)


def corrected(term: Term) -> Term | None:
    """Return what a word that nobody knows is with one typo in it, if anything."""
    names = vocabulary().nearest(term.word)
    return _of_groups(names, term.word) if names else None


def plain_weight(key: str) -> float:
    """Return how much a key says, however rare it is."""
    known = vocabulary()
    if key.startswith("="):
        return known.groups[key[1:]].weight
    return known.groups[COMMON].weight if known.of(key) == (COMMON,) else 1.0


def is_aspect(term: Term) -> bool:
    """Return whether it is only what is asked of a thing: "how much?", "when?"."""
    groups = vocabulary().groups
    return all(key[0] == "=" and groups[key[1:]].aspect for key in term.keys)


def goods(found: Iterable[str]) -> set[str]:
    """Return those of the keys that are goods."""
    groups = vocabulary().groups
    return {key for key in found if key[0] == "=" and groups[key[1:]].goods}


def spoken(text: str) -> list[str]:
    """Return the folded words that come first in what somebody has written."""
    return words(text[:CHARACTERS])[:WORDS]


def keys(found: Iterable[Term]) -> set[str]:
    """Return all that `found` stand for."""
    return set(chain.from_iterable(term.keys for term in found))
