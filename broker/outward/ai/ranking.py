"""How sure it is that a part of the library is what was asked for.

A part is as sure as it has what was asked for (`_covered`: in its heading rather than
in its text, rare words before common ones, and a word that the library has never heard
of counts against all parts) and as its heading is about nothing else (`_focused`). The
first is the less sure the nearer the second is to it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from broker.outward.ai.shelf import LIKE, Filed, Shelf
from broker.outward.ai.terms import (
    Term,
    corrected,
    goods,
    is_aspect,
    near_groups,
    plain_weight,
)

HEAD, TITLE, BODY = 1.0, 0.75, 0.55
"""What a word counts in a question or heading, in an article's title, in a text."""
OPENS = 0.8
"""In the title, for what opens an article: the title is that of the rest as well."""
AROUND = 0.5
"""What the title's words count among those of the heading under it: what stands there
is about them, too, if it does not say so."""
FOCUS = 0.4
"""Of the sureness: how much of the heading was asked for."""
DOUBT, APART = 0.25, 0.2
"""Of the sureness: what a second part takes that is as near; none if it is this much
further away."""
UNHEARD = 0.25
"""Of the sureness: what a question takes of which nothing is known."""
CLASH = 0.6
"""Of the sureness: what is left if it is about other goods than were asked for."""
ALONE = 0.3
"""Of the sureness: what is left if it has only the "when?" or "how much?" of it."""
LEAST = 0.6
"""Weight of what a part has of a question: with less, it has next to nothing."""


class Asked(NamedTuple):
    """One thing that is asked for."""

    weight: float
    aspect: bool
    keys: dict[str, float]
    """What stands for it in this library, and what that counts; empty: unheard of."""


class Ranked(NamedTuple):
    """A part, and how sure it is, from 0 to 1."""

    sure: float
    filed: Filed


def asked(terms: Iterable[Term], shelf: Shelf) -> list[Asked]:
    """Return what `terms` ask for, each thing once, as this library has it."""
    things: dict[tuple[str, ...], Asked] = {}
    for term in terms:
        if term.keys not in things and not term.word.isdigit():
            things[term.keys] = _asked(term, shelf)
    return [thing for thing in things.values() if thing.weight]


def rank(things: Sequence[Asked], shelf: Shelf) -> list[Ranked]:
    """Return the parts that have anything of it, the surest first."""
    whole = sum(thing.weight for thing in things)
    if not whole:
        return []
    unheard = sum(thing.weight for thing in things if not thing.keys) / whole
    wanted = {key for thing in things for key in thing.keys}
    wares = goods(wanted)
    topics = [thing for thing in things if not thing.aspect]
    ranked: list[Ranked] = []
    for filed in shelf.nearest(wanted):
        covered = _covered(things, filed)
        sure = covered / whole * (1 - FOCUS + FOCUS * _focused(things, filed, shelf))
        if _clashes(wares, filed):
            sure *= CLASH
        if not _covered(topics, filed):
            sure *= ALONE
        sure *= min(1.0, covered / LEAST) * (1 - UNHEARD * unheard)
        ranked.append(Ranked(sure, filed))
    ranked.sort(key=lambda each: -each.sure)
    return _doubted(ranked)


def _asked(term: Term, shelf: Shelf) -> Asked:
    keys: dict[str, float] = {}
    if term.keys[0].startswith("="):
        for key in term.keys:
            keys |= near_groups().get(key, {})
        keys |= dict.fromkeys(term.keys, 1.0)
    else:
        stem = term.keys[0]
        keys = dict.fromkeys(shelf.like(stem), LIKE)
        keys[stem] = 1.0
        if not any(map(shelf.knows, keys)) and (other := corrected(term)):
            return _asked(other, shelf)
    known = {key: count for key, count in keys.items() if shelf.knows(key)}
    own = [key for key in known if key in term.keys or key[0] != "="] or term.keys
    weight = term.weight * max(map(shelf.weight, own))
    return Asked(weight, is_aspect(term), known)


def _covered(things: Iterable[Asked], filed: Filed) -> float:
    """Return the weight of what the part has of it."""
    return sum(
        thing.weight
        * max(
            (count * _place(key, filed) for key, count in thing.keys.items()), default=0
        )
        for thing in things
    )


def _place(key: str, filed: Filed) -> float:
    if key in filed.head:
        return OPENS if filed.opens else HEAD
    if key in filed.title:
        return TITLE
    return BODY if key in filed.body else 0.0


def _clashes(wares: set[str], filed: Filed) -> bool:
    """Return whether the part is under goods of which none was asked for."""
    under = goods(filed.head | filed.title)
    return bool(wares and under and not wares & (under | filed.body))


def _focused(things: Iterable[Asked], filed: Filed, shelf: Shelf) -> float:
    """Return how much of the heading was asked for."""
    counts: dict[str, float] = {}
    for thing in things:
        for key, count in thing.keys.items():
            counts[key] = max(counts.get(key, 0.0), count)
    whole = got = 0.0
    for key in filed.head | filed.title:
        weight = shelf.weight(key) * plain_weight(key)
        weight *= 1.0 if key in filed.head else AROUND
        whole += weight
        got += weight * counts.get(key, 0.0)
    return got / whole if whole else 0.0


def _doubted(ranked: list[Ranked]) -> list[Ranked]:
    """Return `ranked` with the first less sure if the second is near."""
    if len(ranked) > 1 and (sure := ranked[0].sure):
        apart = (sure - ranked[1].sure) / sure
        sure *= 1 - DOUBT * max(0.0, 1 - apart / APART)
        ranked[0] = ranked[0]._replace(sure=sure)
    return ranked
