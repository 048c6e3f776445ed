"""Which tickets are whose, and which wait: the desk's one table of them.

Everything in it follows from the tickets as they were committed. Loads are sizes of
sets, never counted up and down, so that there is nothing to go wrong but the sets.
"""

from bisect import bisect_left, insort

import msgspec

from actors.desk.places import Place, Rank
from actors.ids import AgentId, ChatId, Millis

NOBODYS: frozenset[ChatId] = frozenset()


class Ledger(msgspec.Struct, gc=False):
    """All tickets of one site that are not closed."""

    places: dict[ChatId, Place] = msgspec.field(default_factory=dict)
    held: dict[AgentId, set[ChatId]] = msgspec.field(default_factory=dict)
    """Open ones, by whose they are; nobody has an empty set."""
    queues: dict[str | None, list[Rank]] = msgspec.field(default_factory=dict)
    """Those that wait, by team, sorted; none is empty."""

    def put(self, place: Place) -> Place | None:
        """Let `place` take the place of what was known of its ticket; return that."""
        old = self.places.pop(place.chat, None)
        if old is not None:
            self._take_out(old)
        if place.status != "closed":
            self.places[place.chat] = place
            self._put_in(place)
        return old

    def held_by(self, agent: AgentId) -> frozenset[ChatId] | set[ChatId]:
        """Return the open tickets of an agent."""
        return self.held.get(agent, NOBODYS)

    @property
    def waiting(self) -> int:
        """How many wait, in all queues together."""
        return sum(map(len, self.queues.values()))

    @property
    def oldest(self) -> Millis | None:
        """Since when the longest wait for an answer lasts, if anybody waits for one."""
        heads = [queue[0] for queue in self.queues.values() if not queue[0][0]]
        return min((since for _, since, _ in heads), default=None)

    def positions(self) -> dict[ChatId, int]:
        """Return how far each is in its queue, from 1."""
        return {
            chat: position
            for queue in self.queues.values()
            for position, (_, _, chat) in enumerate(queue, 1)
        }

    def _put_in(self, place: Place) -> None:
        if place.waits:
            insort(self.queues.setdefault(place.team, []), place.rank)
        elif place.assignee is not None and place.counts:
            self.held.setdefault(place.assignee, set()).add(place.chat)

    def _take_out(self, place: Place) -> None:
        if place.waits:
            queue = self.queues[place.team]
            del queue[bisect_left(queue, place.rank)]
            if not queue:
                del self.queues[place.team]
        elif place.assignee is not None and place.counts:
            held = self.held[place.assignee]
            held.remove(place.chat)
            if not held:
                del self.held[place.assignee]
