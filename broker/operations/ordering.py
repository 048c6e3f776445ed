"""How a command gets to its chat."""

from typing import TYPE_CHECKING

from actors.cells.orders import Order
from actors.chat.commands import AnyCommand, MoveCursor, Note, Say
from actors.ids import ChatId, stream_of
from broker.wire.errors import Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer


COUNTED = frozenset({Say, Note})
"""What a person may write so fast and no faster; a start counts where it is asked."""


def order(peer: "Peer", chat: ChatId, command: AnyCommand) -> None:
    """Send `command` to its chat; what cannot be a chat is not found.

    Nor is it sent when its author writes too fast.
    """
    chats = peer.house.chats
    if chats.get(chat) is None and stream_of(chat) is None:
        peer.say(refuse(command.id, Code.NOT_FOUND))
        return
    if peer.house.blocked.stops(peer.who):
        peer.say(refuse(command.id, Code.FORBIDDEN))
        return
    kind = type(command)
    # Cursors keep no place in line, and go with the connection's frames.
    if kind is MoveCursor or peer.may_write(command.id, chat, counted=kind in COUNTED):
        chats.tell(chat, Order(command, peer))
