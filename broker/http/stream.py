"""A connection whose first bytes have been read already."""

from contextlib import suppress

import trio

from broker.edge.watched import Carrier, socket_of

SEND_S = 10.0
"""Seconds for a peer to take what it is sent, a piece at a time."""
PIECE = 64 * 1024
LINGER_S = 2.0
"""Seconds for a peer to read the last answer and hang up. To close while it still
sends would have the kernel drop what it has not read: it would never know why."""


class Replaying(trio.abc.HalfCloseableStream):
    """Gives the first bytes once more, then what comes; a peer that stalls is gone."""

    def __init__(self, carrier: Carrier, received: bytes, address: str) -> None:
        self.address = address
        """Who has connected, as far as it can be believed."""
        self.socket = socket_of(carrier)
        self.secure = isinstance(carrier, trio.SSLStream)
        self.scope = trio.CancelScope()
        """Of all that is done for the peer: over when the connection is."""
        self._stream = carrier
        self._received = received
        self._over = trio.Event()
        """Set when the peer has hung up."""
        self._reading = False
        self._sending = trio.Lock()

    @property
    def unread(self) -> bytes:
        """What has been read of the peer, but not been given yet."""
        return self._received

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what comes next; empty at the end."""
        if self._received:
            await trio.lowlevel.checkpoint()
            piece = self._received[:max_bytes]
            self._received = self._received[len(piece) :]
            return piece
        self._reading = True
        try:
            data = bytes(await self._stream.receive_some(max_bytes))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._over.set()
            raise
        finally:
            self._reading = False
        if not data:
            self._over.set()
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data`.

        Raises:
            trio.BrokenResourceError: the peer has gone, or takes nothing.
        """
        # Two may have something to say: the application, and the parser that has met
        # rubbish behind the request.
        async with self._sending:
            await self._send_all(data)

    async def _send_all(self, data: bytes | bytearray | memoryview) -> None:
        # Callers may shield this from being cancelled: it has to end by itself.
        for start in range(0, len(data), PIECE):
            with trio.move_on_after(SEND_S) as patience:
                await self._stream.send_all(data[start : start + PIECE])
            if patience.cancelled_caught:
                await trio.aclose_forcefully(self._stream)
                self.scope.cancel()
                raise trio.BrokenResourceError("the peer takes nothing")

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there may be room."""
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """Say that nothing more is sent; under TLS the close says so."""
        if isinstance(self._stream, trio.SocketStream):
            async with self._sending:
                await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close the connection, when the peer has hung up or had the time for it."""
        with trio.move_on_after(LINGER_S), suppress(OSError, *GONE):
            if self._reading:
                # By another task, which goes on until then.
                await self._over.wait()
            while not self._over.is_set():
                await self.receive_some(PIECE)
        await self._stream.aclose()
        self.scope.cancel()


GONE = (
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.BusyResourceError,
)
"""How a connection ends that nobody has to hear of."""
