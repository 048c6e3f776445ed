"""Which tickets have a dot for which agent, and how many those are (F19).

A dot follows from the shopper's last message, the agent's cursor and the agent's flag.
What nobody has read has a dot for everybody, so unassigned tickets are kept once, in a
pool, and beside it for each agent those of the pool that have none: a change touches
the few who have read the ticket, and the badge is a sum of sizes.
"""

from typing import TypeVar

from actors.desk.listing import Listing
from actors.ids import AgentId

K = TypeVar("K")
V = TypeVar("V")

Marks = dict[int, set[str]]
"""Which agents have flagged a ticket for themselves (F20)."""
NONE: frozenset[int] = frozenset()


class Dots:
    """The dots of one site's open tickets."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self._pools: dict[str | None, set[int]] = {}
        """Unassigned tickets with a dot for whoever has not read them, by team."""
        self._quiet: dict[tuple[str, str | None], set[int]] = {}
        """Of the pool of a team, those without a dot for an agent."""
        self._own: dict[str, set[int]] = {}
        """Those of an agent's that have a dot."""
        self._flagged: dict[str, set[tuple[int, str | None]]] = {}
        """With their team, unassigned ones in which no shopper has said anything: they
        have a dot for who has flagged them alone."""

    def has(self, agent: str, listing: Listing) -> bool:
        """Return whether the ticket is new to `agent`, or flagged by them."""
        if listing.said > listing.readers.get(agent, 0):
            return True
        return bool(self.marks) and agent in self.marks.get(listing.stream, ())

    def badge(self, agent: AgentId, hidden: frozenset[str]) -> int:
        """Return how many open tickets of the agent's and of nobody's have a dot."""
        number = len(self._own.get(agent, NONE))
        for team, pool in self._pools.items():
            if team not in hidden:
                number += len(pool) - len(self._quiet.get((agent, team), NONE))
        if agent in self._flagged:
            number += sum(team not in hidden for _, team in self._flagged[agent])
        return number

    def add(self, listing: Listing) -> None:
        """Count a ticket that is not counted."""
        standing, stream = listing.standing, listing.stream
        if standing.status != "open" or standing.bot:
            return
        holder, team = standing.holder, standing.team
        if holder is not None:
            if self.has(holder, listing):
                self._own.setdefault(holder, set()).add(stream)
            return
        if listing.said:
            self._pools.setdefault(team, set()).add(stream)
        for agent in self._concerned(listing):
            dotted = self.has(agent, listing)
            if listing.said and not dotted:
                self._quiet.setdefault((agent, team), set()).add(stream)
            elif dotted and not listing.said:
                self._flagged.setdefault(agent, set()).add((stream, team))

    def drop(self, listing: Listing) -> None:
        """Count a ticket no longer."""
        standing, stream = listing.standing, listing.stream
        if standing.holder is not None:
            _discard(self._own, standing.holder, stream)
            return
        _discard(self._pools, standing.team, stream)
        for agent in self._concerned(listing):
            _discard(self._quiet, (agent, standing.team), stream)
            _discard(self._flagged, agent, (stream, standing.team))

    def _concerned(self, listing: Listing) -> set[str]:
        """Return for whom the ticket is not as for everybody."""
        return {*listing.readers, *self.marks.get(listing.stream, ())}


def flag(marks: Marks, stream: int, agent: str, *, on: bool) -> None:
    """Flag a ticket for `agent`, or no longer."""
    if on:
        marks.setdefault(stream, set()).add(agent)
    else:
        _discard(marks, stream, agent)


def _discard(sets: dict[K, set[V]], key: K, value: V) -> None:
    """Remove `value` from a set, which is dropped when it is empty."""
    values = sets.get(key)
    if values is not None:
        values.discard(value)
        if not values:
            del sets[key]
