"""The listening socket, and connections until it is known what they want.

HTTP and WebSocket share the port: the head of the request is read here, within bounds
of size and time, and decides. Nothing that comes in by then can end another connection.
"""

import logging
import socket
from typing import Protocol

from actors.runtime.timers import Timer, Timers
from broker.edge.admission import BUSY, Visit
from broker.edge.connection import Connection
from broker.edge.opening import HEAD_END, HeadLimits, Opening
from broker.edge.shared import LINGER, Edge
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

log = logging.getLogger(__name__)


class House(Protocol):
    """What stands behind the door."""

    def welcome(self, connection: Connection, rest: bytes) -> None:
        """Serve a connection that has been upgraded; it owes a hello."""

    def origin_of(self, head: Head, address: str) -> Origin | None:
        """Return the page that asks, or `None` if it may not."""

    def serve_http(self, peer: socket.socket, received: bytes, visit: Visit) -> None:
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
        self.leaving = 0
        """How many have been refused, and are still to hear it."""
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
                self.limits.admission.met("total")
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

    __slots__ = (
        "_connection",
        "_door",
        "_fd",
        "_late",
        "_leaving",
        "_opening",
        "_place",
        "_socket",
    )

    def __init__(self, peer: socket.socket, address: str, door: Door) -> None:
        limits = door.limits
        self._socket = peer
        self._fd = peer.fileno()
        """One number for as long as it lasts: past 256 each is an object of its own."""
        self._door = door
        self._opening = Opening(address, limits)
        self._connection: Connection | None = None
        self._leaving = False
        """Whether it has been refused, and only its goodbye is waited for."""
        self._late = Timer(self._too_late)
        self._place = limits.admission.enter(address, door.timers.now())
        door.edge.reactor.add(self._fd, self)
        if self._place is None:
            self._refuse(BUSY)
        else:
            door.timers.arm(self._late, limits.head_s)

    def ready(self, flags: int) -> None:
        """Read on; when the head is complete, act on it."""
        del flags
        try:
            data = self._socket.recv(self._door.limits.head_bytes)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if self._leaving and data:
            return
        size = None if self._leaving else self._opening.take(data)
        if isinstance(size, Refused):
            self._refuse(size)
        elif size is not None:
            self._act(size)
        elif not data:
            self.end()

    def end(self) -> None:
        """Hang up."""
        self._late.drop()
        self._leave()
        if self._leaving:
            self._leaving = False
            self._door.leaving -= 1
        self._door.edge.reactor.remove(self._fd)
        self._socket.close()

    def _act(self, size: int) -> None:
        opening, place = self._opening, self._place
        received, rest = opening.received[:size], opening.received[size:]
        head = parse_head(received)
        if isinstance(head, Refused):
            self._refuse(head)
        elif head.wants_websocket:
            self._upgrade(head, rest)
        elif place is not None:
            self._late.drop()
            self._door.edge.reactor.remove(self._fd)
            visit = Visit(opening.address, place, self._again)
            self._door.house.serve_http(self._socket, opening.received, visit)

    def _again(self, peer: socket.socket, received: bytes) -> None:
        """Act on a request for a socket that came behind plain ones."""
        door = self._door
        self._socket, self._fd = peer, peer.fileno()
        self._opening.received = received
        self._late = Timer(self._too_late)
        door.edge.reactor.add(self._fd, self)
        door.timers.arm(self._late, door.limits.head_s)
        self._act(received.index(HEAD_END) + len(HEAD_END))
        # This is no turn, and what came with the request may have caused something.
        door.edge.reactor.wake()

    def _upgrade(self, head: Head, rest: bytes) -> None:
        door, place = self._door, self._place
        origin = door.house.origin_of(head, self._opening.address)
        if origin is None:
            self._refuse(refused(403, "This origin is not allowed."))
            return
        outcome = answer(head, SUBPROTOCOLS)
        if isinstance(outcome, Refused):
            self._refuse(outcome)
            return
        admission, now = door.limits.admission, door.timers.now()
        caller = admission.addresses.caller(self._opening.address, head.headers)
        if place is None or not admission.upgrade(place, caller, now):
            self._refuse(BUSY)
            return
        try:
            self._socket.send(outcome.answer)
        except OSError:
            admission.greeted()
            self.end()
            return
        self._welcome(outcome, origin, admission.addresses.trusts(caller), rest)

    def _welcome(
        self,
        upgraded: Upgraded,
        origin: Origin,
        trusted: bool,  # noqa: FBT001  # as its caller has just found out
        rest: bytes,
    ) -> None:
        door = self._door
        self._socket.detach()
        # It takes our place in the reactor, too, and the one we have been given.
        self._connection = Connection(
            self._fd,
            door.edge.codecs[upgraded.subprotocol],
            door.edge,
            origin=origin,
            greeted=self._greeted,
        )
        self._connection.place = self._place
        self._connection.trusted = trusted
        # From here it is the hello that may be late.
        door.timers.arm(self._late, door.limits.hello_s)
        door.house.welcome(self._connection, rest)

    def _greeted(self) -> None:
        self._late.drop()
        self._door.limits.admission.greeted()

    def _too_late(self) -> None:
        if self._leaving:
            self.end()
        elif self._connection is None:
            self._door.limits.admission.met("head_s")
            self._refuse(refused(408))
        else:
            self._door.limits.admission.met("hello_s")
            self._connection.close(Close.AUTH)

    def _leave(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            place.leave()

    def _refuse(self, refusal: Refused) -> None:
        """Say why not, and wait for the peer to hear it: a close would cut it short."""
        self._leave()
        door = self._door
        door.limits.admission.turned_away(refusal.status)
        try:
            self._socket.send(refusal.answer)
            self._socket.shutdown(socket.SHUT_WR)
            if door.leaving >= door.limits.admission.most_leaving:
                # What has come and was not read would turn the close into a reset.
                self._socket.recv(door.limits.head_bytes)
                self.end()
                return
        except OSError:
            self.end()  # it is as gone as we wanted it
            return
        self._leaving = True
        door.leaving += 1
        door.timers.arm(self._late, LINGER)
