"""Everything that leaves the process: one carrier for each kind."""

from typing import TYPE_CHECKING

import trio

from actors.leaving import BOT_CALL, HANDOFF
from broker.outward.ai.handing import HandoffAdapter
from broker.outward.ai.turns import TurnAdapter
from broker.outward.delivery import Carrier, Counts, Pace
from broker.outward.mail.follower import MailFollower
from broker.outward.mail.post import MailAdapter
from broker.outward.sms import SmsAdapter
from broker.outward.webhooks.lanes import Webhooks
from storage import mailing
from storage.numbers import SMS

if TYPE_CHECKING:
    from broker.server import Broker

TURNS = Pace(at_once=256)
"""Behind turns of the bot's that hang no shopper is to wait."""
HANDOFFS = Pace(2.0, 300.0)
"""A shopper waits meanwhile."""
MAIL_PACE = Pace(60.0, 3600.0)
"""Mail servers that say "later" mean minutes (F38)."""


class Outward:
    """The carriers of a broker; their tasks end with `run`."""

    def __init__(self, broker: "Broker") -> None:
        self.sms, self.mail = SmsAdapter(broker), MailAdapter(broker)
        self.turns, self.handoffs = TurnAdapter(broker), HandoffAdapter(broker)
        books, clock = broker.books, broker.clock
        self.carriers = (
            Carrier(SMS, self.sms, books=books, clock=clock),
            Carrier(BOT_CALL, self.turns, books=books, clock=clock, pace=TURNS),
            Carrier(HANDOFF, self.handoffs, books=books, clock=clock, pace=HANDOFFS),
            Carrier(mailing.KIND, self.mail, books=books, clock=clock, pace=MAIL_PACE),
        )
        self._mail_follower = MailFollower(broker)
        self.webhooks = Webhooks(broker)
        broker.hub.carry_out = self.wake

    def committed(self) -> None:
        """Have those look who follow the journal; costs nothing while they do."""
        self._mail_follower.wake()
        self.webhooks.wake()

    def wake(self) -> None:
        """Look: something that has to leave is durable."""
        for carrier in self.carriers:
            carrier.wake()

    def counts(self) -> dict[str, list[Counts]]:
        """Return what was done, by kind: webhooks are one, however many there are."""
        done = {carrier.kind: [carrier.counts] for carrier in self.carriers}
        lanes = [lane.carrier.counts for lane in self.webhooks.lanes.values()]
        return done | {"webhook": [*lanes, self.webhooks.ended]}

    async def run(self) -> None:
        """Deliver, until cancelled or told to `stop`."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._mail_follower.run)
                nursery.start_soon(self.webhooks.run)
                nursery.start_soon(self.handoffs.follow)
                for carrier in self.carriers:
                    nursery.start_soon(carrier.run)
        finally:
            with trio.CancelScope(shield=True):
                await self.sms.close()
                await self.mail.close()
                await self.turns.close()
                await self.handoffs.close()

    async def stop(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        async with trio.open_nursery() as nursery:
            for carrier in self.carriers:
                nursery.start_soon(carrier.stop)
            for lane in self.webhooks.lanes.values():
                nursery.start_soon(lane.carrier.stop)
