"""Plain HTTP, on connections that the door has let in.

The application is imported in a thread once the broker listens, for that takes longer
than all the rest of a start: chats go on meanwhile, and early requests wait for it.
"""

import contextlib
import gc
import importlib
import logging
import socket
from typing import TYPE_CHECKING, Protocol

import trio

from broker.edge.admission import Visit
from broker.edge.watched import Carrier, socket_of
from broker.http.stream import Replaying
from broker.wire.upgrade import refused

if TYPE_CHECKING:
    from broker.server import Broker

MOST = 256
"""Connections at a time. Each has a task and some 30 KB; browsers and monitors open a
handful, and whoever opens more gets an answer that says so."""
PER_ADDRESS = 64
"""Of these, for one address: whoever takes them all shuts out nobody else."""
AFTER_S = 5
"""Seconds after which one that was sent away may try again."""
BUSY = refused(503, retry_after=str(AFTER_S))
APPLICATION = "broker.http.application"

log = logging.getLogger(__name__)


class Application(Protocol):
    """What is imported late."""

    async def serve(self, stream: Replaying) -> bytes | None:
        """Answer the requests of one connection.

        Returns what has come of a request for a socket, which is not for HTTP to
        answer; `None` once the connection has ended.
        """

    async def run(self) -> None:
        """Do the chores, until cancelled."""


class Front:
    """All HTTP connections of a broker; their tasks end with `nursery`."""

    def __init__(self, broker: "Broker", nursery: trio.Nursery) -> None:
        self._broker = broker
        self._nursery = nursery
        self._application: Application | None = None
        self._prepared = trio.Event()
        self._open: dict[trio.socket.SocketType, str] = {}
        """Each with the address that it counts for; none if it is a proxy's."""
        self.requests = 0
        """How many are being answered."""

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._open)

    async def prepare(self) -> None:
        """Import the application; until then requests wait."""
        try:
            # Whoever ends the broker meanwhile need not wait for it.
            self._application = await trio.to_thread.run_sync(
                self._build, abandon_on_cancel=True
            )
        except Exception:
            # Chats need no HTTP: they go on, and whoever asks is told.
            log.exception("HTTP cannot be served")
        if self._application is not None:
            self._nursery.start_soon(self._application.run)
        if gc.get_freeze_count():
            # The process does not want what is there for good to be looked at again.
            gc.freeze()
        self._prepared.set()

    def serve(self, peer: socket.socket, received: bytes, visit: Visit) -> None:
        """Answer the requests on `peer`, the first of which begins with `received`."""
        sock = trio.socket.from_stdlib_socket(peer)
        # At once, so that those who are on their way here count.
        if not self._takes(sock, visit):
            self._send_away(peer)
            visit.place.leave()
            return
        stream = trio.SocketStream(sock)
        self._nursery.start_soon(self._serve_and_hand_back, stream, received, visit)

    async def serve_on(
        self, carrier: Carrier, received: bytes, visit: Visit
    ) -> bytes | None:
        """Answer the requests on a stream of trio's, until it ends.

        Returns what has come of a request for a socket, if it ends with one: `carrier`
        is open then, and the visitor keeps the place.
        """
        if self._takes(socket_of(carrier), visit):
            return await self._serve(carrier, received, visit)
        visit.place.leave()
        await self._refuse(carrier)
        return None

    async def settle(self) -> None:
        """Wait until no request is being answered."""
        while self.requests:  # noqa: ASYNC110  # once, at the end
            await trio.sleep(0.01)

    def close(self) -> None:
        """End all connections, also those that take nothing."""
        for peer in self._open:
            with contextlib.suppress(OSError):
                # Whoever waits for the socket hears of it; a close would not be heard.
                peer.shutdown(socket.SHUT_RDWR)

    def _takes(self, peer: trio.socket.SocketType, visit: Visit) -> bool:
        """Return whether there is room for one more connection, which then counts."""
        caller = self._broker.addresses.caller(visit.address, {})
        counted = (
            "" if self._broker.addresses.speaks_for_many(caller) else caller.household
        )
        alike = sum(other == counted for other in self._open.values())
        if len(self._open) >= MOST or (counted and alike >= PER_ADDRESS):
            return False
        self._open[peer] = counted
        return True

    async def _serve_and_hand_back(
        self, stream: trio.SocketStream, received: bytes, visit: Visit
    ) -> None:
        asked = await self._serve(stream, received, visit)
        if asked is not None and visit.take_back is not None:
            peer = socket.socket(fileno=stream.socket.detach())
            peer.settimeout(0)
            # Trio has asked for it, in favour of those who write in small pieces.
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 0)
            visit.take_back(peer, asked)

    async def _serve(
        self, carrier: Carrier, received: bytes, visit: Visit
    ) -> bytes | None:
        asked: bytes | None = None
        try:
            await self._prepared.wait()
            if self._application is None:
                await self._refuse(carrier)
            else:
                stream = Replaying(carrier, received, visit.address)
                asked = await self._application.serve(stream)
        except trio.BrokenResourceError:
            pass  # it has gone
        except Exception:
            # One connection's trouble is nobody else's.
            log.exception("an HTTP connection failed")
        finally:
            self._open.pop(socket_of(carrier), None)
            if asked is None:
                visit.place.leave()
                await trio.aclose_forcefully(carrier)
        return asked

    async def _refuse(self, carrier: Carrier) -> None:
        self._broker.tally.turns_away(BUSY.status)
        await carrier.send_all(BUSY.answer)

    def _send_away(self, peer: socket.socket) -> None:
        self._broker.tally.turns_away(BUSY.status)
        # It may have gone by itself.
        with contextlib.suppress(OSError):
            peer.send(BUSY.answer)
        peer.close()

    def _build(self) -> Application:
        module = importlib.import_module(APPLICATION)
        application: Application = module.build(self._broker, self)
        return application
