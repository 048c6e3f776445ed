"""Somebody who has asked a chat for something, and can wait for the answer."""

from actors.cells.ports import Accepted
from actors.chat.events import Event
from actors.ids import ChatId
from actors.refusals import Reason, Refused
from actors.runtime.future import TrioFuture
from storage.records import Record


class Waiter:
    """A caller who has no connection: one question, one answer."""

    def __init__(self) -> None:
        self.insider = False
        self.answer: TrioFuture[Accepted | Refused] = TrioFuture()

    @property
    def connection(self) -> object:
        """Itself: nobody stands between."""
        return self

    def accepted(self, answer: Accepted) -> None:
        """Hear that it was granted, and is durable."""
        self.answer.set(answer)

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        """Hear that it was not."""
        del re, chat, wrote
        self.answer.set(refused)

    def barred(self, chat: ChatId, re: str) -> Reason | None:
        """Return that nothing is in the way: there was nothing before."""
        del chat, re
        return None

    def attach(self, chat: ChatId) -> None:
        """Listen to nothing."""

    def history(
        self, re: str, chat: ChatId, page: list[tuple[Record, Event]], *, more: bool
    ) -> None:
        """Take nothing, for nothing was asked for."""
