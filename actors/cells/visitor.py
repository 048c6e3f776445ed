"""The actor of one visitor at one shop, who may talk to its bot (spec F35).

Nothing is known of them but the secret their browser keeps, and no profile is made.
"""

from functools import partial
from typing import Protocol

import msgspec

from actors.cells.names import called_by
from actors.cells.reading import ask
from actors.cells.starting import (
    LATER,
    NO_CHAT,
    Begin,
    Starter,
    Starting,
    find_unclosed,
)
from actors.ids import ANON, ChatId, Person


class Guest(Protocol):
    """A connection of a visitor that is being let in."""

    def recognised(self, chat: ChatId | None) -> None:
        """Hear which unclosed chat they have."""

    def turned_away(self) -> None:
        """Hear that it cannot be known now."""


class Return(msgspec.Struct, frozen=True):
    """A visitor has come whose browser has a secret."""

    guest: Guest


class VisitorCell(Starter):
    """One visitor; the key is the site and their id, with a slash between."""

    __slots__ = ()

    def on_receive(self, message: object) -> None:
        """Carry out a `Begin` or a `Return`."""
        id_ = self.key.partition("/")[2]
        if isinstance(message, Begin):
            name = called_by(id_, None, None, None)
            self._begin(message, Starting(Person(ANON + id_), id_, name))
        elif isinstance(message, Return):
            find = partial(find_unclosed, site=self._site, profile=id_)
            ask(self, self._fittings.journal, find, message.guest.recognised, message)
            self._rest()

    def turn_away(self, message: object) -> None:
        """Tell whoever sent `message` to try again."""
        if isinstance(message, Begin):
            message.caller.refused(message.id, NO_CHAT, LATER)
        elif isinstance(message, Return):
            message.guest.turned_away()

    def restart(self) -> None:
        """Go on with the next message."""
        self._lives += 1
        self.release()
