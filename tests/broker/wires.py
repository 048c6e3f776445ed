"""A connection on one end of a socket pair, and who listens behind it."""

import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import trio

from broker.edge.connection import Connection
from broker.edge.keepalive import Keepalive
from broker.edge.reactor import Reactor
from broker.edge.shared import Edge
from broker.transport import NO_PAGE
from broker.wire.codec import JSON, Codec
from tests.wire.joined import TEXT, masked

PAUSE_MS = 700
"""What every connection here tells those it sends away."""


class Hearer:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.times_gone = 0
        self.then: Callable[[bytes], None] = lambda _: None
        """What to do about a message."""

    def take(self, payload: bytes) -> None:
        self.messages.append(payload)
        self.then(payload)

    def gone(self) -> None:
        self.times_gone += 1


class Wire:
    """A connection, its far end, and all that is around it."""

    def __init__(self, codec: Codec = JSON, outbox_bytes: int = 256 * 1024) -> None:
        self.reactor = Reactor()
        self.keepalive = Keepalive(self.reactor.wake)
        self.edge = Edge(
            reactor=self.reactor,
            keepalive=self.keepalive,
            outbox_bytes=outbox_bytes,
            frame_bytes=64 * 1024,
            fragments=8,
            reconnect_after=lambda: PAUSE_MS,
        )
        near, far = socket.socketpair()
        near.settimeout(0)
        self.far = trio.socket.from_stdlib_socket(far)
        self.times_greeted = 0
        self.hearer = Hearer()
        self.overrun = False
        self.connection = Connection(
            near.detach(), codec, self.edge, origin=NO_PAGE, greeted=self._greeted
        )

    def _greeted(self) -> None:
        self.times_greeted += 1

    async def say(self, *payloads: bytes) -> None:
        """Have the far end send these messages at once."""
        await self.far.send(b"".join(masked(TEXT, payload) for payload in payloads))

    async def turn(self) -> None:
        """Let everybody who can do something do it."""
        self.reactor.wake()
        await trio.testing.wait_all_tasks_blocked(0.001)

    async def seconds(self, number: int) -> None:
        """Let so many of the keepalive's seconds pass."""
        for _ in range(number):
            self.keepalive.tick()
            await self.turn()

    async def everything(self) -> bytes:
        """Return all that the far end is sent until it is hung up on."""
        received = b""
        try:
            while data := await self.far.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        return received


@asynccontextmanager
async def wired(
    codec: Codec = JSON, *, outbox_bytes: int = 256 * 1024, rest: bytes = b""
) -> AsyncGenerator[Wire]:
    """Run a wire's reactor, with its connection in service."""
    wire = Wire(codec, outbox_bytes)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wire.reactor.run, lambda: None, lambda: wire.overrun)
        wire.connection.serve(wire.hearer, rest)
        try:
            yield wire
        finally:
            nursery.cancel_scope.cancel()
    wire.reactor.close()
    wire.far.close()
