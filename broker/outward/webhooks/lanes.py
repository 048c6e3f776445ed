"""One lane for each webhook: whoever is slow there is slow for themselves."""

import importlib
import logging
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import trio

from actors.codec import UnreadableRecordError
from actors.leaving import Message
from broker.outward.delivery import Carrier, Counts, Failed, Needless, Outcome, Sent
from broker.outward.follower import UNWRITTEN, Follower
from broker.outward.late import Late
from broker.outward.networks import Networks
from broker.outward.webhooks.told import headers, told
from storage import webhooks
from storage.outgoing import Delivery
from storage.webhooks import Webhook

if TYPE_CHECKING:
    from broker.outward.abroad import Abroad
    from broker.server import Broker

ABROAD = "broker.outward.abroad"
WINDOW = 256
"""Events of a webhook that are on their way at most; the others wait in the journal."""
APART_S = 0.1
"""Seconds between two looks while much happens: a batch instead of a look each."""
OK, REDIRECTS = 200, 300
GONE = 410
"""By this a receiver says that it does not want to be told any more."""

log = logging.getLogger(__name__)


class Courier:
    """The way out to URLs that shops have given us; made when it is first needed."""

    def __init__(self, broker: "Broker") -> None:
        self._clock = broker.clock
        self._abroad = Late(partial(_abroad, broker.config.outward.private))

    async def post(self, hook: Webhook, id_: str, body: bytes) -> int | Failed:
        """Return the status that a receiver answers with, or why it did not."""
        abroad = await self._abroad.get()
        signed = headers(id_, self._clock() // 1000, body, hook.secret)
        from broker.outward.abroad import Unanswered  # noqa: PLC0415  # late: slow

        try:
            answer = await abroad.post(hook.url, body, signed)
        except Unanswered as error:
            return Failed(str(error))
        return answer.status

    async def close(self) -> None:
        """Let go of the connections."""
        await self._abroad.close()


class Lane:
    """Tells one webhook, in the order of each chat."""

    def __init__(self, broker: "Broker", hook: Webhook, courier: Courier) -> None:
        self.hook = hook
        self.carrier = Carrier(hook.kind, self, books=broker.books, clock=broker.clock)
        self._broker = broker
        self._courier = courier
        self._scope = trio.CancelScope()
        self._follower = Follower(f"webhook {hook.id}", self._step, APART_S)
        self.wake = self._follower.wake
        self._seen = self._written = hook.position

    async def run(self) -> None:
        """Tell, until ended."""
        with self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.carrier.run)
                nursery.start_soon(self._follower.run)

    def end(self) -> None:
        """Tell nothing more, from this moment on."""
        self._scope.cancel()

    # What leaves.

    async def send(self, delivery: Delivery) -> Outcome:
        """Tell of one event."""
        where = msgspec.json.decode(delivery.payload, type=Message)
        read = partial(webhooks.entry, stream=where.stream, seq=where.seq)
        entry = await self._broker.query(read)
        if entry is None:
            return Needless()
        try:
            event = told(entry, self._broker.journal.epoch)
        except UnreadableRecordError:
            return Failed("the event cannot be read", final=True)
        body = msgspec.json.encode(event)
        status = await self._courier.post(self.hook, event.id, body)
        if isinstance(status, Failed):
            return status
        if status == GONE:
            await self._broker.outward.webhooks.give_up(self.hook, "it answered 410")
        if OK <= status < REDIRECTS:
            return Sent()
        return Failed(f"it answered {status}", final=status == GONE)

    async def tell(self, delivery: Delivery) -> None:
        """See whether there is room for more."""
        del delivery
        self.wake()

    # What is to leave.

    async def _step(self) -> bool:
        """Look at some events; return whether there may be more."""
        hook, books = self.hook, self._broker.books
        read = partial(webhooks.step, hook=hook, after=self._seen, window=WINDOW)
        found = await books.query(read)
        if found is None or found.upto <= self._seen:
            return False
        if found.events or found.upto - self._written >= UNWRITTEN:
            await books.change(partial(webhooks.advance, hook=hook, found=found))
            self._written = found.upto
            self.carrier.wake()
        self._seen = found.upto
        return True


class Webhooks:
    """All lanes of a broker."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self._nursery: trio.Nursery | None = None
        self.lanes: dict[str, Lane] = {}
        self.courier = Courier(broker)
        self.ended = Counts()
        """What lanes have done that are no more."""

    def wake(self) -> None:
        """Look: something was committed."""
        for lane in self.lanes.values():
            lane.wake()

    async def run(self) -> None:
        """Tell all webhooks there are and will be, until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                for hook in await self._broker.query(webhooks.every):
                    self.begin(hook)
                await trio.sleep_forever()
        finally:
            self._nursery = None
            with trio.CancelScope(shield=True):
                await self.courier.close()

    def begin(self, hook: Webhook) -> None:
        """Tell a webhook from its position on, unless it is told already."""
        if self._nursery is None or hook.ended_at is not None:
            return  # It is read with all others when they begin.
        if hook.id not in self.lanes:
            lane = self.lanes[hook.id] = Lane(self._broker, hook, self.courier)
            self._nursery.start_soon(lane.run)

    def end(self, id_: str) -> None:
        """Tell a webhook nothing any more, in this process."""
        lane = self.lanes.pop(id_, None)
        if lane is not None:
            counts, done = self.ended, lane.carrier.counts
            counts.sent += done.sent
            counts.retried += done.retried
            counts.dead += done.dead
            lane.end()

    async def give_up(self, hook: Webhook, why: str) -> None:
        """Tell a webhook nothing any more, for its receiver said so."""
        log.warning("webhook %s is told nothing any more: %s", hook.id, why)
        over = partial(webhooks.end, id_=hook.id, at=self._broker.clock(), why=why)
        await self._broker.change(over)
        self.end(hook.id)


def _abroad(private: tuple[str, ...]) -> "Abroad":
    made: Abroad = importlib.import_module(ABROAD).Abroad(Networks(private))
    return made
