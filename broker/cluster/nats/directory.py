"""Who owns what, as records in JetStream: signs of life, and claims by comparison.

A lease is a number that its node raises. Who watches counts, by its own clock and only
while it is answered, how long a number has stood still; clocks need not agree. A node
whose process has died is known sooner: nobody listens any more where it listened.
"""

import logging
from collections.abc import Callable
from contextlib import suppress

import msgspec
import trio

from broker.cluster.nats.codec import Message
from broker.cluster.nats.jetstream import ApiError, JetStream
from broker.cluster.nats.link import Disconnected, NatsError, NobodyThere
from broker.cluster.ports import Claim, Node

LEASE_S = 2.0
"""Seconds a number may stand still: an owner that is paused longer is given up."""
MARGIN_S = 0.5
"""Seconds before that at which an owner gives itself up: its clock may be slow."""
LOOK_S = 0.2
"""Seconds between two signs of life, and two looks for those of others."""
DEAD_LOOKS = 3
"""Looks at which nobody listened in a node's place: it may be connecting anew."""
TRY_S = 0.5

log = logging.getLogger(__name__)


class Sign(msgspec.Struct, frozen=True):
    """A node's sign of life."""

    node: Node
    beat: int


class Holding(msgspec.Struct, frozen=True):
    """Who owns a partition; nobody if it was given back."""

    node: str
    epoch: int


class Seen(msgspec.Struct):
    """What is known of another node."""

    sign: Sign
    still: float = 0.0
    """Seconds for which its number has not changed, while we were answered."""
    silent: int = 0
    """Looks in a row at which nobody listened."""

    @property
    def alive(self) -> bool:
        """Whether it is to be believed to live."""
        return self.still < LEASE_S and self.silent < DEAD_LOOKS


class NatsDirectory:
    """What one node knows of the others."""

    def __init__(
        self, jetstream: JetStream, cluster: str, node: Node, replicas: int
    ) -> None:
        """Use a stream of `cluster`, which `found` makes."""
        self._jetstream = jetstream
        self._client = jetstream.client
        self._cluster = cluster
        self._stream = f"{cluster.upper()}_NODES"
        self._node = node
        self._replicas = replicas
        self._beat = 0
        self._seen: dict[str, Seen] = {}
        self._holding: tuple[int, Holding | None] = (0, None)
        """The owner's record, with the position it must have to be replaced."""
        self._claim: Claim | None = None
        self._until = 0.0
        """When our lease may have run out, by our clock."""
        self._looked_at: float | None = None

    async def found(self) -> None:
        """Make the stream, unless it is there.

        Raises:
            NatsError: it cannot be had, or nobody answers.
        """
        config: dict[str, object] = {
            "subjects": [f"{self._cluster}.node.*", f"{self._cluster}.owner.*"],
            "storage": "file",
            "num_replicas": self._replicas,
            "max_msgs_per_subject": 1,
        }
        await self._jetstream.ensure(self._stream, config)

    async def run(
        self, gained: Callable[[Claim], None], lost: Callable[[int], None]
    ) -> None:
        """Give signs of life, and look for those of others."""
        mine = f"{self._cluster}.alive.{self._node.name}"
        listening = self._client.subscribe(mine, self._answer)
        try:
            while True:
                began = trio.current_time()
                with suppress(NatsError), trio.move_on_after(TRY_S):
                    await self._renew(began)
                with suppress(NatsError), trio.move_on_after(LEASE_S):
                    await self._look()
                    await self._decide(gained)
                self._fence(lost)
                await trio.sleep(max(0.0, began + LOOK_S - trio.current_time()))
        finally:
            listening.end()

    async def look_for(self, seconds: float) -> None:
        """Look for others without being seen, long enough to know who lives."""
        with trio.move_on_after(seconds):
            while True:
                with suppress(NatsError):
                    await self._look()
                await trio.sleep(LOOK_S)

    def _answer(self, message: Message) -> None:
        with suppress(Disconnected):
            self._client.publish(message.reply, b"")

    def tell(self, applied: int) -> None:
        """Say how far we are, with the next sign."""
        self._node = msgspec.structs.replace(self._node, applied=applied)

    def mine(self, partition: int) -> Claim | None:
        """Return our claim."""
        del partition
        return self._claim

    def valid(self, partition: int) -> bool:
        """Return whether nobody else can have it by now."""
        del partition
        return self._claim is not None and trio.current_time() < self._until

    def owner(self, partition: int) -> Node | None:
        """Return who owns it, if it lives."""
        del partition
        _, holding = self._holding
        if holding is None:
            return None
        if holding.node == self._node.name:
            return self._node if self._claim is not None else None
        seen = self._seen.get(holding.node)
        return seen.sign.node if seen is not None and seen.alive else None

    def nodes(self) -> tuple[Node, ...]:
        """Return who is there."""
        others = [seen.sign.node for seen in self._seen.values() if seen.alive]
        return tuple(sorted([*others, self._node], key=lambda node: node.name))

    async def drain(self) -> None:
        """Hand over, and take nothing on."""
        self._node = msgspec.structs.replace(self._node, draining=True)
        claim, self._claim = self._claim, None
        with trio.move_on_after(2 * TRY_S), suppress(NatsError):
            if claim is not None:
                await self._hold(Holding("", claim.epoch))
            await self._renew(trio.current_time())

    # Signs.

    async def _renew(self, began: float) -> None:
        self._beat += 1
        subject = f"{self._cluster}.node.{self._node.name}"
        sign = msgspec.json.encode(Sign(self._node, self._beat))
        await self._jetstream.append(subject, sign, seconds=TRY_S)
        # From before it was sent: the others count from when they have seen it.
        self._until = began + LEASE_S - MARGIN_S

    async def _look(self) -> None:
        now = trio.current_time()
        since = 0.0 if self._looked_at is None else now - self._looked_at
        records = await self._records()
        self._looked_at = now
        holding = records.pop(f"{self._cluster}.owner.0", None)
        self._holding = (
            (0, None)
            if holding is None
            else (holding[0], msgspec.json.decode(holding[1], type=Holding))
        )
        signs = [
            msgspec.json.decode(data, type=Sign)
            for subject, (_, data) in records.items()
            if subject.startswith(f"{self._cluster}.node.")
        ]
        for sign in signs:
            if sign.node.name == self._node.name:
                continue
            seen = self._seen.setdefault(sign.node.name, Seen(sign))
            if sign.beat != seen.sign.beat or sign.node.since != seen.sign.node.since:
                seen.still, seen.silent = 0.0, 0
            else:
                # No more than part of it at a look: unanswered, nobody's time runs.
                seen.still += min(since, LEASE_S / 2)
            seen.sign = sign
        await self._listen_for_owner()

    async def _listen_for_owner(self) -> None:
        _, holding = self._holding
        seen = None if holding is None else self._seen.get(holding.node)
        if seen is None or not seen.alive:
            return
        try:
            subject = f"{self._cluster}.alive.{seen.sign.node.name}"
            await self._client.request(subject, seconds=LOOK_S)
        except NobodyThere:
            seen.silent += 1
        except NatsError:
            pass  # it is paused, or slow: its lease tells
        else:
            seen.silent = 0

    async def _records(self) -> dict[str, tuple[int, bytes]]:
        """Return the newest record of each subject, with its position."""
        names = await self._jetstream.subjects(self._stream)
        records: dict[str, tuple[int, bytes]] = {}
        for name in names:
            stored = await self._jetstream.get(self._stream, last_by_subj=name)
            if stored is not None:
                records[name] = stored.seq, stored.data
        return records

    # Claims.

    async def _decide(self, gained: Callable[[Claim], None]) -> None:
        _, holding = self._holding
        if holding is not None and holding.node and holding.node != self._node.name:
            seen = self._seen.get(holding.node)
            if seen is not None and seen.alive:
                return
        elif holding is not None and holding.node and self._claim is not None:
            return
        if self._node.draining or trio.current_time() >= self._until:
            return
        epoch = 1 if holding is None else holding.epoch + 1
        with suppress(ApiError):
            await self._hold(Holding(self._node.name, epoch))
            self._claim = Claim(0, epoch)
            log.info("this node claims, for the %d. time of all", epoch)
            gained(self._claim)

    async def _hold(self, holding: Holding) -> None:
        expected, _ = self._holding
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expected)}
        stored = await self._jetstream.append(
            f"{self._cluster}.owner.0",
            msgspec.json.encode(holding),
            headers,
            seconds=TRY_S,
        )
        self._holding = stored.seq, holding

    def _fence(self, lost: Callable[[int], None]) -> None:
        """Give up what is another's by now, or may be."""
        _, holding = self._holding
        theirs = holding is not None and holding.node != self._node.name
        if self._claim is not None and (theirs or not self.valid(0)):
            log.warning("this node gives up what it owned")
            self._claim = None
            lost(0)
