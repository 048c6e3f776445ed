"""Somebody who has asked a chat for something, and can wait for the answer."""

from typing import TYPE_CHECKING

from actors.cells.detached import Detached
from actors.cells.orders import Order
from actors.cells.ports import Accepted
from actors.chat.commands import AnyCommand
from actors.ids import ChatId
from actors.refusals import Reason, Refused
from actors.runtime.future import TrioFuture

if TYPE_CHECKING:
    from broker.server import Broker


class NotTold(Exception):
    """A chat cannot be told just now what it has to know; the text says why."""


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


async def ordered(
    broker: "Broker", chat: ChatId, command: AnyCommand
) -> Accepted | Refused:
    """Return what a chat says to `command`; if it is granted it is durable."""
    waiter = Waiter()
    broker.house.chats.tell(chat, Order(command, waiter))
    broker.loop.wake()
    return await waiter.answer


async def journaled(broker: "Broker", chat: ChatId, command: AnyCommand) -> None:
    """Have `command` journaled, if there is such a chat.

    Raises:
        NotTold: it cannot be just now.
    """
    answer = await ordered(broker, chat, command)
    if isinstance(answer, Refused) and answer.reason is not Reason.NOT_FOUND:
        raise NotTold(answer.reason)
