"""Tickets by how they stand, in order: opening a view looks at none that it skips."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice

from actors.desk.views import Key, Standing
from actors.ids import Millis

FIRST_ANSWERED = Key(answered=True, since=Millis(-1), stream=-1)
"""Stands before all whom nobody waits in."""


class Shelves:
    """Keys of tickets, on one sorted shelf for way to stand."""

    def __init__(self) -> None:
        self._shelves: dict[Standing, list[Key]] = {}

    def put(self, standing: Standing, key: Key) -> None:
        """Add a ticket."""
        shelf = self._shelves.get(standing)
        if shelf is None:
            self._shelves[standing] = [key]
        else:
            insort(shelf, key)

    def take(self, standing: Standing, key: Key) -> None:
        """Remove a ticket, which is there."""
        shelf = self._shelves[standing]
        del shelf[bisect_left(shelf, key)]
        if not shelf:
            del self._shelves[standing]

    def page(
        self, shown: Callable[[Standing], bool], after: Key | None, limit: int
    ) -> list[Key]:
        """Return the first `limit` keys behind `after` of those that stand as shown."""
        rest = [
            _from(shelf, 0 if after is None else bisect_right(shelf, after), limit)
            for standing, shelf in self._shelves.items()
            if shown(standing)
        ]
        return list(islice(merge(*rest), limit))

    def count(self, counted: Callable[[Standing], bool]) -> int:
        """Return how many tickets stand like that."""
        return sum(
            len(shelf) for standing, shelf in self._shelves.items() if counted(standing)
        )

    def waiting(self, counted: Callable[[Standing], bool]) -> tuple[int, Millis | None]:
        """Return in how many of them somebody waits, and since when the longest."""
        number = 0
        oldest: Millis | None = None
        for standing, shelf in self._shelves.items():
            if counted(standing) and not shelf[0].answered:
                number += bisect_left(shelf, FIRST_ANSWERED)
                since = shelf[0].since
                oldest = since if oldest is None else min(oldest, since)
        return number, oldest

    def by_holder(self, counted: Callable[[Standing], bool]) -> dict[str, int]:
        """Return how many of them each agent has."""
        held: dict[str, int] = {}
        for standing, shelf in self._shelves.items():
            if standing.holder is not None and counted(standing):
                held[standing.holder] = held.get(standing.holder, 0) + len(shelf)
        return held


def _from(shelf: list[Key], first: int, limit: int) -> Iterator[Key]:
    return iter(shelf[first : first + limit])
