"""What shoppers who wait are told: how far they are, seldom enough (F25)."""

import msgspec

from actors.desk.ledger import Ledger
from actors.ids import ChatId, Millis

APART = Millis(5_000)
"""At most one push a shopper in this time, however often the queue moves."""
SERVED = 0
"""The position of one who waits no more."""
UNKNOWN = -1
"""What a shopper was told who has come anew: something, or nothing, long ago."""


class Line(msgspec.Struct, gc=False):
    """One site's queues, as its shoppers were told of them."""

    told: dict[ChatId, int] = msgspec.field(default_factory=dict)
    told_at: Millis = Millis(-APART)
    watched: bool = False
    """Whether anybody is to be told anything."""
    stale: bool = False
    """Whether the queues may have moved."""

    def watch(self, *, on: bool) -> None:
        """Tell them, or nobody."""
        if on != self.watched:
            self.watched = self.stale = on
            self.told.clear()

    def move(self) -> None:
        """Note that the queues may have moved."""
        self.stale = True

    def forget(self, chat: ChatId) -> None:
        """Note that a shopper may not know what they were told, or no longer."""
        # Who was served while away still believes that they wait.
        self.told[chat] = UNKNOWN
        self.stale = True

    def due(self, now: Millis) -> bool:
        """Return whether to look now."""
        return self.watched and self.stale and now >= self.told_at + APART

    def next_look(self, now: Millis) -> Millis | None:
        """Return when to look, if there is anything to look at."""
        if not self.watched or not self.stale:
            return None
        return max(now, Millis(self.told_at + APART))

    def take(self, ledger: Ledger, now: Millis) -> dict[ChatId, int]:
        """Return what to tell whom, and count it as told."""
        positions = ledger.positions()
        served = self.told.keys() - positions.keys()
        changed = {chat: SERVED for chat in sorted(served) if chat in ledger.places}
        changed |= {
            chat: position
            for chat, position in positions.items()
            if self.told.get(chat) != position
        }
        self.told, self.stale = positions, False
        if changed:
            self.told_at = now
        return changed
