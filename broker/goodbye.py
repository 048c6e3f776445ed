"""The last that peers hear of a broker, and what chats leave to the next one."""

from typing import TYPE_CHECKING

import trio

from broker.wire.errors import Close

if TYPE_CHECKING:
    from broker.server import Broker

GOODBYE_S = 3.0
"""Seconds for peers to take what they are still to be sent."""


async def say(broker: "Broker") -> None:
    """Have everybody go, and keep how the chats are, for a faster start."""
    for peer in tuple(broker.hub.peers):
        peer.transport.close(Close.RESTARTING)
    for kept in broker.keepalive:
        # Who has not said hello yet is known here alone.
        kept.close(Close.RESTARTING)
    for chat in broker.house.chats:
        if chat.held is None:
            chat.snapshot()
    broker.loop.wake()
    if not broker.virtual and not broker.broken:
        with trio.move_on_after(GOODBYE_S):
            while len(broker.keepalive) or broker.journal.owing:
                broker.loop.wake()
                await trio.sleep(0.01)
