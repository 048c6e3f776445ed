"""The stream under a WebSocket of the portable path.

trio-websocket reads and writes it. What the library does not do is done here: it keeps
the client within our limits, notices when it takes in nothing, and lets it hear why it
is sent away.
"""

from contextlib import suppress
from typing import Protocol

import trio
from trio_websocket import WebSocketConnection

from broker.wire.errors import Close
from broker.wire.framing import close_frame
from broker.wire.gauge import Gauge

Carrier = trio.SocketStream | trio.SSLStream[trio.SocketStream]
"""What an accepted connection is: plain, or TLS."""

PIECE = 16 * 1024
"""Bytes taken in one go, and sent in one: by which it is seen that something moves."""
LINGER_S = 2.0
"""Seconds for the peer to take a last frame and hang up; an early close would make the
kernel drop what it has not sent."""
FAILURES = frozenset({Close.PROTOCOL_ERROR, Close.BAD_TEXT})
"""After these trio-websocket hangs up without a word."""

GONE = (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError)
"""How it shows that the peer, or who reads for it, is there no more."""

_CLOSING, _PING = b"\x88", b"\x89"
"""First bytes of a close frame, and of a ping."""


class Watcher(Protocol):
    """Who is told what passes."""

    def received(self) -> None:
        """Hear that the peer has said something."""

    async def pace(self, size: int) -> None:
        """Wait until a frame of so many bytes may be read."""

    def exceeded(self, limit: str) -> None:
        """Hear that the peer has said too much at once."""

    def moved(self) -> None:
        """Hear that the peer has taken something."""


class Watched(trio.abc.Stream):
    """Gives the head of the request once more, then what is within limits."""

    def __init__(
        self, carrier: Carrier, head: bytes, rest: bytes, gauge: Gauge, watcher: Watcher
    ) -> None:
        self._carrier = carrier
        self._gauge = gauge
        self._watcher = watcher
        self._head = head
        self._frames = gauge.admit(rest)
        self._accepted = trio.Event()
        self._socket: WebSocketConnection | None = None
        self._sending = trio.Lock()
        self._said_goodbye = False
        self._closed = False

    def accepted(self, socket: WebSocketConnection) -> None:
        """Go on after the head; early frames would be taken for part of it."""
        self._socket = socket
        self._accepted.set()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what comes next; empty at the end.

        Raises:
            trio.BrokenResourceError: the peer has gone without a goodbye.
        """
        del max_bytes
        if self._head:
            head, self._head = self._head, b""
            await trio.lowlevel.checkpoint()
            return head
        await self._accepted.wait()
        while True:
            for frame in self._frames:
                if self._gauge.met:
                    # Once: what has just come is the goodbye for it.
                    self._watcher.exceeded(self._gauge.met)
                await self._watcher.pace(len(frame))
                if self._said_goodbye and frame[:1] == _PING:
                    # It has waited, while we said goodbye. The library would fail over
                    # it, and hang up before the peer has heard why.
                    continue
                return frame
            data = await self._carrier.receive_some(PIECE)
            if not data:
                return b""
            self._watcher.received()
            self._frames = self._gauge.admit(bytes(data))

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send one frame.

        Raises:
            trio.BrokenResourceError: the peer has gone.
            trio.ClosedResourceError: so have we.
        """
        if data[:1] == _CLOSING:
            # The library fails over a ping that comes now.
            self._said_goodbye = self._gauge.goodbyes_only = True
        async with self._sending:
            if self._closed:
                raise trio.ClosedResourceError
            for start in range(0, len(data), PIECE):
                await self._carrier.send_all(data[start : start + PIECE])
                self._watcher.moved()

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there may be room."""
        await self._carrier.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Say why if nobody has, wait for the peer to hear it, and close."""
        if self._closed:
            await trio.lowlevel.checkpoint()
            return
        self._closed = True
        with trio.move_on_after(LINGER_S), suppress(*GONE):
            # The library closes while others may still be sending.
            async with self._sending:
                await self._say_why()
                await hang_up(self._carrier)
        await trio.aclose_forcefully(self._carrier)

    async def _say_why(self) -> None:
        reason = None if self._socket is None else self._socket.closed
        if reason is not None and not self._said_goodbye and reason.code in FAILURES:
            await self._carrier.send_all(close_frame(reason.code))


async def hang_up(carrier: Carrier) -> None:
    """Say that nothing more will come, and wait for the peer to say the same.

    Raises:
        trio.BrokenResourceError: it has gone.
    """
    if isinstance(carrier, trio.SSLStream):
        transport = carrier.transport_stream
        with suppress(*GONE):
            # Fails if the peer says anything but goodbye, or takes nothing. What it
            # says is to be read all the same, or the close would become a reset.
            await carrier.unwrap()
    else:
        transport = carrier
    await transport.send_eof()
    while await transport.receive_some(PIECE):
        pass


def socket_of(carrier: Carrier) -> trio.socket.SocketType:
    """Return what is under it all."""
    if isinstance(carrier, trio.SSLStream):
        return carrier.transport_stream.socket
    return carrier.socket
