"""Echo endpoints built on the broker's own connections, one for each path.

They are what a shop is served by, but for what the cases ask for: messages of 16 MiB in
any number of fragments, text and binary alike, and no subprotocol.
"""

import os
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Protocol

import trio

from actors.runtime.timers import Timers
from broker.edge.connection import Connection
from broker.edge.keepalive import Keepalive
from broker.edge.portable import GONE
from broker.edge.reactor import Reactor
from broker.edge.shared import Edge
from broker.edge.streamed import Streamed, Surroundings
from broker.loop import TaskLoop
from broker.transport import NO_PAGE
from broker.wire.codec import JSON
from broker.wire.framing import frame
from broker.wire.upgrade import Head, parse_head

FRAME_BYTES = 16 * 1024 * 1024
FRAGMENTS = 2**31
OUTBOX_BYTES = 64 * 1024 * 1024
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Echoing(Protocol):
    """A connection of either path, as far as an echo needs it."""

    def offer(self, frame: bytes) -> None: ...


class Echo:
    """Says what it hears; `framed` makes a message what its transport sends."""

    def __init__(self, to: Echoing, framed: Callable[[bytes], bytes]) -> None:
        self._to = to
        self._framed = framed

    def take(self, payload: bytes) -> None:
        self._to.offer(self._framed(payload))

    def gone(self) -> None:
        pass


def reconnect_after() -> int:
    return 1000


@asynccontextmanager
async def fast() -> AsyncGenerator[str]:
    """Serve on the fast path; yield the URL."""
    reactor = Reactor()
    keepalive = Keepalive(reactor.wake)
    edge = Edge(
        reactor=reactor,
        keepalive=keepalive,
        outbox_bytes=OUTBOX_BYTES,
        frame_bytes=FRAME_BYTES,
        fragments=FRAGMENTS,
        reconnect_after=reconnect_after,
        either=True,
    )

    async def welcome(stream: trio.SocketStream) -> None:
        received = await head_of(stream)
        await stream.send_all(accepted(received))
        fd = stream.socket.detach()
        os.set_blocking(fd, False)
        connection = Connection(fd, JSON, edge, origin=NO_PAGE, greeted=lambda: None)

        def framed(payload: bytes) -> bytes:
            assert connection._framer is not None
            return frame(connection._framer.opcode, payload)

        connection.serve(Echo(connection, framed), b"")
        reactor.wake()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reactor.run, lambda: None, lambda: False)
        nursery.start_soon(keepalive.run)
        url, listeners = await listening()
        nursery.start_soon(trio.serve_listeners, welcome, listeners)
        yield url
        for group in keepalive._groups:
            for connection in tuple(group):
                connection.end()
        nursery.cancel_scope.cancel()
    reactor.close()


@asynccontextmanager
async def portable() -> AsyncGenerator[str]:
    """Serve on the portable path; yield the URL."""
    loop = TaskLoop()
    around = Surroundings(
        loop=loop,
        keepalive=Keepalive(loop.wake),
        timers=Timers(trio.current_time, loop.wake),
        outbox_bytes=OUTBOX_BYTES,
        frame_bytes=FRAME_BYTES,
        fragments=FRAGMENTS,
        reconnect_after=reconnect_after,
        either=True,
    )

    async def welcome(stream: trio.SocketStream) -> None:
        received = await head_of(stream)
        streamed = Streamed(JSON, around, origin=NO_PAGE, greeted=lambda: None)

        def begun() -> None:
            streamed.serve(Echo(streamed, bytes), b"")

        try:
            await streamed.converse(stream, received, b"", begun)
        except* GONE:
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(loop.run, lambda: None, lambda: False)
        nursery.start_soon(around.keepalive.run)
        url, listeners = await listening()
        nursery.start_soon(trio.serve_listeners, welcome, listeners)
        yield url
        nursery.cancel_scope.cancel()


async def listening() -> tuple[str, list[trio.SocketListener]]:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    return f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}", listeners


async def head_of(stream: trio.SocketStream) -> bytes:
    """Return the request; a client that waits for the answer sends nothing after it."""
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        data = await stream.receive_some(1024)
        assert data
        received += data
    return received


def accepted(received: bytes) -> bytes:
    """Return the answer that begins a WebSocket without a subprotocol."""
    head = parse_head(received)
    assert isinstance(head, Head)
    key = head.headers["sec-websocket-key"].encode()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
        + b64encode(sha1(key + GUID).digest())  # noqa: S324  # the RFC's choice
        + b"\r\n\r\n"
    )
