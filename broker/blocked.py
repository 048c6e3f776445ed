"""Who may not write, in memory: whom the shops have blocked, and who was erased.

Everything here was read from the journal, or has just been committed to it.
"""

from actors.ids import ANON, SHOPPER, Person


class Blocked:
    """Persons, and how often they tried in vain (F45)."""

    __slots__ = ("_forgotten", "_people", "refused")

    def __init__(self) -> None:
        self._people: set[Person] = set()
        self._forgotten: set[str] = set()
        """Our ids of them: some 100 bytes each, for as long as this process lives."""
        self.refused = 0
        """Writes of theirs since the start: counted, and kept nowhere."""

    def add(self, who: Person) -> None:
        """Refuse what `who` writes from now on."""
        self._people.add(who)

    def remove(self, who: Person) -> None:
        """Take it again."""
        self._people.discard(who)

    def forget(self, profile: str) -> None:
        """Refuse what somebody writes who is erased, as a shopper or as a visitor."""
        self._people |= {Person(SHOPPER + profile), Person(ANON + profile)}
        self._forgotten.add(profile)

    def is_forgotten(self, profile: str) -> bool:
        """Return whether who had this id was erased: nobody may be them any more."""
        return profile in self._forgotten

    def stops(self, who: Person) -> bool:
        """Return whether `who` may not write this, and count it."""
        if who not in self._people:
            return False
        self.refused += 1
        return True
