"""Everything that leaves the process: one carrier for each kind."""

from typing import TYPE_CHECKING

import trio

from broker.outward.delivery import Adapter, Carrier
from broker.outward.sms import SmsAdapter
from storage.numbers import SMS

if TYPE_CHECKING:
    from broker.server import Broker


class Outward:
    """The carriers of a broker; their tasks end with `run`."""

    def __init__(self, broker: "Broker") -> None:
        self.sms = SmsAdapter(broker)
        adapters: dict[str, Adapter] = {SMS: self.sms}
        self.carriers = tuple(
            Carrier(kind, adapter, broker.books, broker.clock)
            for kind, adapter in adapters.items()
        )

        broker.hub.carry_out = self.wake

    def wake(self) -> None:
        """Look: something that has to leave is durable."""
        for carrier in self.carriers:
            carrier.wake()

    async def run(self) -> None:
        """Deliver, until cancelled or told to `stop`."""
        try:
            async with trio.open_nursery() as nursery:
                for carrier in self.carriers:
                    nursery.start_soon(carrier.run)
        finally:
            with trio.CancelScope(shield=True):
                await self.sms.close()

    async def stop(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        async with trio.open_nursery() as nursery:
            for carrier in self.carriers:
                nursery.start_soon(carrier.stop)
