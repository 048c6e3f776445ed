"""The model broker behind a WebSocket in memory: for links in virtual time."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import cast

import trio
import trio.testing
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    wrap_server_stream,
)

from actors.ids import ChatId, Person, Seq
from broker.wire.codec import JSON
from broker.wire.errors import Close
from broker.wire.frames import Closing, FromServer
from broker.wire.heard import Fields
from clients.line import Stream, Surroundings
from clients.link import Link, open_link
from tests.wire.model import Broker

URL = "ws://shop.example/ws"
OTHER = Person("agent:other")


Pipe = trio.StapledStream[
    trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream
]


class Served:
    """One broker, one client at a time, and what a network may do to them."""

    def __init__(self, nursery: trio.Nursery, who: Person) -> None:
        self.broker = Broker(who)
        self.hellos = 0
        self.opened_at: list[float] = []
        """When a connection was tried."""
        self.down = False
        """Whether connections are refused."""
        self.rejects: int | None = None
        """The HTTP status that an upgrade is answered with."""
        self.closes: Close | None = None
        """What a hello is answered with, in place of a welcome."""
        self.closes_for = 0
        """Milliseconds that it says to wait then."""
        self.deaf = False
        """Whether what is asked is left lying."""
        self.heard: list[bytes] = []
        self.loses: Callable[[bytes], bool] = lambda _frame: False
        """Which frames for the client get lost with their connection."""
        self._nursery = nursery
        self._ws: WebSocketConnection | None = None
        self._client: Pipe | None = None
        self._server: Pipe | None = None

    async def open_stream(self) -> Stream:
        """Connect to it."""
        self.opened_at.append(trio.current_time())
        if self.down:
            raise ConnectionRefusedError("nobody listens")
        client, server = trio.testing.memory_stream_pair()
        self._client, self._server = client, server
        self._nursery.start_soon(self._serve, server)
        # A link asks for sockets, and uses them as the streams they are.
        return cast("Stream", client)

    def cut(self) -> None:
        """End the connection as a lost network does."""
        assert self._server is not None
        self._server.send_stream.close()
        self._server.receive_stream.close()

    def swallow(self) -> None:
        """Let nothing that the client sends arrive any more."""
        assert self._client is not None
        self._client.send_stream.send_all_hook = None

    async def flush(self) -> None:
        """Send all there is to send."""
        while self._ws is not None and self.broker.out:
            for chat in self.broker.attached:
                self.broker.page(chat, 1000)
            frame = self.broker.out.popleft()
            if self.loses(frame):
                self.cut()
                return
            await self._ws.send_message(frame.decode())

    async def says(self, frame: FromServer) -> None:
        """Say anything."""
        self.broker.out.append(JSON.unframed.encode(frame))
        await self.flush()

    async def writes(self, chat: ChatId, text: str, by: Person = OTHER) -> Seq:
        """Let somebody else say something."""
        body: Fields = {"text": text}
        seq = self.broker.write(chat, "msg", body, by)
        await self.send_pages()
        return seq

    async def send_pages(self) -> None:
        """Send every attached chat what is new in it."""
        for chat in self.broker.attached:
            self.broker.page(chat, 1000)
        await self.flush()

    async def closing(self, code: Close, *, after: int = 0) -> None:
        """Say that the connection will close, and close it."""
        await self.says(Closing(code, code.name.lower(), after))
        assert self._ws is not None
        await self._ws.aclose(code)

    async def _serve(self, stream: trio.abc.Stream) -> None:
        try:
            async with trio.open_nursery() as nursery:
                request = await wrap_server_stream(nursery, stream)
                if self.rejects is not None:
                    await request.reject(self.rejects, body=b"no")
                    await stream.aclose()
                    nursery.cancel_scope.cancel()
                    return
                self._ws = await request.accept(subprotocol=JSON.name)
                self.broker.connect()
                # Its reader goes on until the close is answered.
                with suppress(ConnectionClosed):
                    await self._talk(self._ws)
                self._ws = None
        except* (trio.BrokenResourceError, trio.ClosedResourceError, ConnectionClosed):
            self._ws = None

    async def _talk(self, ws: WebSocketConnection) -> None:
        while True:
            message = await ws.get_message()
            assert isinstance(message, str)
            self.heard.append(message.encode())
            if self.deaf:
                await trio.sleep_forever()
            self.broker.inbound.append(message.encode())
            if b'"op":"hello"' in self.heard[-1]:
                self.hellos += 1
                if self.closes is not None:
                    await self.closing(self.closes, after=self.closes_for)
            self.broker.turn()
            await self.send_pages()
            if b'"op":"bye"' in self.heard[-1]:
                await ws.aclose(Close.BYE)


@asynccontextmanager
async def serving(who: str = "shopper:p") -> AsyncGenerator[Served]:
    """Serve until the end of the block."""
    async with trio.open_nursery() as nursery:
        yield Served(nursery, Person(who))
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def linked(served: Served) -> AsyncGenerator[Link]:
    """Open a link to `served`."""
    surroundings = Surroundings(rng=Random(7), open_stream=served.open_stream)
    async with open_link(
        URL, token="t", subprotocol=JSON.name, surroundings=surroundings
    ) as link:
        yield link
