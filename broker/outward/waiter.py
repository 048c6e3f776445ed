"""Somebody who has asked a chat for something, and can wait for the answer."""

from actors.cells.detached import Detached
from actors.cells.ports import Accepted
from actors.ids import ChatId
from actors.refusals import Refused
from actors.runtime.future import TrioFuture


class Waiter(Detached):
    """A caller who has no connection: one question, one answer."""

    def __init__(self) -> None:
        self.answer: TrioFuture[Accepted | Refused] = TrioFuture()

    def accepted(self, answer: Accepted) -> None:
        """Hear that it was granted, and is durable."""
        self.answer.set(answer)

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        """Hear that it was not."""
        del re, chat, wrote
        self.answer.set(refused)
