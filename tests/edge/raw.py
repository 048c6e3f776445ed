"""A client that says any bytes, well-formed or not, and notes what comes back."""

import ssl
from contextlib import suppress
from typing import NamedTuple

import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    TextMessage,
)

from broker.edge.watched import Carrier

PIECE = 64 * 1024


def request(
    *lines: bytes, path: bytes = b"/ws", protocol: bytes = b"shopwire.v1.json"
) -> bytes:
    """Return the head of an upgrade; `lines` are more headers."""
    head = [
        b"GET " + path + b" HTTP/1.1",
        b"Host: localhost",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    if protocol:
        head.append(b"Sec-WebSocket-Protocol: " + protocol)
    return b"\r\n".join([*head, *lines, b"", b""])


class Heard(NamedTuple):
    """All that a server said after its upgrade."""

    messages: list[str | bytes]
    pings: list[bytes]
    pongs: list[bytes]
    code: int | None
    """Of its close frame; `None`: it hung up without a word."""
    reset: bool
    """Whether the connection was torn down rather than closed."""


class Raw:
    """One connection; what it reads is taken apart by wsproto."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.heard = Heard([], [], [], None, reset=False)
        self._connection: Connection | None = None
        self._parts: list[str | bytes] = []
        self.answers = True
        """Whether it answers a goodbye, as a client should."""
        self._goodbye = b""

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        await self.carrier.send_all(data)

    async def head(self) -> bytes:
        """Return the head of an HTTP answer; what follows is for `read`."""
        received = b""
        while b"\r\n\r\n" not in received:
            data = await self.carrier.receive_some(PIECE)
            if not data:
                return received
            received += data
        head, _, rest = received.partition(b"\r\n\r\n")
        self._connection = Connection(ConnectionType.CLIENT)
        self._take(rest)
        return head + b"\r\n\r\n"

    async def status(self) -> int:
        """Return the status of an HTTP answer; 0: it hung up without a word."""
        head = await self.head()
        return int(head.split()[1]) if head else 0

    async def upgrade(self, head: bytes | None = None) -> None:
        """Begin a WebSocket."""
        await self.send(head or request())
        assert await self.status() == 101

    async def read(self, *, messages: int | None = None) -> Heard:
        """Read until so many messages have come, or to the end."""
        while messages is None or len(self.heard.messages) < messages:
            try:
                data = await self.carrier.receive_some(PIECE)
            except trio.BrokenResourceError:
                self.heard = self.heard._replace(reset=True)
                break
            if not data:
                break
            self._take(bytes(data))
            await self._answer_goodbye()
        return self.heard

    async def close(self) -> None:
        """Hang up."""
        await trio.aclose_forcefully(self.carrier)

    async def _answer_goodbye(self) -> None:
        goodbye, self._goodbye = self._goodbye, b""
        if goodbye:
            # It may have gone, or have something else to say.
            with suppress(trio.BrokenResourceError, trio.BusyResourceError):
                await self.carrier.send_all(goodbye)

    def _take(self, data: bytes) -> None:
        assert self._connection is not None
        if self.heard.code is None:
            self._connection.receive_data(data)
            for event in self._connection.events():
                self._note(event)

    def _note(self, event: Event) -> None:
        if isinstance(event, Ping):
            self.heard.pings.append(bytes(event.payload))
        elif isinstance(event, Pong):
            self.heard.pongs.append(bytes(event.payload))
        elif isinstance(event, CloseConnection):
            self.heard = self.heard._replace(code=event.code)
            if self._connection is not None and self.answers:
                self._goodbye = self._connection.send(event.response())
        elif isinstance(event, TextMessage | BytesMessage):
            data = event.data
            self._parts.append(data if isinstance(data, str) else bytes(data))
            if event.message_finished:
                self._finish()

    def _finish(self) -> None:
        parts, self._parts = self._parts, []
        texts = [part for part in parts if isinstance(part, str)]
        if texts:
            self.heard.messages.append("".join(texts))
        else:
            self.heard.messages.append(
                b"".join(part for part in parts if isinstance(part, bytes))
            )


async def dialled(url: str, trust: ssl.SSLContext | None = None) -> Raw:
    """Connect to where a broker serves; under TLS with what is trusted."""
    host, _, port = url.partition("://")[2].rpartition(":")
    stream = await trio.open_tcp_stream(host, int(port))
    if trust is None:
        return Raw(stream)
    secured = trio.SSLStream(stream, trust, server_hostname=host, https_compatible=True)
    await secured.do_handshake()
    return Raw(secured)
