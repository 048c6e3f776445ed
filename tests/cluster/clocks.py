"""The same model with clocks and leases: when a directory says who owns, and to whom.

Clocks run a little fast or slow, and those on the wall jump. Nodes are paused, cut off
and slow to be answered, signs of life and answers are lost or arrive after whoever sent
them has been given up. What a node does is what `broker.cluster.nats.directory` does.

Two things are looked at. What is in the log is right whatever clocks and leases do:
take any fence of theirs away, and it is. And no two reign at once, as long as all of
those stand: who has given way shows nobody what is old.

Not in here: a node that has lost its connection and cannot make another is given up
sooner than its lease ends. It may show what is old until then; it writes nothing.
"""

import heapq
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

import msgspec

from broker.cluster.nats.directory import LEASE_S, LOOK_S, MARGIN_S
from tests.cluster.model import Fence, Node, Violation, World

TICK_S = 0.1
DRIFT = 0.15
"""By how much a clock is fast or slow: a thousand times a bad one's; the margin between
giving up and being given up takes up to 14 %."""
JUMP_S = 10.0
"""By how much a clock on the wall is put right."""
AWAY_S = (0.3, 6.0)
"""How long a pause lasts, or being cut off."""


class Lease(Enum):
    """What keeps two from reigning at once."""

    FROM_SENT = "a lease counts from before its sign was sent"
    MARGIN = "who owns gives up before others may claim"
    FORWARD = "clocks that count go forward"
    SEEN = "who watches counts by its own clock, whatever others have written"
    ANSWERED = "a sign stands still from an answer to the next question"
    COMPARED = "a claim names the record that it replaces"


class Sign(NamedTuple):
    """A sign of life, as it is stored."""

    beat: int
    wall: float


class Record(NamedTuple):
    """Who owns."""

    seq: int
    holder: int


class Life(msgspec.Struct):
    """What a node's directory knows; times are by its own clock."""

    rate: float
    wall: float = 0.0
    """How far its clock on the wall is from right."""
    away: float = 0.0
    """Until when it is paused, by the true time."""
    cut: float = 0.0
    """Until when nothing goes in or out."""
    beat: int = 0
    until: float = 0.0
    next: float = 0.0
    asked: float = -1.0
    """When it asked what it has no answer to."""
    counted: dict[int, float] = {}
    """Up to when each number's standing still is counted."""
    signs: dict[int, Sign] = {}
    still: dict[int, float] = {}
    record: Record = Record(0, -1)
    holds: bool = False


class ClockedWorld(World):
    """One run of it; a step is a tenth of a second."""

    def __init__(self, seed: int, without: Fence | Lease | None = None) -> None:
        super().__init__(seed, without if isinstance(without, Fence) else None)
        self.lease = without if isinstance(without, Lease) else None
        rates = (1 - DRIFT, 1 + DRIFT)
        self.lives = [Life(self.chance.choice(rates)) for _ in self.nodes]
        self.signs: dict[int, Sign] = {}
        self.record = Record(0, -1)
        self.now = 0.0
        self.reigns = 0
        """How often a node came to own."""
        self.twice = False
        """Whether two have reigned at once."""
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def run(self, steps: int) -> None:
        """Let time pass, then look.

        Raises:
            Violation: what is in the log is not right.
        """
        for _ in range(steps):
            self.now += TICK_S
            self.befall()
            while self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()
            for node, life in zip(self.nodes, self.lives, strict=True):
                if life.away <= self.now:
                    self.live(node, life)
            reigning = [life for life in self.lives if self.reigns_now(life)]
            self.twice |= len(reigning) > 1
            for happen in (self.act, self.act, self.carry, self.carry, self.reply):
                happen()
        self.check()

    # What befalls nodes.

    def befall(self) -> None:
        """Pause one, or cut it off, or put its clock on the wall right."""
        life = self.chance.choice(self.lives)
        what, end = self.chance.random(), self.now + self.chance.uniform(*AWAY_S)
        if what < 0.04:
            life.away = end
        elif what < 0.08:
            life.cut = end
        elif what < 0.10:
            life.wall = self.chance.uniform(-JUMP_S, JUMP_S)

    def clock(self, life: Life) -> float:
        """Return the time by a node's own clock."""
        jumps = life.wall if self.lease is Lease.FORWARD else 0.0
        return self.now * life.rate + jumps

    def send(self, life: Life, ask: Callable[[], Callable[[], None]]) -> None:
        """Carry a question to NATS, and the answer back; as TCP does, or not at all."""

        def arrive() -> None:
            if life.cut > self.now:
                self._later(life.cut - self.now, arrive)
                return
            answer = ask()
            if self.chance.random() < 0.9:
                self._later(self.delay(), lambda: heard(answer))

        def heard(answer: Callable[[], None]) -> None:
            wait = max(life.cut, life.away) - self.now
            if wait > 0:
                self._later(wait, lambda: heard(answer))
            else:
                answer()

        self._later(self.delay(), arrive)

    def delay(self) -> float:
        """Return how long something is on its way: mostly not at all."""
        return self.chance.uniform(0, 0.1 if self.chance.random() < 0.8 else 2.0)

    def _later(self, seconds: float, then: Callable[[], None]) -> None:
        self._ids += 1
        heapq.heappush(self._due, (self.now + seconds, self._ids, then))

    # What a node's directory does.

    def live(self, node: Node, life: Life) -> None:
        """Do what is due."""
        now = self.clock(life)
        if now >= life.next:
            life.next = now + LOOK_S
            self.renew(node, life, now)
            if now - life.asked > LEASE_S or life.asked < 0:
                life.asked = now
                self.look(node, life, now)
        if life.holds and (now >= life.until or life.record.holder != node.name):
            life.holds = node.claims = node.serves = False
            node.pending = None
        elif life.holds and self.chance.random() < 0.1:
            node.claims = True  # The log has fenced it, and it tries once more.

    def renew(self, node: Node, life: Life, sent: float) -> None:
        """Give a sign of life."""
        life.beat += 1
        sign = Sign(life.beat, self.now + life.wall)

        def store() -> Callable[[], None]:
            self.signs[node.name] = sign
            return hold

        def hold() -> None:
            began = sent if self.lease is not Lease.FROM_SENT else self.clock(life)
            margin = 0.0 if self.lease is Lease.MARGIN else MARGIN_S
            life.until = max(life.until, began + LEASE_S - margin)

        self.send(life, store)

    def look(self, node: Node, life: Life, asked: float) -> None:
        """Ask for all signs, and who owns."""

        def read() -> Callable[[], None]:
            signs, record = dict(self.signs), self.record
            return lambda: self.hear(node, life, asked, signs, record)

        self.send(life, read)

    def hear(
        self,
        node: Node,
        life: Life,
        asked: float,
        signs: dict[int, Sign],
        record: Record,
    ) -> None:
        """Count how long each has stood still; claim, if who owns has for too long."""
        if asked != life.asked:
            return  # It was given up, and asked anew.
        life.asked, now = -1.0, self.clock(life)
        if record.seq >= life.record.seq:
            life.record = record
        for name, sign in signs.items():
            before, life.signs[name] = life.signs.get(name), sign
            if before is None or before.beat != sign.beat:
                life.still[name] = 0.0
                answered = self.lease is not Lease.ANSWERED
                life.counted[name] = now if answered else asked
            else:
                since = min(max(0.0, asked - life.counted[name]), LEASE_S / 2)
                life.still[name] += since
                life.counted[name] = asked
        holder = life.record.holder
        ours = holder == node.name and life.holds
        if not ours and not self.alive(life, holder) and now < life.until:
            self.claim(node, life)

    def alive(self, life: Life, name: int) -> bool:
        """Return whether a node is believed to live."""
        sign = life.signs.get(name)
        if sign is None:
            return False
        if self.lease is Lease.SEEN:
            return self.now + life.wall - sign.wall < LEASE_S
        return life.still[name] < LEASE_S

    def claim(self, node: Node, life: Life) -> None:
        """Write ourselves down as who owns, in the place of what we have read."""
        expected, wanted = life.record.seq, self.clock(life)

        def store() -> Callable[[], None]:
            compared = self.lease is not Lease.COMPARED
            if compared and self.record.seq != expected:
                return lambda: None
            made = self.record = Record(self.record.seq + 1, node.name)
            return lambda: gain(made)

        def gain(made: Record) -> None:
            if self.clock(life) - wanted > LEASE_S or made.seq < life.record.seq:
                return  # It was given up; the next look finds it.
            life.record, life.holds, node.claims = made, True, True
            self.reigns += 1

        self.send(life, store)

    def reigns_now(self, life: Life) -> bool:
        """Return whether a node shows people what it has."""
        return life.holds and life.away <= self.now and self.clock(life) < life.until

    # What the log's model leaves to chance.

    def act(self) -> None:
        """Only who is not paused does anything."""
        node = self.chance.choice(self.nodes)
        if self.lives[node.name].away <= self.now:
            self.turn(node)

    def carry(self) -> None:
        """What was sent by who is cut off arrives later, which may be too late."""
        now, wire = self.now, self.wire
        free = [
            at for at, request in enumerate(wire) if self.lives[request.node].cut <= now
        ]
        if free:
            self.arrive(self.chance.choice(free))

    def reply(self) -> None:
        """Nobody is told anything who is paused or cut off."""
        for at, (request, taken) in enumerate(self.replies):
            life = self.lives[request.node]
            if max(life.away, life.cut) <= self.now:
                del self.replies[at]
                self.told(request, taken=taken)
                return

    def follow(self, node: Node, end: int) -> None:
        """Nor does who is cut off hear what others write."""
        if self.lives[node.name].cut <= self.now:
            super().follow(node, end)

    def take_over(self, node: Node) -> None:
        """Nor read where the log ends."""
        if self.lives[node.name].cut <= self.now:
            super().take_over(node)


def lawful(world: ClockedWorld) -> None:
    """Raise if two have reigned at once.

    Raises:
        Violation: they have.
    """
    if world.twice:
        raise Violation("two have reigned at once")
