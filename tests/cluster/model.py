"""How a partition changes hands, as small as it can be told: run a thousand times.

Nodes, a directory that may say anything to anybody at any time, and a network that may
delay, lose and repeat. What a node does is what `broker.cluster.node` does, a step at a
time: read the end of the log, catch up, set its mark, write. The log takes an append
only behind the entry that it names. Clocks do not appear: nothing here goes by one
(`tests.cluster.clocks` has those).

`without` takes one of the fences away; a model in which nothing breaks then would prove
nothing.
"""

import random
from enum import Enum
from typing import NamedTuple

import msgspec


class Fence(Enum):
    """What keeps two who both believe that they own from doing harm."""

    EXPECTED = "the log takes what names its end, and nothing else"
    MARK = "who takes over says so in the log before it shows anything"
    SAME_ID = "what is tried again is tried under the same id"
    LOG_FIRST = "what the log has not taken is not in the tables"
    CATCH_UP = "who takes over has applied everything before its mark"


class Violation(Exception):
    """What must not be."""


class Entry(NamedTuple):
    """One entry of the log."""

    id: str
    by: int
    number: int
    """Of a message, as its writer counted; 0 for a mark."""


class Request(NamedTuple):
    """An append on its way."""

    node: int
    expected: int
    entry: Entry


class Node(msgspec.Struct):
    """What one node knows."""

    name: int
    applied: list[Entry] = []
    """Its tables."""
    claims: bool = False
    """Whether the directory says that it owns, as far as it has heard."""
    serves: bool = False
    end: int = 0
    """Where it will set its mark, once it has read that."""
    pending: Entry | None = None
    """What it has asked the log to take."""
    expected: int = 0
    tries: int = 0

    @property
    def count(self) -> int:
        """How many messages it knows of."""
        return sum(entry.number > 0 for entry in self.applied)


class World:
    """One run: `steps` things that happen, as chance has it."""

    def __init__(self, seed: int, without: Fence | None = None, nodes: int = 3) -> None:
        self.chance = random.Random(seed)  # a seed gives the same run
        self.without = without
        self.nodes = [Node(name) for name in range(nodes)]
        self.log: list[Entry] = []
        self.wire: list[Request] = []
        self.replies: list[tuple[Request, bool]] = []
        self.acknowledged: list[Entry] = []
        self.served: list[tuple[int, int]] = []
        """Who began to serve, and what they had applied then."""
        self._ids = 0

    def run(self, steps: int) -> None:
        """Let things happen, then look.

        Raises:
            Violation: something is lost, doubled or out of order.
        """
        for _ in range(steps):
            self.chance.choice(
                (
                    self.tell,
                    self.act,
                    self.act,
                    self.act,
                    self.carry,
                    self.carry,
                    self.reply,
                    self.reply,
                )
            )()
        self.check()

    # What happens.

    def tell(self) -> None:
        """The directory says something, to one node, be it right or not."""
        node = self.chance.choice(self.nodes)
        if self.chance.random() < 0.5:
            node.claims = True
        elif self.chance.random() < 0.3:
            # Forgets what it had asked for, as a process that was killed does.
            node.claims = node.serves = False
            node.pending = None

    def act(self) -> None:
        """A node does the next thing; one that is paused is one that is not chosen."""
        self.turn(self.chance.choice(self.nodes))

    def turn(self, node: Node) -> None:
        """Do what comes next to a node."""
        if node.pending is not None:
            self.ask(node, again=True)
        elif not node.claims:
            self.follow(node, len(self.log))
        elif node.serves:
            self.write(node)
        else:
            self.take_over(node)

    def take_over(self, node: Node) -> None:
        """Read the end, catch up, set the mark: others may come in between."""
        if node.end == 0 or self.chance.random() < 0.3:
            node.end = len(self.log) or -1
            return
        end, node.end = max(node.end, 0), 0
        if self.without is not Fence.CATCH_UP:
            self.follow(node, end)
        if self.without is Fence.MARK:
            self.serve(node)
            return
        node.pending, node.expected = Entry(self.id(), node.name, 0), end
        self.ask(node)

    def write(self, node: Node) -> None:
        """A shopper says something to the broker of this node."""
        node.pending = Entry(self.id(), node.name, node.count + 1)
        node.expected = len(node.applied)
        if self.without is Fence.LOG_FIRST:
            node.applied = [*node.applied, node.pending]
        self.ask(node)

    def ask(self, node: Node, *, again: bool = False) -> None:
        """Send what is pending; once more, if no answer has come."""
        if node.pending is None:
            return
        if again and self.without is Fence.SAME_ID and node.pending.number:
            # As if it were another: it is counted, and named, anew.
            self.follow(node, len(self.log))
            node.pending = Entry(self.id(), node.name, node.count + 1)
            node.expected = len(node.applied)
        self.wire.append(Request(node.name, node.expected, node.pending))

    def carry(self) -> None:
        """One append reaches the log: in any order, or never, or more than once."""
        if not self.wire:
            return
        self.arrive(self.chance.randrange(len(self.wire)))

    def arrive(self, at: int) -> None:
        """The append in place `at` reaches the log."""
        request = self.wire[at]
        if self.chance.random() < 0.9:
            del self.wire[at]
        if self.chance.random() < 0.9:
            self.replies.append((request, self.append(request)))

    def append(self, request: Request) -> bool:
        """Return whether the log has it, as `ports.Log` says."""
        known = [entry.id for entry in self.log]
        if request.entry.id in known:
            return True
        if self.without is not Fence.EXPECTED and request.expected != len(self.log):
            return False
        self.log.append(request.entry)
        return True

    def reply(self) -> None:
        """One answer reaches its node, or is lost."""
        if not self.replies:
            return
        request, taken = self.replies.pop(self.chance.randrange(len(self.replies)))
        self.told(request, taken=taken)

    def told(self, request: Request, *, taken: bool) -> None:
        """A node hears whether the log has it; or that is lost."""
        node = self.nodes[request.node]
        if self.chance.random() < 0.2 or node.pending != request.entry:
            return
        node.pending = None
        if not taken:
            # Fenced: it steps down, and follows again.
            node.claims = node.serves = False
            return
        if self.without is not Fence.LOG_FIRST or not request.entry.number:
            node.applied = [*node.applied, request.entry]
        if request.entry.number:
            self.acknowledged.append(request.entry)
        else:
            self.serve(node)

    # What a node does by itself.

    def follow(self, node: Node, end: int) -> None:
        """Apply what is in the log, behind what is applied."""
        node.applied = [*node.applied, *self.log[len(node.applied) : end]]

    def serve(self, node: Node) -> None:
        """Open the broker: from now on people see what this node has."""
        node.serves = True
        self.served.append((node.name, len(node.applied)))

    def id(self) -> str:
        """Return a new one."""
        self._ids += 1
        return str(self._ids)

    # What must be.

    def check(self) -> None:
        """Raise what is wrong.

        Raises:
            Violation: something is lost, doubled or out of order.
        """
        said = [entry for entry in self.log if entry.number]
        if [entry.number for entry in said] != list(range(1, len(said) + 1)):
            raise Violation("a message was counted by somebody who did not know all")
        for entry in self.acknowledged:
            if self.log.count(entry) != 1:
                raise Violation(f"{entry} was acknowledged, and is there not just once")
        order = [self.log.index(entry) for entry in self.acknowledged]
        for node in self.nodes:
            own = [at for at in order if self.log[at].by == node.name]
            if own != sorted(own):
                raise Violation("acknowledged in another order than written")
            if node.applied != self.log[: len(node.applied)]:
                raise Violation(f"the tables of {node.name} are not what the log says")
        for name, begun in self.served:
            self._check_served(name, begun)

    def _check_served(self, name: int, begun: int) -> None:
        """What is shown is all there is, until somebody else says that they serve."""
        for entry in self.log[begun:]:
            if entry.by != name and entry.number:
                raise Violation(f"{name} served, and did not know of {entry}")
            if entry.by != name:
                return
