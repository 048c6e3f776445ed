"""Directories that see each other: those of one cluster, in memory or on NATS."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

import trio

from broker.cluster.memory import MemoryDirectory, MemoryServer
from broker.cluster.nats.client import connected
from broker.cluster.nats.directory import NatsDirectory
from broker.cluster.nats.jetstream import JetStream
from broker.cluster.nats.link import Server as Address
from broker.cluster.ports import Claim, Directory, Node

PATIENCE_S = 15


class Seat:
    """One node's directory, and what it has said."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.gained: list[Claim] = []
        self.lost: list[int] = []
        self._scope = trio.CancelScope()
        self._gone = trio.Event()

    async def run(self) -> None:
        """Take part until `go`."""
        try:
            with self._scope:
                await self.directory.run(self.gained.append, self.lost.append)
        finally:
            self._gone.set()

    async def go(self) -> None:
        """End without a goodbye."""
        self._scope.cancel()
        await self._gone.wait()


class Hall(Protocol):
    """Where directories of one kind meet."""

    def make(self, node: Node, partitions: int) -> Directory:
        """Return the directory of one more node."""
        ...


class InMemory:
    """In one process."""

    def __init__(self) -> None:
        self._server = MemoryServer()

    def make(self, node: Node, partitions: int) -> Directory:
        """Return the directory of one more node."""
        return MemoryDirectory(self._server, node, partitions)


class OnNats:
    """On one server."""

    def __init__(self, jetstream: JetStream, cluster: str) -> None:
        self._jetstream, self._cluster = jetstream, cluster

    def make(self, node: Node, partitions: int) -> Directory:
        """Return the directory of one more node."""
        return NatsDirectory(self._jetstream, self._cluster, node, 1, partitions)


@asynccontextmanager
async def on_nats(url: str, cluster: str) -> AsyncGenerator[OnNats]:
    """Yield a hall whose records have a place."""
    async with connected([Address.of(url)], "test") as client:
        await client.wait_connected(5)
        jetstream = JetStream(client)
        onlooker = Node("", "", "", 0)
        await NatsDirectory(jetstream, cluster, onlooker, 1).found()
        yield OnNats(jetstream, cluster)


class Company:
    """The nodes of one test."""

    def __init__(self, hall: Hall, nursery: trio.Nursery, partitions: int = 1) -> None:
        self.seats: dict[str, Seat] = {}
        self._hall, self._nursery, self._partitions = hall, nursery, partitions

    def add(self, name: str) -> Seat:
        """Return the seat of a node that takes part."""
        node = Node(name, f"{name}:8090", "1.0", len(self.seats))
        seat = self.seats[name] = Seat(self._hall.make(node, self._partitions))
        self._nursery.start_soon(seat.run)
        return seat

    async def owner(self, *but: str) -> Seat:
        """Return who owns, once there is somebody who is none of `but`."""
        with trio.fail_after(PATIENCE_S):
            while True:
                for name, seat in self.seats.items():
                    if name not in but and seat.directory.valid(0):
                        return seat
                await trio.sleep(0.02)
