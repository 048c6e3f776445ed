"""Stands between a desk and a chat, to hear that nothing came of a request."""

from typing import Any

import msgspec

from actors.cells.detached import Detached
from actors.cells.ports import Accepted
from actors.ids import ChatId
from actors.refusals import Refused
from actors.runtime.system import Kind


class Declined(msgspec.Struct, frozen=True, gc=False):
    """Nothing came of what a chat was asked."""

    chat: ChatId
    number: int


class Asker(Detached):
    """Hears for a desk that nothing came of what it asked of a chat.

    What does come of it is not answered: the request has no id, and the ticket itself
    comes back as it was committed.
    """

    insider = True

    def __init__(self, desks: Kind[Any], key: str, number: int) -> None:
        self._desks = desks
        self._key = key
        self._number = number

    def accepted(self, answer: Accepted) -> None:
        """Hear that there was nothing left to do."""
        self._desks.tell(self._key, Declined(answer.chat, self._number))

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        """Hear that it cannot be done."""
        del re, refused, wrote
        self._desks.tell(self._key, Declined(chat, self._number))
