"""A cluster in one process, for tests: what it stands on, without a network.

It does what the ports promise, and shows on request what a network can do: an owner of
whom the others believe that it is gone, and a log that does not answer.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import contextmanager

import msgspec
import trio

from broker.cluster.ports import Claim, Copy, Entry, Fenced, Gap, Node, Unavailable

CHUNK = 1 << 16


class MemoryServer:
    """What all nodes share."""

    def __init__(self) -> None:
        self.entries: dict[int, list[Entry]] = {}
        self.copies: dict[int, tuple[int, bytes]] = {}
        self.purged: dict[int, int] = {}
        self.files: dict[str, bytes] = {}
        self.owners: dict[int, tuple[Claim, str]] = {}
        self.epochs: dict[int, int] = {}
        """How often each partition has changed hands."""
        self.nodes: dict[str, Node] = {}
        self.forgotten: set[str] = set()
        """Nodes that are believed to be gone, and do not know it."""
        self.reachable = True
        self.waiting = 0
        """Appends that nobody answers, as long as it is `stalled`."""
        self._answering = trio.Event()
        self._answering.set()
        self._changed = trio.Event()

    async def changed(self) -> None:
        """Wait for anything to happen."""
        await self._changed.wait()

    def touch(self) -> None:
        """Tell whoever waits that something has happened."""
        self._changed.set()
        self._changed = trio.Event()

    @contextmanager
    def stalled(self) -> Generator[None]:
        """Let appends wait till the end of the block."""
        self._answering = trio.Event()
        try:
            yield
        finally:
            self._answering.set()

    async def answer(self) -> None:
        """Return when appends are answered."""
        self.waiting += 1
        self.touch()
        await self._answering.wait()
        self.waiting -= 1

    def forget(self, name: str) -> None:
        """Have all others believe that a node is gone."""
        self.forgotten.add(name)
        self.nodes.pop(name, None)
        for partition, (_, owner) in tuple(self.owners.items()):
            if owner == name:
                del self.owners[partition]
        self.touch()


class MemoryLog:
    """One partition's log."""

    def __init__(self, server: MemoryServer, partition: int = 0) -> None:
        self._server = server
        self._partition = partition
        self._entries = server.entries.setdefault(partition, [])

    async def append(self, expected: int, id_: str, data: bytes) -> int:
        """Add an entry."""
        await self._server.answer()
        self._reach()
        last = self._entries[-1] if self._entries else Entry(0, "", b"")
        for entry in self._entries:
            if entry.id == id_:
                return entry.seq
        if last.seq != expected:
            raise Fenced(f"{last.seq} is the last, not {expected}")
        self._entries.append(Entry(last.seq + 1, id_, data))
        self._server.touch()
        return last.seq + 1

    async def last(self) -> Entry | None:
        """Return the last entry."""
        await trio.lowlevel.checkpoint()
        self._reach()
        return self._entries[-1] if self._entries else None

    async def follow(self, after: int) -> AsyncGenerator[Entry]:
        """Yield what comes after."""
        while True:
            if self._server.purged.get(self._partition, 0) > after:
                raise Gap(f"{after} was purged")
            for entry in tuple(self._entries[after:]):
                after = entry.seq
                yield entry
            if after == len(self._entries):
                await self._server.changed()

    async def save(self, seq: int, data: AsyncIterator[bytes]) -> None:
        """Keep a copy."""
        whole = b"".join([chunk async for chunk in data])
        self._reach()
        self._server.copies[self._partition] = seq, whole
        self._server.touch()

    async def load(self) -> Copy | None:
        """Return the newest copy."""
        await trio.lowlevel.checkpoint()
        self._reach()
        kept = self._server.copies.get(self._partition)
        return None if kept is None else Copy(kept[0], _chunks(kept[1]))

    async def purge(self, until: int) -> None:
        """Forget the entries up to `until`."""
        await trio.lowlevel.checkpoint()
        self._server.purged[self._partition] = until

    async def put_file(self, name: str, data: AsyncIterator[bytes]) -> None:
        """Keep a file."""
        whole = b"".join([chunk async for chunk in data])
        self._reach()
        self._server.files[name] = whole

    async def get_file(self, name: str) -> AsyncGenerator[bytes]:
        """Yield the bytes of a file."""
        self._reach()
        async for chunk in _chunks(self._server.files[name]):
            yield chunk

    async def delete_file(self, name: str) -> None:
        """Remove a file."""
        await trio.lowlevel.checkpoint()
        self._server.files.pop(name, None)

    def _reach(self) -> None:
        if not self._server.reachable:
            raise Unavailable("nobody answers")


class MemoryDirectory:
    """What one node knows of the others."""

    def __init__(self, server: MemoryServer, node: Node, partitions: int = 1) -> None:
        self._server = server
        self._node = node
        self._partitions = partitions
        self._mine: dict[int, Claim] = {}

    async def run(
        self, gained: Callable[[Claim], None], lost: Callable[[int], None]
    ) -> None:
        """Claim what nobody has."""
        server = self._server
        self.tell(self._node.applied)
        try:
            while True:
                if self._node.name not in server.forgotten:
                    self._look(gained, lost)
                await server.changed()
        finally:
            self._mine.clear()
            server.nodes.pop(self._node.name, None)
            self._release()

    def tell(self, applied: int, relayed: int = 0) -> None:
        """Say how far we are."""
        self._node = msgspec.structs.replace(
            self._node, applied=applied, relayed=relayed
        )
        if self._node.name not in self._server.forgotten:
            self._server.nodes[self._node.name] = self._node
            self._server.touch()

    def mine(self, partition: int) -> Claim | None:
        """Return our claim."""
        return self._mine.get(partition)

    def valid(self, partition: int) -> bool:
        """Return whether we have it: here nothing runs out."""
        return partition in self._mine

    def owner(self, partition: int) -> Node | None:
        """Return who owns it."""
        found = self._server.owners.get(partition)
        return None if found is None else self._server.nodes.get(found[1])

    def epoch(self, partition: int) -> int:
        """Return how often it has changed hands."""
        return self._server.epochs.get(partition, 0)

    def silence(self) -> float:
        """Return 0: here somebody always answers."""
        return 0.0

    def nodes(self) -> tuple[Node, ...]:
        """Return who is there."""
        return tuple(sorted(self._server.nodes.values(), key=lambda node: node.name))

    async def drain(self) -> None:
        """Hand over."""
        self._node = msgspec.structs.replace(self._node, draining=True)
        self.tell(self._node.applied, self._node.relayed)
        self._mine.clear()
        self._release()
        await trio.lowlevel.checkpoint()

    def _look(
        self, gained: Callable[[Claim], None], lost: Callable[[int], None]
    ) -> None:
        owners = self._server.owners
        for partition in range(self._partitions):
            claim, name = owners.get(partition, (None, ""))
            if claim is None and not self._node.draining:
                epoch = self._server.epochs.get(partition, 0) + 1
                self._server.epochs[partition] = epoch
                owners[partition] = Claim(partition, epoch), self._node.name
                self._mine[partition] = owners[partition][0]
                self._server.touch()
                gained(self._mine[partition])
            elif name != self._node.name and partition in self._mine:
                del self._mine[partition]
                lost(partition)

    def _release(self) -> None:
        for partition, (_, name) in tuple(self._server.owners.items()):
            if name == self._node.name:
                del self._server.owners[partition]
        self._server.touch()


async def _chunks(data: bytes) -> AsyncGenerator[bytes]:
    for begin in range(0, len(data), CHUNK):
        await trio.lowlevel.checkpoint()
        yield data[begin : begin + CHUNK]
