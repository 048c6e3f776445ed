"""What people do in a chat beside writing: signals, never journaled, dropped first.

Who is typing (F11), which agents have the chat on the screen (F30), and that the bot is
thinking about an answer (F35).
"""

from typing import Literal, NamedTuple

import msgspec

from actors.ids import Millis, Person

What = Literal["typing", "viewing", "thinking"]
Key = tuple[Person, What]


class Spans(NamedTuple):
    """How often a sign is passed on, and for how long it holds."""

    relay: Millis
    """A sign is passed on at most this often for each author."""
    shown: Millis
    """How long after the last sign it is over: what is promised, less the quarter
    second by which a timer may be late."""


SPANS: dict[What, Spans] = {
    "typing": Spans(Millis(3000), Millis(5750)),
    # Given anew by whoever calls the bot.
    "thinking": Spans(Millis(3000), Millis(5750)),
    "viewing": Spans(Millis(5000), Millis(14_750)),
}


class Given(msgspec.Struct, gc=False):
    """A sign that one author gives at present."""

    until: Millis
    relayed: Millis
    inside: bool
    """Whether only agents may know."""


class Signs(msgspec.Struct, gc=False):
    """All who do anything in one chat now."""

    by: dict[Key, Given] = msgspec.field(default_factory=dict)

    def give(self, key: Key, now: Millis, *, inside: bool) -> bool:
        """Note a sign; return whether the others are to hear of it."""
        relay, shown = SPANS[key[1]]
        until, given = Millis(now + shown), self.by.get(key)
        if given is None:
            self.by[key] = Given(until, now, inside)
            return True
        given.until = until
        if now - given.relayed < relay:
            return False
        given.relayed = now
        return True

    def of(self, who: Person) -> tuple[Key, ...]:
        """Return all that `who` is doing."""
        return tuple(key for key in self.by if key[0] == who)

    def stop(self, key: Key) -> Given | None:
        """Return what has just stopped, or `None` if nothing."""
        return self.by.pop(key, None)

    def expired(self, now: Millis) -> list[tuple[Key, Given]]:
        """Remove and return those of which no sign has come for too long."""
        over = [(key, given) for key, given in self.by.items() if given.until <= now]
        for key, _ in over:
            del self.by[key]
        return over

    def next_end(self) -> Millis | None:
        """Return when the first of them will be over."""
        return min((given.until for given in self.by.values()), default=None)
