"""Who is typing in a chat: signals, never journaled, dropped first (F11)."""

import msgspec

from actors.ids import Millis, Person

RELAY = Millis(3000)
"""A sign is passed on at most this often for each author."""
SHOWN = Millis(5750)
"""How long after the last sign it is over: 6 s, less the quarter second by which a
timer may be late."""


class Typing(msgspec.Struct, gc=False):
    """One author's present typing."""

    until: Millis
    relayed: Millis
    note: bool
    """Whether into a note, which only agents may know."""


class Typers(msgspec.Struct, gc=False):
    """All who type in one chat now."""

    by: dict[Person, Typing] = msgspec.field(default_factory=dict)

    def sign(self, who: Person, now: Millis, *, note: bool) -> bool:
        """Note a sign of typing; return whether the others are to hear of it."""
        typing = self.by.get(who)
        if typing is not None:
            typing.until = Millis(now + SHOWN)
            if now - typing.relayed < RELAY:
                return False
            typing.relayed = now
            return True
        self.by[who] = Typing(Millis(now + SHOWN), now, note)
        return True

    def stop(self, who: Person) -> Typing | None:
        """Return what `who` has just stopped, or `None` if nothing."""
        return self.by.pop(who, None)

    def expired(self, now: Millis) -> list[tuple[Person, Typing]]:
        """Remove and return those who have gone silent."""
        over = [(who, typing) for who, typing in self.by.items() if typing.until <= now]
        for who, _ in over:
            del self.by[who]
        return over

    def next_end(self) -> Millis | None:
        """Return when the first of them will have gone silent."""
        return min((typing.until for typing in self.by.values()), default=None)
