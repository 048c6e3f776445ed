"""What a broker does every now and then, whoever comes or not."""

import logging
from typing import TYPE_CHECKING

import trio

from broker.refused import Refusals
from broker.room import Alarms as Room
from broker.wire.errors import Close
from storage import relays
from storage.errors import Unwritable

if TYPE_CHECKING:
    from broker.server import Broker

SWEEP_S = 300
"""Seconds in which every actor is looked at once; an idle one rests the time after."""
EXPIRY_S = 30
"""Seconds between looks for tokens that have run out: within the promised 60."""
FORGET_S = 3600
"""Seconds until what has arrived of a chat that is over is forgotten: its table has no
more than the chats that go on, and those of an hour."""

log = logging.getLogger(__name__)


async def run(broker: "Broker") -> None:
    """Do it all, for ever."""
    async with trio.open_nursery() as nursery:
        if not broker.virtual:
            nursery.start_soon(broker.keepalive.run)
            nursery.start_soon(broker.house.finder.run)
            nursery.start_soon(Room(broker.folder).run)
        nursery.start_soon(sweep, broker)
        nursery.start_soon(expire, broker)
        nursery.start_soon(forget, broker)
        nursery.start_soon(broker.sweeper.run)
        nursery.start_soon(broker.eraser.run)
        nursery.start_soon(Refusals(broker.tally).run)


async def sweep(broker: "Broker") -> None:
    """Put away what nobody needs any more, a little each second."""
    house = broker.house
    while True:
        await trio.sleep(1)
        for kind in house.kinds:
            kind.sweep(len(kind) // SWEEP_S + 1)
        house.talk.sweep(broker.monotonic())
        house.resumes.sweep()
        broker.admission.sweep(broker.monotonic())
        broker.loop.wake()


async def expire(broker: "Broker") -> None:
    """End the connections whose token has run out, or whose key is gone."""
    while True:
        await trio.sleep(EXPIRY_S)
        now = broker.clock() / 1000
        for peer in tuple(broker.hub.peers):
            over = peer.expires is not None and peer.expires <= now
            if over or (peer.kid and not broker.gate.knows(peer.kid)):
                peer.transport.close(Close.AUTH)
        broker.loop.wake()


async def forget(broker: "Broker") -> None:
    """Forget what other systems have taken of chats that are over."""
    while True:
        await trio.sleep(FORGET_S)
        try:
            if await broker.query(relays.any_over):
                await broker.change(relays.drop_over)
        except Unwritable as error:
            log.warning("what is over is forgotten in an hour: %s", error)
