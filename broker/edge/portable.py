"""The listening socket where the fast path cannot be: under TLS, and without epoll.

The twin of `listener`, on trio's own streams: a task reads the head of the request,
within the same bounds, and by the same rules it becomes a WebSocket, which
trio-websocket serves, or goes to HTTP. The library ends a whole server over one bad
byte or an ill-timed reset; so every connection is contained, whatever happens in it.
"""

import errno
import logging
import socket
from typing import Protocol

import trio
from trio_websocket import ConnectionClosed
from wsproto.utilities import LocalProtocolError

from actors.runtime.timers import Timer
from broker.edge.listener import (
    HEAD_END,
    KERNEL_BYTES,
    NO_DESCRIPTORS_PAUSE,
    HeadLimits,
)
from broker.edge.streamed import Streamed, Surroundings
from broker.edge.tls import Tls
from broker.edge.watched import Carrier, hang_up
from broker.transport import Origin
from broker.wire.codec import SUBPROTOCOLS, Codec
from broker.wire.errors import Close
from broker.wire.upgrade import Head, Refused, answer, parse_head, refused

NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors of `accept` that pass by themselves."""
GONE = (
    OSError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.TooSlowError,
    ConnectionClosed,
    LocalProtocolError,
)
"""How a connection ends that nobody needs to hear of."""
GOODBYE_S = 1.0
"""Seconds for one who is refused to take the answer and hang up."""

log = logging.getLogger(__name__)


class House(Protocol):
    """What stands behind the door."""

    def welcome(self, connection: Streamed, address: str, rest: bytes) -> None:
        """Serve a connection that has been upgraded; it owes a hello."""

    def origin_of(self, head: Head) -> Origin | None:
        """Return the page that asks, or `None` if it may not."""

    async def serve_http_on(self, carrier: Carrier, received: bytes) -> None:
        """Answer plain HTTP requests, the first of which begins with `received`."""


class PortableDoor:
    """Lets connections in; their tasks belong to `nursery`, and outlive the door."""

    def __init__(
        self,
        house: House,
        nursery: trio.Nursery,
        *,
        around: Surroundings,
        limits: HeadLimits,
        tls: Tls | None,
    ) -> None:
        self.house = house
        self.around = around
        self.limits = limits
        self.tls = tls
        self._nursery = nursery
        self._scope = trio.CancelScope()

    def close(self) -> None:
        """Let nobody in any more."""
        self._scope.cancel()

    def reload(self) -> None:
        """Read the certificate again, if there is one.

        Raises:
            BadCertificate: it cannot be used; the old one goes on being used.
        """
        if self.tls is not None:
            self.tls.reload()

    async def run(self, listener: socket.socket) -> None:
        """Let in whoever comes, until closed."""
        listener.settimeout(0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        accepting = trio.socket.from_stdlib_socket(listener)
        with self._scope:
            while True:
                try:
                    peer, address = await accepting.accept()
                except ConnectionError:
                    continue  # they left again
                except OSError as error:
                    if error.errno not in NO_DESCRIPTOR:
                        raise
                    # Those who are in live on, the rest wait.
                    log.warning("cannot accept: %s", error.strerror)
                    await trio.sleep(NO_DESCRIPTORS_PAUSE)
                    continue
                guest = Guest(trio.SocketStream(peer), str(address[0]), self)
                self._nursery.start_soon(guest.run)


class Guest:
    """One connection, from its first byte to its last."""

    def __init__(
        self, stream: trio.SocketStream, address: str, door: PortableDoor
    ) -> None:
        self._carrier: Carrier = stream
        self._address = address
        self._door = door

    async def run(self) -> None:
        """Serve it; whatever happens is nobody else's affair."""
        try:
            await self._serve()
        except* GONE:
            pass
        except* Exception:
            log.exception("a connection failed")
        finally:
            await trio.aclose_forcefully(self._carrier)

    async def _serve(self) -> None:
        limits = self._door.limits
        tls = self._door.tls
        if tls is not None and isinstance(self._carrier, trio.SocketStream):
            secured = tls.secure(self._carrier)
            with trio.fail_after(limits.head_s):
                await secured.do_handshake()
            self._carrier = secured
        try:
            with trio.fail_after(limits.head_s):
                received = await self._read_head(limits.head_bytes)
        except trio.TooSlowError:
            await self._refuse(refused(408))
            return
        if received is not None:
            await self._act(*received)

    async def _read_head(self, limit: int) -> tuple[bytes, bytes] | None:
        """Return the head of the request and what came with it; `None` if none came."""
        received = bytearray()
        while True:
            data = await self._carrier.receive_some(limit)
            # Only the seam can hold an end that was not there before.
            seam = max(0, len(received) - len(HEAD_END) + 1)
            received += data
            end = received.find(HEAD_END, seam)
            if end >= 0 and end + len(HEAD_END) <= limit:
                size = end + len(HEAD_END)
                return bytes(received[:size]), bytes(received[size:])
            if not data:
                return None
            if end >= 0 or len(received) >= limit:
                await self._refuse(refused(431))
                return None

    async def _act(self, received: bytes, rest: bytes) -> None:
        head = parse_head(received)
        house = self._door.house
        if isinstance(head, Refused):
            await self._refuse(head)
        elif not head.wants_websocket:
            await house.serve_http_on(self._carrier, received + rest)
        else:
            origin = house.origin_of(head)
            if origin is None:
                await self._refuse(refused(403, "This origin is not allowed."))
                return
            outcome = answer(head, SUBPROTOCOLS)
            if isinstance(outcome, Refused):
                await self._refuse(outcome)
            else:
                codec = self._door.around.codecs[outcome.subprotocol]
                await self._converse(codec, origin, received, rest)

    async def _converse(
        self, codec: Codec, origin: Origin, head: bytes, rest: bytes
    ) -> None:
        """Be a WebSocket from now on."""
        door, around = self._door, self._door.around
        late = Timer(lambda: connection.close(Close.AUTH))
        connection = Streamed(codec, around, origin=origin, greeted=late.cancel)

        def begun() -> None:
            around.timers.arm(late, door.limits.hello_s)
            door.house.welcome(connection, self._address, b"")

        await connection.converse(self._carrier, head, rest, begun)

    async def _refuse(self, refusal: Refused) -> None:
        with trio.move_on_after(GOODBYE_S):
            await self._carrier.send_all(refusal.answer)
            await hang_up(self._carrier)
