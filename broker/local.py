"""A client in the broker's own process: the same protocol over memory, no socket.

For tests, bots and notebooks (spec U1). Frames are encoded and decoded as on a socket,
so that what works here works there.
"""

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, Self

import trio

from broker.transport import NO_PAGE
from broker.wire.codec import MSGPACK, Codec
from broker.wire.errors import Close, farewell
from broker.wire.frames import FromClient

OUTBOX_BYTES = 1024 * 1024
"""Bytes a client may lag behind before it is cut off, as on a socket (F52)."""
LOW_WATER = 64 * 1024
"""Bytes below which there is room for signals, and for another page of history."""


class LocalClosed(Exception):
    """The broker has closed the connection with `code`."""

    def __init__(self, code: Close) -> None:
        super().__init__(code)
        self.code = code


class Listener(Protocol):
    """Who hears what the client says."""

    def take(self, payload: bytes) -> None:
        """Act on one message; must not raise."""

    def gone(self) -> None:
        """Hear that the connection has ended."""


class LocalSocket:
    """Both ends of one connection in memory: the broker's transport, and the client's.

    Use it as an async context manager, or call `close_now` when done.
    """

    def __init__(self, wake: Callable[[], None], codec: Codec = MSGPACK) -> None:
        self.codec = codec.unframed
        self.origin = NO_PAGE
        self.trusted = True
        self.heard = 0
        self.closed: Close | None = None
        """Why the broker closed it, once it has."""
        self._wake = wake
        self._listener: Listener | None = None
        self._inbound: deque[bytes] = deque()
        self._paused = False
        self._outbound: deque[bytes] = deque()
        self._size = 0
        self._signals: dict[object, bytes] = {}
        self._drained: list[Callable[[], None]] = []
        self._arrived = trio.Event()

    # The client's end.

    async def send(self, said: FromClient | dict[str, Any]) -> None:
        """Send a frame.

        Raises:
            LocalClosed: the connection has ended.
        """
        await trio.lowlevel.checkpoint()
        if self.closed is not None:
            raise LocalClosed(self.closed)
        self._inbound.append(self.codec.encode(said))
        self._hand_up()
        self._wake()

    async def receive(self) -> dict[str, Any]:
        """Return the next frame.

        Raises:
            LocalClosed: the connection has ended, and everything sent before was read.
        """
        while not self._outbound and not self._signals:
            if self.closed is not None:
                raise LocalClosed(self.closed)
            await self._arrived.wait()
        await trio.lowlevel.checkpoint()
        return self.codec.fields(self._next())

    async def ask(self, said: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Send a frame and return its answer, and what came before that.

        Raises:
            LocalClosed: the connection has ended.
        """
        await self.send(said)
        before: list[Any] = []
        while True:
            frame = await self.receive()
            if frame.get("re") == said["id"]:
                return frame, before
            before.append(frame)

    def close_now(self) -> None:
        """End the connection, as a client that has gone."""
        self._end(Close.BYE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close_now()

    # The broker's end: a transport.

    @property
    def low(self) -> bool:
        """Whether there is room for another page, and for signals."""
        return self._size < LOW_WATER

    def serve(self, listener: Listener) -> None:
        """Hand messages to `listener` from now on."""
        self._listener = listener

    def offer(self, frame: bytes) -> None:
        """Queue `frame`; a client that does not read is cut off."""
        if self.closed is not None:
            return
        if self._size + len(frame) > OUTBOX_BYTES:
            self._outbound.clear()
            self._size = 0
            self.close(Close.SLOW)
            return
        self._size += len(frame)
        self._outbound.append(frame)
        self._arrived.set()

    def signal(self, key: object, frame: bytes) -> bool:
        """Queue the newest signal of its `key`, or drop it if the client lags."""
        if self.closed is not None or not self.low:
            return False
        self._signals[key] = frame
        self._arrived.set()
        return True

    def when_drained(self, then: Callable[[], None]) -> None:
        """Call `then` when there is room for another page."""
        if self.closed is not None:
            return
        if self.low:
            then()
        else:
            self._drained.append(then)

    def greeted(self) -> None:
        """Nobody is in a hurry here."""

    def vouched(self) -> None:
        """Nobody counts those in memory."""

    def pause(self) -> None:
        """Hand up nothing more until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Hand up what has come meanwhile."""
        self._paused = False
        self._hand_up()

    def close(self, code: Close, *, after: int | None = None) -> None:
        """Say why, and close."""
        if self.closed is None and code is not Close.BYE:
            frame = self.codec.encode(farewell(code, after or 0))
            self._outbound.append(frame)
            self._size += len(frame)
        self._end(code)

    # Within.

    def _hand_up(self) -> None:
        while self._inbound and not self._paused and self._listener is not None:
            self._listener.take(self._inbound.popleft())

    def _next(self) -> bytes:
        if self._outbound:
            frame = self._outbound.popleft()
            self._taken(len(frame))
        else:
            frame = self._signals.pop(next(iter(self._signals)))
        if not self._outbound and not self._signals and self.closed is None:
            self._arrived = trio.Event()
        return frame

    def _taken(self, size: int) -> None:
        self._size -= size
        if self.low and self._drained:
            drained, self._drained = self._drained, []
            for then in drained:
                then()
            self._wake()

    def _end(self, code: Close) -> None:
        if self.closed is None:
            self.closed = code
            self._drained.clear()
            self._arrived.set()
            listener, self._listener = self._listener, None
            if listener is not None:
                listener.gone()
            self._wake()
