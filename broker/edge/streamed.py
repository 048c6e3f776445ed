"""One WebSocket of the portable path, after its upgrade.

The twin of `connection`: what that does in turns by itself is done here by three tasks
around a trio-websocket connection. The library's own reads, one hands up, one sends.
"""

from collections.abc import Callable
from contextlib import suppress

import msgspec
import trio
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    wrap_server_stream,
)

from actors.runtime.timers import Timers
from broker.edge.admission import Place
from broker.edge.backlog import Backlog
from broker.edge.intake import Intake, IntakeRate
from broker.edge.keepalive import Keepalive
from broker.edge.outbox import SlowPeer
from broker.edge.shared import STALL, Listener, linger_of
from broker.edge.watched import Carrier, Watched
from broker.limits import Tally
from broker.loop import TaskLoop
from broker.transport import Origin
from broker.wire.codec import BY_NAME, Codec, Codecs
from broker.wire.errors import Close, farewell
from broker.wire.framing import BINARY, TEXT
from broker.wire.gauge import Gauge


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What all connections share."""

    loop: TaskLoop
    keepalive: Keepalive
    timers: Timers
    outbox_bytes: int
    frame_bytes: int
    fragments: int
    reconnect_after: Callable[[], int]
    """Milliseconds that a client which is sent away should wait: jittered."""
    either: bool = False
    """Whether text and binary messages are both taken, without a subprotocol."""
    stall_s: float = STALL
    intake: IntakeRate | None = None
    """What may be read of one of them in a second."""
    tally: Tally = msgspec.field(default_factory=Tally)
    codecs: Codecs = msgspec.field(default_factory=lambda: BY_NAME)


class Streamed:
    """A transport for its peer, on a stream of trio's."""

    def __init__(
        self,
        codec: Codec,
        around: Surroundings,
        *,
        origin: Origin,
        greeted: Callable[[], None],
    ) -> None:
        self.codec = codec.unframed
        self.opcode = codec.opcode
        """Of its messages, or of the last one if it takes either."""
        self.origin = origin
        self.trusted = False
        self.open = True
        """Whether messages are taken; once not, it only waits to be gone."""
        self.heard = around.keepalive.now
        self._around = around
        self._scope = trio.CancelScope()
        """Cancelled to end the connection at once."""
        self._peer: Listener | None = None
        self._backlog = Backlog(around.outbox_bytes)
        self._drained: list[Callable[[], None]] = []
        self._greeted: Callable[[], None] | None = greeted
        self._last: Close | None = None
        """The code to say goodbye with, after all that was offered."""
        self._ends_at: int | None = None
        self._moved_at = self.heard
        """When what is to be sent last moved, in seconds of the keepalive."""
        self._asked_to_flush = False
        self._to_send = trio.Event()
        self._to_ping = trio.Event()
        self._may_hand_up = trio.Event()
        self._may_hand_up.set()
        self._intake = None if around.intake is None else Intake(around.intake)
        self._may_read: trio.Event | None = None
        """Waited for while too much has been read."""
        self.place: Place | None = None
        """What it takes up, if anybody counts."""
        self._group = around.keepalive.add(self)

    def serve(self, listener: Listener, rest: bytes) -> None:
        """Hand messages to `listener`; the stream gives `rest` again by itself."""
        del rest
        self._peer = listener

    async def converse(
        self, carrier: Carrier, head: bytes, rest: bytes, begun: Callable[[], None]
    ) -> None:
        """Be a WebSocket on `carrier` until it ends; `begun` is called once it is one.

        `head` is the request that asks for it, and `rest` what came after that.
        """
        around = self._around
        gauge = Gauge(
            None if around.either else self.opcode,
            frame_bytes=around.frame_bytes,
            fragments=around.fragments,
        )
        stream = Watched(carrier, head, rest, gauge, self)
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    with trio.fail_after(around.stall_s):
                        request = await wrap_server_stream(
                            nursery, stream, max_message_size=around.frame_bytes
                        )
                        name = None if around.either else self.codec.name
                        socket = await request.accept(subprotocol=name)
                    stream.accepted(socket)
                    begun()
                    await self._run(socket)
        finally:
            around.keepalive.leave(self, self._group)
            self._leave()
            around.loop.wake()

    async def _run(self, socket: WebSocketConnection) -> None:
        """Carry messages until one side has ended it."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._send_pings, socket)
            async with trio.open_nursery() as sending:
                sending.start_soon(self._send, socket)
                await self._hand_up(socket)
                if self._last is None:
                    sending.cancel_scope.cancel()
            nursery.cancel_scope.cancel()

    # From the stream.

    def received(self) -> None:
        """Hear that the peer has said something."""
        self.heard = self._around.keepalive.now

    async def pace(self, size: int) -> None:
        """Wait until a frame of so many bytes may be read."""
        intake, keepalive = self._intake, self._around.keepalive
        if intake is None or self.trusted:
            return
        intake.spend(1, size, keepalive.now)
        while self.open and intake.over(keepalive.now):
            keepalive.watch(self)
            self._may_read = trio.Event()
            await self._may_read.wait()

    def exceeded(self, limit: str) -> None:
        """Hear that the peer has said too much at once."""
        self._around.tally.limited[limit] += 1

    def moved(self) -> None:
        """Hear that the peer has taken something."""
        self._moved_at = self._around.keepalive.now

    # From the loop.

    def flush(self) -> None:
        """Have everything sent that was offered."""
        self._asked_to_flush = False
        if not self._to_send.is_set():
            self._to_send.set()
            self._around.keepalive.watch(self)

    # From the keepalive.

    def ping(self) -> None:
        """Send a ping, unless one has not been answered yet."""
        if self.open:
            self._to_ping.set()

    def check(self, now: int) -> bool:
        """Cut off a peer that takes nothing, or does not hang up.

        Return whether it is to be looked at again in a second.
        """
        if self._ends_at is not None and now >= self._ends_at:
            self.end()
            return False
        waits = not self._backlog.empty
        if self.open and waits and now - self._moved_at >= self._around.stall_s:
            self._too_slow("stall_s")
        if self.open and self._may_read is not None:
            self._check_flood(now)
        return waits or not self.open or self._may_read is not None

    def end(self) -> None:
        """Close at once."""
        self._scope.cancel()
        self._leave()

    # From the peer.

    @property
    def low(self) -> bool:
        """Whether there is room for another page."""
        return self._backlog.low

    def offer(self, frame: bytes) -> None:
        """Send `frame` at the end of the turn; a reader too slow for it is cut off."""
        if not self.open:
            return
        if self._backlog.empty:
            self.moved()
        try:
            self._backlog.offer(frame)
        except SlowPeer:
            self._too_slow("outbox_bytes")
        else:
            self._around.tally.lags(self._backlog.size)
            self._ask_to_flush()

    def signal(self, key: object, frame: bytes) -> bool:
        """Send `frame` at the end of the turn if the peer keeps up; return that."""
        if not self.open or not self._backlog.signal(key, frame):
            return False
        self._ask_to_flush()
        return True

    def when_drained(self, then: Callable[[], None]) -> None:
        """Call `then` when there is room for another page."""
        if not self.open:
            return
        if self._backlog.low:
            then()
        else:
            self._drained.append(then)

    def greeted(self) -> None:
        """Hear that the hello came in time."""
        greeted, self._greeted = self._greeted, None
        if greeted is not None:
            greeted()

    def vouched(self) -> None:
        """Hear that a token has said who it is."""
        if self.place is not None:
            self.place.vouched()

    def pause(self) -> None:
        """Hand up nothing more."""
        if self.open:
            self._may_hand_up = trio.Event()

    def resume(self) -> None:
        """Go on handing up."""
        self._may_hand_up.set()

    def close(self, code: Close, *, after: int | None = None) -> None:
        """Say why, then close."""
        if not self.open:
            return
        if code is not Close.BYE:
            wait = self._around.reconnect_after() if after is None else after
            self.offer(self.codec.encode(farewell(code, wait)))
        self._say_last(code)

    # Within.

    async def _hand_up(self, socket: WebSocketConnection) -> None:
        """Give the peer one message after the other."""
        with suppress(ConnectionClosed):
            while self.open:
                message = await socket.get_message()
                payload = message.encode() if isinstance(message, str) else message
                if self._around.either:
                    self.opcode = TEXT if isinstance(message, str) else BINARY
                await self._may_hand_up.wait()
                await self._around.loop.room()
                if self._peer is not None:
                    self._peer.take(payload)
                    self._around.loop.wake()

    async def _send(self, socket: WebSocketConnection) -> None:
        """Send whatever there is, and at last the goodbye."""
        with suppress(ConnectionClosed):
            while True:
                while (frame := self._backlog.next()) is not None:
                    text = self.opcode == TEXT
                    await socket.send_message(frame.decode() if text else frame)
                    self._tell_drained()
                if self._last is not None:
                    break
                await self._to_send.wait()
                self._to_send = trio.Event()
            await socket.aclose(self._last)

    async def _send_pings(self, socket: WebSocketConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._to_ping.wait()
                await socket.ping()
                self._to_ping = trio.Event()

    def _tell_drained(self) -> None:
        if self._drained and self._backlog.low:
            drained, self._drained = self._drained, []
            for then in drained:
                then()
            self._around.loop.wake()

    def _ask_to_flush(self) -> None:
        if not self._asked_to_flush:
            self._asked_to_flush = True
            self._around.loop.unsent(self)

    def _say_last(self, code: Close) -> None:
        """Say goodbye after all that was offered, and listen no more."""
        if not self.open:
            return
        self._last = code
        self._ends_at = self._around.keepalive.now + linger_of(code)
        self._around.keepalive.watch(self)
        self._leave()
        self.flush()

    def _check_flood(self, now: int) -> None:
        """Read on if it is time, or close what has been too much for too long."""
        intake = self._intake
        if intake is not None and intake.floods(now):
            self._around.tally.limited[intake.limit] += 1
            self.close(Close.FLOODING)
        elif intake is None or intake.ease(now):
            self._read_on()

    def _read_on(self) -> None:
        may_read, self._may_read = self._may_read, None
        if may_read is not None:
            may_read.set()

    def _too_slow(self, limit: str) -> None:
        # What has piled up is in the journal: it comes again when the peer resumes.
        self._around.tally.limited[limit] += 1
        self._backlog.cut()
        self.close(Close.SLOW)

    def _leave(self) -> None:
        self.open = False
        self._may_hand_up.set()
        self._read_on()
        self._drained.clear()
        self.greeted()
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.gone()
