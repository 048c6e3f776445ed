"""What people have read before a chat: the questions they picked, as answered then.

Each connection keeps its own picks. What it leaves behind waits for the same person's
next one, in memory and for a while: a tab that lost its connection comes back as
another, and has read what it has read (spec F3).
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING

from actors.chat.events import Picked
from actors.ids import Person
from actors.library import FaqItem, Library

if TYPE_CHECKING:
    from broker.peer import Peer

MOST_PICKS = 50
"""Of one tab: the newest (F3)."""
COPIED_BYTES = 256 * 1024
"""Bytes of questions and answers that go into a chat, the newest: as in a page of
history, so that the chat's first frames fit into what a connection holds."""
MOST_PEOPLE = 4096
"""Whose picks are kept after they left: some MiB with all their names."""
KEPT_S = 3600.0
"""Seconds for which they are: who comes later begins anew."""

Picks = tuple[FaqItem, ...]
Whose = tuple[str, Person]
"""A site and somebody there."""


class Trail:
    """The picks of one connection."""

    __slots__ = ("_helped", "picks")

    def __init__(self) -> None:
        self.picks: Picks = ()
        """The oldest first."""
        self._helped: FaqItem | None = None

    def pick(self, item: FaqItem) -> None:
        """Remember that `item` was answered; a second click in a row is the first."""
        if self.picks[-1:] != (item,):
            self.picks = (*self.picks, item)[-MOST_PICKS:]
            self._helped = None

    def helped(self) -> FaqItem | None:
        """Return the question that has helped: the last one, and that once."""
        last = self.picks[-1] if self.picks else None
        news = None if last is self._helped else last
        self._helped = last
        return news


class Trails:
    """The picks of connections that are gone, and so of people."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: OrderedDict[Whose, tuple[float, Picks]] = OrderedDict()

    def read_by(self, peer: "Peer") -> Picks:
        """Return what this person has read before, and then here."""
        before = self._of((peer.site, peer.who))
        return before + (() if peer.trail is None else peer.trail.picks)

    def leave(self, peer: "Peer") -> None:
        """Keep what was picked on a connection that is gone."""
        if peer.trail is not None:
            self._keep((peer.site, peer.who), self.read_by(peer))

    def move(self, peer: "Peer", before: Person) -> None:
        """Let what was kept of a visitor be kept of who they turned out to be."""
        picks = self._of((peer.site, before))
        self._kept.pop((peer.site, before), None)
        if picks:
            whose = peer.site, peer.who
            self._keep(whose, self._of(whose) + picks)

    def forget(self, peer: "Peer") -> None:
        """Keep nothing: it is in a chat, or somebody has said goodbye."""
        peer.trail = None
        self._kept.pop((peer.site, peer.who), None)

    def _of(self, whose: Whose) -> Picks:
        until, picks = self._kept.get(whose, (0, ()))
        return picks if until > self._now() else ()

    def _keep(self, whose: Whose, picks: Picks) -> None:
        self._kept[whose] = self._now() + KEPT_S, picks[-MOST_PICKS:]
        self._kept.move_to_end(whose)
        if len(self._kept) > MOST_PEOPLE:
            self._kept.popitem(last=False)


def copied(picks: Picks, named: Iterable[str], library: Library) -> tuple[Picked, ...]:
    """Return what goes into a chat of `picks` and of what its client has `named`.

    What is named and not known here was read before the broker's restart, or too long
    ago: it says what the shop says now.
    """
    known = {item.id for item in picks}
    published = {item.id: item for item in library.published()}
    fresh = [name for name in dict.fromkeys(named) if name not in known]
    lost = [published[name] for name in fresh if name in published]
    copies: list[Picked] = []
    size = 0
    # From the newest on: what does not fit is the oldest.
    for item in chain(reversed(picks), reversed(lost)):
        size += len(item.question.encode()) + len(item.answer.encode())
        if len(copies) == MOST_PICKS or size > COPIED_BYTES:
            break
        copies.append(Picked(item.id, item.question, item.answer))
    return tuple(reversed(copies))
