"""How a command gets to its chat."""

from typing import TYPE_CHECKING

from actors.cells.orders import Order
from actors.chat.commands import AnyCommand
from actors.ids import ChatId, stream_of
from broker.wire.errors import Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer


def order(peer: "Peer", chat: ChatId, command: AnyCommand) -> None:
    """Send `command` to its chat; what cannot be a chat is not found."""
    chats = peer.house.chats
    if chats.get(chat) is None and stream_of(chat) is None:
        peer.say(refuse(command.id, Code.NOT_FOUND))
    else:
        chats.tell(chat, Order(command, peer))
