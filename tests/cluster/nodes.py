"""Nodes of a cluster in memory, and people who talk with whoever owns it."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from msgspec.structs import replace
from trio_websocket import wrap_client_stream

from broker.cluster.memory import MemoryDirectory, MemoryLog, MemoryServer
from broker.cluster.node import Doors, NodeLife, Ports
from broker.cluster.ports import Node
from broker.config import Config
from broker.gate import sign
from broker.server import Broker
from broker.sites import DEFAULT_SITE
from tests.system.client import JSON, Client, Socket
from tests.system.shop import MONTH, QUEUED, TRUSTING

PATIENCE_S = 10


class Member:
    """One node."""

    def __init__(
        self,
        folder: Path,
        server: MemoryServer,
        name: str,
        config: Config = TRUSTING,
    ) -> None:
        self.folder = folder
        self.name = name
        internal = free_port()
        self.public = socket.create_server(("127.0.0.1", 0))
        self.port = self.public.getsockname()[1]
        node = Node(name, f"127.0.0.1:{internal}", "1", 0)
        self.log = MemoryLog(server)
        self.directory = MemoryDirectory(server, node)
        ports = Ports(name, self.log, self.directory)
        doors = Doors(self.public, ("127.0.0.1", internal))
        cluster = replace(config.cluster, nats="nats://in.memory")
        config = replace(config, cluster=cluster)
        self.life = NodeLife(folder, config, ports, doors, most=100)
        self.ended = trio.Event()
        self.streams: list[trio.SocketStream] = []

    async def run(self) -> None:
        """Live, until it leaves."""
        try:
            with self.public:
                await self.life.run()
        finally:
            self.ended.set()

    async def broker(self) -> Broker:
        """Return the broker as soon as this node owns."""
        with trio.fail_after(PATIENCE_S):
            while self.life.broker is None:
                await self.life.changed.wait()
        return self.life.broker

    async def follows(self) -> None:
        """Return when it does not own."""
        with trio.fail_after(PATIENCE_S):
            while self.life.broker is not None:
                await self.life.changed.wait()

    async def connect(self, nursery: trio.Nursery) -> Client:
        """Return a connection to this node, whoever owns."""
        stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        self.streams.append(stream)
        made = await wrap_client_stream(
            nursery,
            stream,
            "localhost",
            "/ws",
            subprotocols=[JSON.name],
            message_queue_size=QUEUED,
        )
        return Client(Socket(stream, made, JSON))


class Group:
    """Nodes on one log."""

    def __init__(
        self, folder: Path, nursery: trio.Nursery, config: Config = TRUSTING
    ) -> None:
        self.config = config
        """Of nodes that are added from now on."""
        self.server = MemoryServer()
        self.members: list[Member] = []
        self._folder = folder
        self._nursery = nursery

    async def add(self, name: str) -> Member:
        """Return a node that lives; the first to come owns."""
        member = Member(self._folder / name, self.server, name, self.config)
        self.members.append(member)
        self._nursery.start_soon(member.run)
        with trio.fail_after(PATIENCE_S):
            while name not in self.server.nodes:
                await self.server.changed()
        return member

    async def even(self, *members: Member) -> None:
        """Return when all have everything."""
        with trio.fail_after(PATIENCE_S):
            while any(
                self.server.nodes[member.name].applied < self.end for member in members
            ):
                await self.server.changed()

    async def end_all(self) -> None:
        """Have everybody leave, and every node hand over."""
        for member in self.members:
            for stream in member.streams:
                await trio.aclose_forcefully(stream)
            member.life.leave()
        with trio.fail_after(PATIENCE_S):
            for member in self.members:
                await member.ended.wait()

    @property
    def end(self) -> int:
        return len(self.server.entries[0])


@asynccontextmanager
async def group(folder: Path, config: Config = TRUSTING) -> AsyncGenerator[Group]:
    """Run a cluster."""
    async with trio.open_nursery() as nursery:
        made = Group(folder, nursery, config)
        yield made
        await made.end_all()
        nursery.cancel_scope.cancel()


def token(broker: Broker, sub: str = "sara") -> str:
    """Return a shopper's token."""
    key = broker.gate.key_for("shop", DEFAULT_SITE)
    assert key is not None
    expires = broker.clock() / 1000 + MONTH
    claims: dict[str, object] = {
        "site": DEFAULT_SITE,
        "sub": sub,
        "role": "shopper",
        "exp": expires,
    }
    return sign(key, claims)


def free_port() -> int:
    """Return a port that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
