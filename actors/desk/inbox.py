"""A site's tickets as its agents' inboxes show them: those that are not closed.

Everything here follows from ticket rows, cursors and flags that are durable; it may be
thrown away and made again from them at any time. Changes are counted by `ix`, and which
ticket changed last at which count is kept, for those who come back.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from functools import partial

import msgspec

from actors.desk.dots import Dots, Marks, flag
from actors.desk.listing import Listing
from actors.desk.shelves import Shelves
from actors.desk.views import Key, Standing, View
from actors.ids import AgentId, Millis

KEPT = 10_000
"""Tickets whose last change is known to those who come back (F18)."""


class Waiting(msgspec.Struct, frozen=True):
    """What there is to do, for `stats` (F42)."""

    waiting: int
    oldest: Millis | None
    """Since when the one waits who has waited longest."""
    unassigned: int
    overdue: int
    snoozed_due: int
    held: dict[str, int]
    """Open tickets of each agent who has any."""


class Inbox:
    """The board of one site."""

    def __init__(self, first: int, marks: Marks) -> None:
        """Begin empty; `first` is beyond all `ix` that were given out before."""
        self.ix = first
        self.tickets: dict[int, Listing] = {}
        self.dots = Dots(marks)
        self._shelves = Shelves()
        self._people: dict[str, tuple[int, ...]] = {}
        self._overdue: set[int] = set()
        self._alarms: list[tuple[Millis, int]] = []
        self._log: dict[int, Listing] = {}
        """Tickets as they last changed, in the order of that."""
        self._floor = first
        """All changes after it are in the log."""

    def load(self, listing: Listing) -> None:
        """Take in a ticket as the journal has it; what is known already is newer."""
        known = self.tickets.get(listing.stream)
        if known is None:
            if listing.stream not in self._log:
                self._add(listing)
            return
        for agent, upto in listing.readers.items():
            self.read(AgentId(agent), listing.stream, upto)

    # Changes.

    def put(self, listing: Listing) -> Standing | None:
        """Take in a ticket, or how it is now; return where it was before.

        Readers and presence are kept, and one that is closed is not.
        """
        old = self.tickets.get(listing.stream)
        if old is not None:
            listing.readers, listing.online = old.readers, old.online
            self._remove(old)
        if listing.standing.status != "closed":
            self._add(listing)
        else:
            self.dots.marks.pop(listing.stream, None)
            listing.online = False
        self._changed(listing)
        return None if old is None else old.standing

    def read(self, agent: AgentId, stream: int, upto: int) -> bool:
        """Note how far `agent` has read; return whether that changes a dot."""
        listing = self.tickets.get(stream)
        if listing is None or listing.readers.get(agent, 0) >= upto:
            return False
        change = partial(self._read, agent, listing, upto)
        return self._dotted(agent, listing, change)

    def mark(self, agent: AgentId, stream: int, *, on: bool) -> bool:
        """Flag a ticket for `agent`, or not; return whether that changes a dot."""
        listing = self.tickets.get(stream)
        change = partial(flag, self.dots.marks, stream, agent, on=on)
        if listing is None:
            change()
            return False
        return self._dotted(agent, listing, change)

    def seen(self, profile: str, *, online: bool) -> list[Listing]:
        """Note whether a shopper is connected; return the tickets that show it anew."""
        changed: list[Listing] = []
        for stream in self._people.get(profile, ()):
            listing = self.tickets[stream]
            if listing.online != online:
                listing.online = online
                self._changed(listing)
                changed.append(listing)
        return changed

    # Reads.

    def page(
        self, view: View, hidden: frozenset[str], after: Key | None, limit: int
    ) -> list[Listing]:
        """Return the first `limit` tickets of `view` behind `after`, in its order."""
        shown = partial(view.shows, hidden=hidden)
        keys = self._shelves.page(shown, after, limit)
        return [self.tickets[key.stream] for key in keys]

    def since(self, ix: int) -> list[Listing] | None:
        """Return what changed after `ix`, as it is now; `None` if that is not known.

        Those closed meanwhile are among them.
        """
        if not self._floor <= ix <= self.ix:
            return None
        changed: list[Listing] = []
        for listing in reversed(self._log.values()):
            if listing.ix <= ix:
                break
            changed.append(listing)
        changed.reverse()
        return changed

    def latest(self, stream: int) -> Listing:
        """Return a ticket that has changed lately, be it closed."""
        return self._log[stream]

    def knows(self, profile: str) -> bool:
        """Return whether any ticket is of this shopper."""
        return profile in self._people

    def unread(self, agent: AgentId, listing: Listing, *, surface: bool) -> bool:
        """Return whether the ticket has a dot; `surface`: a closed one may (F19)."""
        status, bot = listing.standing.status, listing.standing.bot
        told = (status == "open" and not bot) or (surface and status == "closed")
        return told and self.dots.has(agent, listing)

    def waiting(self, due_before: Millis) -> Waiting:
        """Return what there is to do; `due_before` is when the day ends."""
        number, oldest = self._shelves.waiting(_to_do)
        return Waiting(
            waiting=number,
            oldest=oldest,
            unassigned=self._shelves.count(_unassigned),
            overdue=len(self._overdue),
            snoozed_due=bisect_left(self._alarms, (due_before, -1)),
            held=self._shelves.by_holder(_to_do),
        )

    # Within.

    def _add(self, listing: Listing) -> None:
        stream, standing, profile = listing.stream, listing.standing, listing.profile
        self.tickets[stream] = listing
        self._shelves.put(standing, listing.key)
        self._people[profile] = (*self._people.get(profile, ()), stream)
        self.dots.add(listing)
        if listing.overdue and _to_do(standing):
            self._overdue.add(stream)
        if listing.until is not None and standing.status == "snoozed":
            insort(self._alarms, (listing.until, stream))

    def _remove(self, listing: Listing) -> None:
        stream, profile = listing.stream, listing.profile
        del self.tickets[stream]
        self._shelves.take(listing.standing, listing.key)
        others = tuple(s for s in self._people.pop(profile) if s != stream)
        if others:
            self._people[profile] = others
        self.dots.drop(listing)
        self._overdue.discard(stream)
        if listing.until is not None and listing.standing.status == "snoozed":
            del self._alarms[bisect_right(self._alarms, (listing.until, stream)) - 1]

    def _changed(self, listing: Listing) -> None:
        self.ix = listing.ix = self.ix + 1
        self._log.pop(listing.stream, None)
        self._log[listing.stream] = listing
        if len(self._log) > KEPT:
            self._floor = self._log.pop(next(iter(self._log))).ix

    def _dotted(
        self, agent: AgentId, listing: Listing, change: Callable[[], None]
    ) -> bool:
        before = self.dots.has(agent, listing)
        self.dots.drop(listing)
        change()
        self.dots.add(listing)
        if self.dots.has(agent, listing) == before:
            return False
        self._changed(listing)
        return True

    def _read(self, agent: AgentId, listing: Listing, upto: int) -> None:
        listing.readers = {**listing.readers, agent: upto}


def _to_do(standing: Standing) -> bool:
    return standing.status == "open" and not standing.bot


def _unassigned(standing: Standing) -> bool:
    return _to_do(standing) and standing.holder is None
