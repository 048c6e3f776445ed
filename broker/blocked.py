"""Whom the shops of this broker have blocked, in memory: what they write is refused.

Everything here was read from the journal, or has just been committed to it.
"""

from actors.ids import Person


class Blocked:
    """Persons, and how often they tried in vain (F45)."""

    __slots__ = ("_people", "refused")

    def __init__(self) -> None:
        self._people: set[Person] = set()
        self.refused = 0
        """Writes of theirs since the start: counted, and kept nowhere."""

    def add(self, who: Person) -> None:
        """Refuse what `who` writes from now on."""
        self._people.add(who)

    def remove(self, who: Person) -> None:
        """Take it again."""
        self._people.discard(who)

    def stops(self, who: Person) -> bool:
        """Return whether `who` may not write this, and count it."""
        if who not in self._people:
            return False
        self.refused += 1
        return True
