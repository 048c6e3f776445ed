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
from broker.edge.admission import BUSY, Visit
from broker.edge.listener import KERNEL_BYTES, NO_DESCRIPTORS_PAUSE
from broker.edge.opening import HEAD_END, HeadLimits, Opening
from broker.edge.streamed import Streamed, Surroundings
from broker.edge.tls import Tls
from broker.edge.watched import Carrier, hang_up
from broker.transport import Origin
from broker.wire.codec import SUBPROTOCOLS
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

    def welcome(self, connection: Streamed, rest: bytes) -> None:
        """Serve a connection that has been upgraded; it owes a hello."""

    def origin_of(self, head: Head, address: str) -> Origin | None:
        """Return the page that asks, or `None` if it may not."""

    async def serve_http_on(
        self, carrier: Carrier, received: bytes, visit: Visit
    ) -> bytes | None:
        """Answer plain HTTP requests, the first of which begins with `received`.

        Returns what has come of a request for a socket behind them, if one did; else
        the connection has ended.
        """


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
        self.leaving = 0
        """How many have been refused, and are still to hear it."""
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
                    self.limits.admission.met("total")
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
        self._door = door
        self._opening = Opening(address, door.limits)
        self._connection: Streamed | None = None
        self._late = Timer(self._too_late)
        self._place = door.limits.admission.enter(address, door.around.timers.now())

    async def run(self) -> None:
        """Serve it; whatever happens is nobody else's affair."""
        try:
            await self._serve()
        except* GONE:
            pass
        except* Exception:
            log.exception("a connection failed")
        finally:
            self._leave()
            await trio.aclose_forcefully(self._carrier)

    async def _serve(self) -> None:
        limits = self._door.limits
        admission = limits.admission
        if self._place is None and self._door.leaving >= admission.most_leaving:
            return
        tls = self._door.tls
        if tls is not None and isinstance(self._carrier, trio.SocketStream):
            secured = tls.secure(self._carrier)
            with trio.fail_after(limits.head_s):
                await secured.do_handshake()
            self._carrier = secured
        if self._place is None:
            await self._refuse(BUSY)
            return
        try:
            with trio.fail_after(limits.head_s):
                size = await self._read_head()
        except trio.TooSlowError:
            admission.met("head_s")
            await self._refuse(refused(408))
            return
        if isinstance(size, Refused):
            await self._refuse(size)
        elif size is not None:
            await self._act(size)

    async def _read_head(self) -> int | Refused | None:
        """Return the size of the head, or why it is refused; `None`: it has left."""
        while True:
            data = await self._carrier.receive_some(self._door.limits.head_bytes)
            size = self._opening.take(bytes(data))
            if size is not None or not data:
                return size

    async def _act(self, size: int) -> None:
        opening, house = self._opening, self._door.house
        head = parse_head(opening.received[:size])
        if isinstance(head, Refused):
            await self._refuse(head)
        elif head.wants_websocket:
            await self._upgrade(head)
        else:
            place, self._place = self._place, None
            if place is not None:
                visit = Visit(opening.address, place)
                received = opening.received
                asked = await house.serve_http_on(self._carrier, received, visit)
                if asked is not None:
                    self._place, opening.received = place, asked
                    await self._act(asked.index(HEAD_END) + len(HEAD_END))

    async def _upgrade(self, head: Head) -> None:
        address, place = self._opening.address, self._place
        origin = self._door.house.origin_of(head, address)
        if origin is None:
            await self._refuse(refused(403, "This origin is not allowed."))
            return
        outcome = answer(head, SUBPROTOCOLS)
        if isinstance(outcome, Refused):
            await self._refuse(outcome)
            return
        admission, now = self._door.limits.admission, self._door.around.timers.now()
        caller = admission.addresses.caller(address, head.headers)
        if place is None or not admission.upgrade(place, caller, now):
            await self._refuse(BUSY)
            return
        connection = self._connection = Streamed(
            self._door.around.codecs[outcome.subprotocol],
            self._door.around,
            origin=origin,
            greeted=self._greeted,
        )
        connection.place = place
        connection.trusted = admission.addresses.trusts(caller)
        rest = self._opening.received[len(head.raw) :]
        await connection.converse(self._carrier, head.raw, rest, self._begun)

    def _begun(self) -> None:
        door = self._door
        if self._connection is not None:
            # From here it is the hello that may be late.
            door.around.timers.arm(self._late, door.limits.hello_s)
            door.house.welcome(self._connection, b"")

    def _greeted(self) -> None:
        self._late.drop()
        self._door.limits.admission.greeted()

    def _too_late(self) -> None:
        if self._connection is not None:
            self._door.limits.admission.met("hello_s")
            self._connection.close(Close.AUTH)

    def _leave(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            place.leave()

    async def _refuse(self, refusal: Refused) -> None:
        self._leave()
        self._door.leaving += 1
        self._door.limits.admission.turned_away(refusal.status)
        try:
            with trio.move_on_after(GOODBYE_S):
                await self._carrier.send_all(refusal.answer)
                await hang_up(self._carrier)
        finally:
            self._door.leaving -= 1
