"""Who owns what, as records in JetStream: signs of life, and claims by comparison.

A lease is a number that its node raises. Who watches counts, by its own clock and only
while it is answered, how long a number has stood still; clocks need not agree. A node
whose process has died is known sooner: nobody listens any more where it listened.

Signs of life come from the loop that serves, not from a thread: a loop that stands
still serves nobody, and is to be given up. One that wakes from a pause gives a sign
first, and then looks whether somebody has taken over: if not, it has lost nothing. A
sign counts from when it was sent, however late it is answered, and the next does not
wait for it: a disk of NATS's that takes a second for one costs nobody what they own.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import msgspec
import trio

from broker.cluster.nats.codec import Message
from broker.cluster.nats.jetstream import ApiError, JetStream, Stored
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
GONE_S = 60.0
"""Seconds of silence after which a node's last sign is removed: machines that are made
and thrown away have another name each time."""
TRY_S = 0.5
"""Seconds for a claim to be answered, or a sign once the lease has run out."""

log = logging.getLogger(__name__)


class Sign(msgspec.Struct, frozen=True):
    """A node's sign of life."""

    node: Node
    beat: int


class Holding(msgspec.Struct, frozen=True):
    """Who owns a partition; nobody if it was given back."""

    node: str
    epoch: int


NOBODY = Holding("", 0)


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

    counted: float = 0.0
    """Up to when that is counted, by our clock."""

    def hear(self, sign: Sign, asked: float, answered: float) -> None:
        """Take in its newest sign, as of some time between `asked` and `answered`."""
        before, self.sign = self.sign, sign
        if (sign.beat, sign.node.since) != (before.beat, before.node.since):
            # It may have been given just now, however long we have waited.
            self.still, self.silent, self.counted = 0.0, 0, answered
        else:
            # No more than part of it at a look: unanswered, nobody's time runs.
            self.still += min(max(0.0, asked - self.counted), LEASE_S / 2)
            self.counted = asked


class Record(NamedTuple):
    """Who owns, with the position that it must have to be replaced."""

    seq: int = 0
    holding: Holding = NOBODY


class NatsDirectory:
    """What one node knows of the others."""

    def __init__(
        self,
        jetstream: JetStream,
        cluster: str,
        node: Node,
        replicas: int,
        partitions: int = 1,
    ) -> None:
        """Use a stream of `cluster`, which `found` makes."""
        self._jetstream = jetstream
        self._client = jetstream.client
        self._cluster = cluster
        self._stream = f"{cluster.upper()}_NODES"
        self._node = node
        self._replicas = replicas
        self._partitions = range(partitions)
        self._beat = 0
        self._seen: dict[str, Seen] = {}
        self._records = [Record() for _ in self._partitions]
        self._claims: dict[int, Claim] = {}
        self._until = 0.0
        """When our lease may have run out, by our clock."""
        self._heard = 0.0
        """When we last looked, and were answered."""

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
        self._heard = trio.current_time()

    async def run(
        self, gained: Callable[[Claim], None], lost: Callable[[int], None]
    ) -> None:
        """Give signs of life, and look for those of others."""
        mine = f"{self._cluster}.alive.{self._node.name}"
        listening = self._client.subscribe(mine, self._answer)
        try:
            async with trio.open_nursery() as nursery:
                while True:
                    began = trio.current_time()
                    if began < self._until:
                        nursery.start_soon(self._renew, began)
                    else:
                        with trio.move_on_after(TRY_S):
                            await self._renew(began)
                    with suppress(NatsError), trio.move_on_after(self._patience()):
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

    def _patience(self) -> float:
        """Return how long to wait for a look: no longer than we may go on owning."""
        left = self._until - trio.current_time()
        return max(TRY_S, min(LEASE_S, left)) if self._claims else LEASE_S

    def _answer(self, message: Message) -> None:
        with suppress(Disconnected):
            self._client.publish(message.reply, b"")

    def tell(self, applied: int, relayed: int = 0) -> None:
        """Say how far we are, with the next sign."""
        told = msgspec.structs.replace(self._node, applied=applied, relayed=relayed)
        self._node = told

    def mine(self, partition: int) -> Claim | None:
        """Return our claim."""
        return self._claims.get(partition)

    def valid(self, partition: int) -> bool:
        """Return whether nobody else can have it by now."""
        return partition in self._claims and trio.current_time() < self._until

    def owner(self, partition: int) -> Node | None:
        """Return who owns it, if it lives."""
        name = self._records[partition].holding.node
        if name == self._node.name:
            return self._node if partition in self._claims else None
        seen = self._seen.get(name)
        return seen.sign.node if seen is not None and seen.alive else None

    def epoch(self, partition: int) -> int:
        """Return how often it has changed hands."""
        return self._records[partition].holding.epoch

    def silence(self) -> float:
        """Return since when nobody has told us who is there."""
        return trio.current_time() - self._heard

    def nodes(self) -> tuple[Node, ...]:
        """Return who is there."""
        others = [seen.sign.node for seen in self._seen.values() if seen.alive]
        return tuple(sorted([*others, self._node], key=lambda node: node.name))

    async def drain(self) -> None:
        """Hand over, and take nothing on."""
        self._node = msgspec.structs.replace(self._node, draining=True)
        claims, self._claims = self._claims, {}
        with trio.move_on_after(2 * TRY_S), suppress(NatsError):
            for claim in claims.values():
                await self._hold(claim.partition, Holding("", claim.epoch))
            await self._renew(trio.current_time())

    # Signs.

    async def _renew(self, began: float) -> None:
        self._beat += 1
        subject = f"{self._cluster}.node.{self._node.name}"
        sign = msgspec.json.encode(Sign(self._node, self._beat))
        with suppress(NatsError):
            await self._jetstream.append(subject, sign, seconds=LEASE_S)
            # From before it was sent: the others count from when they have seen it.
            self._until = max(self._until, began + LEASE_S - MARGIN_S)

    async def _look(self) -> None:
        asked = trio.current_time()
        found = await self._stored()
        answered = self._heard = trio.current_time()
        for partition in self._partitions:
            kept = found.get(f"{self._cluster}.owner.{partition}")
            if kept is not None:
                holding = msgspec.json.decode(kept.data, type=Holding)
                self._records[partition] = Record(kept.seq, holding)
        signs = [
            msgspec.json.decode(kept.data, type=Sign)
            for subject, kept in found.items()
            if subject.startswith(f"{self._cluster}.node.")
        ]
        for sign in signs:
            if sign.node.name != self._node.name:
                new = Seen(sign, counted=answered)
                seen = self._seen.setdefault(sign.node.name, new)
                seen.hear(sign, asked, answered)
        await self._forget({sign.node.name for sign in signs})
        await self._listen_for_owners()

    async def _forget(self, signed: set[str]) -> None:
        """Let go of who is gone; whoever sees it first removes the last sign."""
        for name, seen in tuple(self._seen.items()):
            if name not in signed:
                del self._seen[name]
            elif seen.still > GONE_S:
                subject = f"{self._cluster}.node.{name}"
                await self._jetstream.purge(self._stream, filter=subject)

    async def _listen_for_owners(self) -> None:
        for name in {record.holding.node for record in self._records}:
            seen = self._seen.get(name)
            if seen is None or not seen.alive:
                continue
            try:
                subject = f"{self._cluster}.alive.{name}"
                await self._client.request(subject, seconds=LOOK_S)
            except NobodyThere:
                seen.silent += 1
            except NatsError:
                pass  # it is paused, or slow: its lease tells
            else:
                seen.silent = 0

    async def _stored(self) -> dict[str, Stored]:
        """Return the newest record of each subject."""
        found: dict[str, Stored] = {}
        for name in await self._jetstream.subjects(self._stream):
            stored = await self._jetstream.get(self._stream, last_by_subj=name)
            if stored is not None:
                found[name] = stored
        return found

    # Claims.

    async def _decide(self, gained: Callable[[Claim], None]) -> None:
        for partition, record in enumerate(self._records):
            if self._node.draining or trio.current_time() >= self._until:
                return
            if self._taken(partition, record.holding.node):
                continue
            epoch = record.holding.epoch + 1
            with suppress(ApiError):
                await self._hold(partition, Holding(self._node.name, epoch))
                claim = self._claims[partition] = Claim(partition, epoch)
                log.info("this node claims, for the %d. time of all", epoch)
                gained(claim)

    def _taken(self, partition: int, name: str) -> bool:
        """Return whether a partition that `name` holds is not to be claimed."""
        if name == self._node.name:
            # Otherwise it was ours in a life before.
            return partition in self._claims
        seen = self._seen.get(name)
        return seen is not None and seen.alive

    async def _hold(self, partition: int, holding: Holding) -> None:
        expected = self._records[partition].seq
        headers = {"Nats-Expected-Last-Subject-Sequence": str(expected)}
        stored = await self._jetstream.append(
            f"{self._cluster}.owner.{partition}",
            msgspec.json.encode(holding),
            headers,
            seconds=TRY_S,
        )
        self._records[partition] = Record(stored.seq, holding)

    def _fence(self, lost: Callable[[int], None]) -> None:
        """Give up what is another's by now, or may be."""
        for partition in tuple(self._claims):
            theirs = self._records[partition].holding.node != self._node.name
            if theirs or not self.valid(partition):
                why = "another owns it" if theirs else "its lease has run out"
                log.warning("this node gives up what it owned: %s", why)
                del self._claims[partition]
                lost(partition)
