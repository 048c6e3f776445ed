"""Taking connections for whoever owns: bytes go through.

Nobody looks at them, but for the first ones (`entrance`). A line of the PROXY protocol
goes before them, so that the owner knows for whom we ask. While nobody owns,
connections wait here: most of a change of hands passes unnoticed.
"""

import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import trio

from broker.cluster.entrance import Entrance, say
from broker.edge.watched import Carrier

PIECE = 1 << 16
"""Bytes carried at a time."""
WAIT_S = 10.0
"""Seconds that a connection waits for somebody to own."""
AGAIN_S = 0.05
"""Seconds between two looks whether somebody does."""
CONNECT_S = 1.0
"""Seconds for the owner to take a connection: a machine that has gone never answers."""
NO_DESCRIPTORS_PAUSE_S = 0.5
NOBODY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)
"""What a connection hears that has waited in vain, or for which there is no room."""
NO_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = logging.getLogger(__name__)


class RelayStats(NamedTuple):
    """What a relay has done."""

    open: int
    relayed: int
    refused: int
    """How many have heard that nobody owns, or that there is no room."""


class Relay:
    """Of one node; `owner` says where to go, or `None` while nobody knows."""

    def __init__(
        self, owner: Callable[[], str | None], most: int, entrance: Entrance
    ) -> None:
        """Carry up to `most` connections at a time, once they are in at `entrance`."""
        self._owner = owner
        self._entrance = entrance
        self._most = most
        self._scopes: dict[trio.CancelScope, str] = {}
        """What is being carried, and whereto."""
        self._open = self._relayed = self._refused = 0

    def stats(self) -> RelayStats:
        """Return the figures of now."""
        return RelayStats(self._open, self._relayed, self._refused)

    async def accept(self, listener: socket.socket, nursery: trio.Nursery) -> None:
        """Carry all that connect to `listener` in `nursery`, until cancelled."""
        accepting = trio.socket.from_stdlib_socket(listener.dup())
        with accepting:
            while True:
                try:
                    peer, _ = await accepting.accept()
                except OSError as error:
                    if error.errno in NO_DESCRIPTORS:
                        log.warning("cannot accept: %s", error.strerror)
                        await trio.sleep(NO_DESCRIPTORS_PAUSE_S)
                    continue
                nursery.start_soon(self._take, trio.SocketStream(peer))

    async def watch(self) -> None:
        """End what is carried to one who owns no more; until cancelled."""
        while True:
            await trio.sleep(AGAIN_S)
            owner = self._owner()
            if owner is not None:
                for scope, address in tuple(self._scopes.items()):
                    if address != owner:
                        scope.cancel()

    async def _take(self, client: trio.SocketStream) -> None:
        self._open += 1
        try:
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
                async with client:
                    await self._serve(client)
        finally:
            self._open -= 1

    async def _serve(self, client: trio.SocketStream) -> None:
        if self._open > self._most:
            self._refused += 1
            if not self._entrance.secure:
                # A handshake is the last thing there is room for.
                await say(client, NOBODY)
            return
        line = preamble(client.socket)
        begun = await self._entrance.meet(client)
        if begun is None:
            return
        first = begun.received if begun.told else line + begun.received
        if not await self._relay(begun.carrier, first):
            self._refused += 1
            await say(begun.carrier, NOBODY)
        elif self._entrance.secure:
            # Without a goodbye it looks as if somebody had cut the end off.
            await say(begun.carrier, b"")

    async def _relay(self, client: Carrier, first: bytes) -> bool:
        """Carry until one of both ends; return whether anybody was there."""
        found = await self._reach()
        if found is None:
            return False
        owner, address = found
        self._relayed += 1
        async with owner:
            with trio.CancelScope() as scope:
                self._scopes[scope] = address
                try:
                    await owner.send_all(first)
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(_carry, client, owner, scope)
                        nursery.start_soon(_carry, owner, client, scope)
                finally:
                    del self._scopes[scope]
        return True

    async def _reach(self) -> tuple[trio.SocketStream, str] | None:
        with trio.move_on_after(WAIT_S):
            while True:
                address = self._owner()
                if address is not None:
                    stream = await _connect(address)
                    if stream is not None:
                        return stream, address
                await trio.sleep(AGAIN_S)
        return None


async def _connect(address: str) -> trio.SocketStream | None:
    host, _, port = address.rpartition(":")
    with suppress(OSError), trio.move_on_after(CONNECT_S):
        return await trio.open_tcp_stream(host.strip("[]"), int(port))
    return None


async def _carry(source: Carrier, target: Carrier, both: trio.CancelScope) -> None:
    """Carry bytes one way to their end; if that way breaks, the other ends, too."""
    try:
        while piece := await source.receive_some(PIECE):
            await target.send_all(piece)
        if isinstance(target, trio.SSLStream):
            both.cancel()  # TLS has no half of an end
        else:
            await target.send_eof()
    except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
        both.cancel()


def preamble(client: trio.socket.SocketType) -> bytes:
    """Return the line that says who has connected, and to what."""
    source, target = client.getpeername(), client.getsockname()
    family = "TCP6" if client.family == socket.AF_INET6 else "TCP4"
    line = f"PROXY {family} {source[0]} {target[0]} {source[1]} {target[1]}\r\n"
    return line.encode()
