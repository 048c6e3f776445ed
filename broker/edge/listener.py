"""The listening socket, and connections until it is known what they want.

HTTP and WebSocket share the port: the head of the request is read here, within bounds
of size and time, and decides. Nothing that comes in by then can end another connection.
"""

import logging
import socket
from typing import Protocol

import msgspec

from actors.runtime.timers import Timer, Timers
from broker.edge.connection import Connection, Edge
from broker.transport import Origin
from broker.wire.codec import SUBPROTOCOLS
from broker.wire.errors import Close
from broker.wire.upgrade import (
    Head,
    Refused,
    Upgraded,
    answer,
    parse_head,
    refused,
)

ACCEPTS = 64
"""Connections accepted in a turn: a reconnect storm must not hold up the others."""
NO_DESCRIPTORS_PAUSE = 0.5
"""Seconds to wait when no descriptor is free, before accepting again."""
KERNEL_BYTES = 256 * 1024
"""Asked of the kernel for what is on its way to one client. By itself it would take in
4 MiB of what a client never reads, memory that no limit of ours counts, before anybody
notices; a page of history and an image fit into this at any distance."""
HEAD_END = b"\r\n\r\n"

log = logging.getLogger(__name__)


class HeadLimits(msgspec.Struct, frozen=True):
    """What a connection may take up before it is let in."""

    head_bytes: int
    head_s: float
    hello_s: float


class House(Protocol):
    """What stands behind the door."""

    def welcome(self, connection: Connection, address: str, rest: bytes) -> None:
        """Serve a connection that has been upgraded; it owes a hello."""

    def origin_of(self, head: Head) -> Origin | None:
        """Return the page that asks, or `None` if it may not."""

    def serve_http(self, peer: socket.socket, received: bytes) -> None:
        """Answer a plain HTTP request that begins with `received`."""


class Door:
    """The listening socket."""

    def __init__(
        self,
        listener: socket.socket,
        house: House,
        *,
        edge: Edge,
        timers: Timers,
        limits: HeadLimits,
    ) -> None:
        listener.settimeout(0)
        # What is accepted has both too. An ack before a delivery would wait for the
        # receiver's delayed ack: 24 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self._listener = listener
        self._pause = Timer(self._open)
        self.house = house
        self.edge = edge
        self.timers = timers
        self.limits = limits
        self._open()

    def ready(self, flags: int) -> None:
        """Let in who is waiting."""
        del flags
        for _ in range(ACCEPTS):
            try:
                peer, address = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # they left again
            except OSError as error:
                # No descriptor is free: those who are in live on, the rest wait.
                log.warning("cannot accept: %s", error.strerror)
                self.close()
                self.timers.arm(self._pause, NO_DESCRIPTORS_PAUSE)
                return
            peer.settimeout(0)
            Guest(peer, str(address[0]), self)

    def close(self) -> None:
        """Let nobody in any more."""
        self._pause.cancel()
        self.edge.reactor.remove(self._listener.fileno())

    def end(self) -> None:
        """Let nobody in: there are no more turns."""
        self.close()

    def _open(self) -> None:
        self.edge.reactor.add(self._listener.fileno(), self)


class Guest:
    """A connection before its upgrade."""

    __slots__ = ("_address", "_connection", "_door", "_head", "_late", "_socket")

    def __init__(self, peer: socket.socket, address: str, door: Door) -> None:
        self._socket = peer
        self._address = address
        self._door = door
        self._head = b""
        self._connection: Connection | None = None
        self._late = Timer(self._too_late)
        door.timers.arm(self._late, door.limits.head_s)
        door.edge.reactor.add(peer.fileno(), self)

    def ready(self, flags: int) -> None:
        """Read on; when the head is complete, act on it."""
        del flags
        limit = self._door.limits.head_bytes
        try:
            data = self._socket.recv(limit)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        # Only the seam can hold an end that was not there before.
        seam = max(0, len(self._head) - len(HEAD_END) + 1)
        self._head += data
        end = self._head.find(HEAD_END, seam)
        if end >= 0 and end + len(HEAD_END) <= limit:
            self._act(end + len(HEAD_END))
        elif not data:
            self.end()
        elif end >= 0 or len(self._head) >= limit:
            self._refuse(refused(431))

    def end(self) -> None:
        """Hang up."""
        self._late.cancel()
        self._door.edge.reactor.remove(self._socket.fileno())
        self._socket.close()

    def _act(self, size: int) -> None:
        received, rest = self._head[:size], self._head[size:]
        head = parse_head(received)
        if isinstance(head, Refused):
            self._refuse(head)
        elif head.wants_websocket:
            self._upgrade(head, rest)
        else:
            self._late.cancel()
            self._door.edge.reactor.remove(self._socket.fileno())
            self._door.house.serve_http(self._socket, self._head)

    def _upgrade(self, head: Head, rest: bytes) -> None:
        door = self._door
        origin = door.house.origin_of(head)
        if origin is None:
            self._refuse(refused(403, "This origin is not allowed."))
            return
        outcome = answer(head, SUBPROTOCOLS)
        if isinstance(outcome, Refused):
            self._refuse(outcome)
            return
        try:
            self._socket.send(outcome.answer)
        except OSError:
            self.end()
            return
        self._welcome(outcome, origin, rest)

    def _welcome(self, upgraded: Upgraded, origin: Origin, rest: bytes) -> None:
        door = self._door
        # It takes our place in the reactor, too.
        self._connection = Connection(
            self._socket.detach(),
            door.edge.codecs[upgraded.subprotocol],
            door.edge,
            origin=origin,
            greeted=self._late.drop,
        )
        # From here it is the hello that may be late.
        door.timers.arm(self._late, door.limits.hello_s)
        door.house.welcome(self._connection, self._address, rest)

    def _too_late(self) -> None:
        if self._connection is None:
            self._refuse(refused(408))
        else:
            self._connection.close(Close.AUTH)

    def _refuse(self, refusal: Refused) -> None:
        try:
            self._socket.send(refusal.answer)
            self._socket.shutdown(socket.SHUT_WR)
            # What has come and was not read would turn the close into a reset.
            self._socket.recv(self._door.limits.head_bytes)
        except OSError:
            pass  # it is as gone as we wanted it
        self.end()
