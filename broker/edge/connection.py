"""One WebSocket on a socket of its own, after its upgrade.

What is kept of the socket is its descriptor: the object around it would cost each idle
connection 88 bytes, and each read and write a third of a microsecond.
"""

import os
from collections.abc import Callable, Iterator

from broker.edge.admission import Place
from broker.edge.intake import ASKED, BUSY, DEAF, FLOODED, TURN, Intake
from broker.edge.outbox import Outbox, SlowPeer
from broker.edge.reactor import NOTHING, READ, WRITE
from broker.edge.shared import (
    LINGER,
    Edge,
    Listener,
    linger_of,
    shut_down_writing,
)
from broker.transport import Origin
from broker.wire.codec import Codec
from broker.wire.errors import Close, farewell
from broker.wire.framing import Framer, Goodbye, close_frame, ping_frame

RECEIVE = 16 * 1024
"""Bytes taken from a socket in one turn: about a hundred messages at most."""
PING = ping_frame()
REFUSALS = {Close.PROTOCOL_ERROR, Close.WRONG_TYPE, Close.BAD_TEXT, Close.TOO_BIG}
"""Why we hang up on a peer that has not said goodbye itself."""


class Connection:
    """A source for the reactor and a transport for its peer."""

    __slots__ = (
        "_drained",
        "_edge",
        "_ends_at",
        "_fd",
        "_feed",
        "_framer",
        "_greeted",
        "_group",
        "_intake",
        "_moved",
        "_outbox",
        "_over",
        "_paused",
        "_peer",
        "codec",
        "heard",
        "open",
        "origin",
        "place",
        "trusted",
    )

    def __init__(
        self,
        fd: int,
        codec: Codec,
        edge: Edge,
        *,
        origin: Origin,
        greeted: Callable[[], None],
    ) -> None:
        """Own `fd`, a socket's that blocks nobody, from now on."""
        self.codec = codec
        self.origin = origin
        self.trusted = False
        self.open = True
        """Whether messages are taken; once not, it only waits to be gone."""
        self.heard = edge.keepalive.now
        self._edge = edge
        self._fd = fd
        self._framer: Framer | None = Framer(
            codec.opcode,
            frame_bytes=edge.frame_bytes,
            fragments=edge.fragments,
            either=edge.either,
        )
        """Until it has said `Goodbye`."""
        self._outbox = Outbox(edge.outbox_bytes)
        self._peer: Listener | None = None
        self._feed: Iterator[bytes] | None = None
        """Messages that have come but were not handed up yet."""
        self._paused = 0
        """Why nothing is read: any of the reasons of `intake` together."""
        self._intake: Intake | None = None
        self._drained: list[Callable[[], None]] | None = None
        self._moved = 0
        """When what is to be sent last moved, in seconds of the keepalive."""
        self._ends_at: int | None = None
        self._over = False
        """Whether both sides have said goodbye, so that nothing is waited for."""
        self._greeted: Callable[[], None] | None = greeted
        self.place: Place | None = None
        """What it takes up, if anybody counts."""
        self._group = edge.keepalive.add(self)

    def serve(self, listener: Listener, rest: bytes) -> None:
        """Hand messages to `listener` from now on; `rest` came with the upgrade."""
        self._peer = listener
        self._edge.reactor.add(self._fd, self)
        if rest:
            self._take(rest)

    # From the reactor.

    def ready(self, flags: int) -> None:
        """Write what was left over, then read."""
        if flags & WRITE:
            self.flush()
        if not flags & ~WRITE or self._fd < 0:
            return
        if self._paused and self.open:
            if flags & ~(READ | WRITE):
                self.end()
            elif flags & READ:
                self._watch()
            return
        try:
            data = os.read(self._fd, RECEIVE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.end()
        elif self.open:
            self.heard = self._edge.keepalive.now
            self._take(data)
        else:
            self._take_goodbye(data)

    def flush(self) -> None:
        """Send what the socket takes, and the rest when it is writable."""
        if self._fd < 0:
            return
        outbox = self._outbox
        was_blocked = outbox.blocked
        try:
            moved = outbox.flush(self._fd)
        except OSError:
            self.end()
            return
        if outbox.blocked or was_blocked:
            self._blocked(was_blocked, moved=moved)
        if self._drained and outbox.low:
            drained, self._drained = self._drained, None
            for then in drained:
                then()
            self._edge.reactor.wake()
        if not self.open and outbox.empty:
            if self._over:
                self.end()
            else:
                self._hang_up()

    def go_on(self) -> None:
        """Act on more of what was read."""
        self._release(BUSY)

    # From the keepalive.

    def ping(self) -> None:
        """Send a ping."""
        intake = self._intake
        if intake is not None and intake.forgotten(self._edge.keepalive.now):
            self._intake = None
        if self.open:
            self.offer(PING)

    def check(self, now: int) -> bool:
        """Cut off a peer that takes nothing, or does not hang up.

        Return whether it is to be looked at again in a second.
        """
        if self._fd < 0:
            return False
        if self._ends_at is not None and now >= self._ends_at:
            self.end()
        elif (
            self.open
            and self._outbox.blocked
            and now - self._moved >= self._edge.stall_s
        ):
            self._too_slow("stall_s")
        elif self.open and self._paused & FLOODED:
            self._check_flood(now)
        lasts = self._outbox.blocked or not self.open or self._paused & FLOODED
        return self._fd >= 0 and bool(lasts)

    def end(self) -> None:
        """Close at once, and let go of everything."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        self._edge.reactor.remove(fd)
        self._edge.keepalive.leave(self, self._group)
        os.close(fd)
        if self.place is not None:
            self.place.leave()
        self._leave()
        self._feed = self._drained = None

    # From the peer.

    @property
    def low(self) -> bool:
        """Whether there is room for another page."""
        return self._outbox.low

    def offer(self, frame: bytes) -> None:
        """Send `frame` at the end of the turn; a reader too slow for it is cut off."""
        if not self.open:
            return
        try:
            if self._outbox.offer(frame):
                self._edge.reactor.unsent(self)
        except SlowPeer:
            self._too_slow("outbox_bytes")

    def signal(self, key: object, frame: bytes) -> bool:
        """Send `frame` at the end of the turn if the peer keeps up; return that."""
        if not self.open or not self._outbox.low:
            return False
        if self._outbox.signal(key, frame):
            self._edge.reactor.unsent(self)
        return True

    def when_drained(self, then: Callable[[], None]) -> None:
        """Call `then` when there is room for another page."""
        if not self.open:
            return
        if self._outbox.low:
            then()
        elif self._drained is None:
            self._drained = [then]
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
        """Hand up nothing more, and read nothing more."""
        self._hold(ASKED)

    def resume(self) -> None:
        """Hand up what has come meanwhile, then read on."""
        self._release(ASKED)

    def close(self, code: Close, *, after: int | None = None) -> None:
        """Say why, then close."""
        if not self.open:
            return
        if code is not Close.BYE:
            wait = self._edge.reconnect_after() if after is None else after
            self.offer(self.codec.encode(farewell(code, wait)))
        self._say_last(close_frame(code), linger_of(code))

    # Within.

    def _take(self, data: bytes) -> None:
        if self._framer is not None:
            self._feed = self._framer.feed(data, self.offer)
            self._spend(0, len(data))
            self._hand_up()

    def _hand_up(self) -> None:
        feed, peer, framer = self._feed, self._peer, self._framer
        if feed is None or peer is None or framer is None:
            return
        framer.frames = 0
        try:
            for message in feed:
                peer.take(message)
                if self._paused or not self.open:
                    return
                if framer.frames >= TURN:
                    self._hold(BUSY)
                    self._edge.reactor.again(self)
                    return
            self._feed = None
        except Goodbye as goodbye:
            self._feed = self._framer = None
            if goodbye.limit:
                self._edge.tally.limited[goodbye.limit] += 1
            self._over = goodbye.code not in REFUSALS
            self._say_last(goodbye.last)
        finally:
            self._spend(framer.frames, 0)

    def _spend(self, frames: int, size: int) -> None:
        """Count what was read; if it is too much, read nothing for a while."""
        edge = self._edge
        if edge.intake is None or self.trusted or not self.open:
            return
        if self._intake is None:
            self._intake = Intake(edge.intake)
        if self._intake.spend(frames, size, edge.keepalive.now):
            self._hold(FLOODED)
            edge.keepalive.watch(self)

    def _check_flood(self, now: int) -> None:
        """Read on if it is time, or close what has been too much for too long."""
        intake = self._intake
        if intake is not None and intake.floods(now):
            self._edge.tally.limited[intake.limit] += 1
            self.close(Close.FLOODING)
        elif intake is None or intake.ease(now):
            self._release(FLOODED)

    def _hold(self, why: int) -> None:
        self._paused |= why

    def _release(self, why: int) -> None:
        self._paused &= ~why
        if not self._paused & ~DEAF:
            deaf, self._paused = self._paused, 0
            self._hand_up()
            if deaf:
                self._watch()

    def _take_goodbye(self, data: bytes) -> None:
        """Wait for the peer's answer to our goodbye; what else it says is late."""
        if self._framer is not None:
            try:
                for _ in self._framer.feed(data, _ignore):
                    pass
            except Goodbye:
                self.end()

    def _say_last(self, frame: bytes, linger: int = LINGER) -> None:
        """Send `frame` after all that was offered, and listen no more."""
        if not self.open:
            return
        self.offer(frame)
        self.open = False
        self._feed = self._drained = None
        self._ends_at = self._edge.keepalive.now + linger
        self._edge.keepalive.watch(self)
        self._leave()
        self.flush()

    def _too_slow(self, limit: str) -> None:
        # What has piled up is in the journal: it comes again when the peer resumes.
        self._edge.tally.limited[limit] += 1
        self._edge.tally.lags(self._outbox.size)
        self._outbox.cut()
        self.close(Close.SLOW)

    def _hang_up(self) -> None:
        try:
            shut_down_writing(self._fd)
        except OSError:
            self.end()
            return
        self._paused = 0
        self._edge.reactor.watch(self._fd, READ)

    def _leave(self) -> None:
        self.open = False
        self.greeted()
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.gone()
            # Perhaps in the midst of a flush: what it leaves behind is for a next turn.
            self._edge.reactor.wake()

    def _blocked(self, was_blocked: bool, *, moved: bool) -> None:  # noqa: FBT001  # a state before and after
        if moved or not was_blocked:
            self._moved = self._edge.keepalive.now
        if self._outbox.blocked != was_blocked:
            self._watch()
        if self._outbox.blocked:
            self._edge.tally.lags(self._outbox.size)
            self._edge.keepalive.watch(self)

    def _watch(self) -> None:
        if self._fd >= 0:
            self._paused |= DEAF if self._paused else 0
            flags = NOTHING if self._paused else READ
            if self._outbox.blocked:
                flags |= WRITE
            self._edge.reactor.watch(self._fd, flags)


def _ignore(_reply: bytes) -> None:
    """Answer nothing any more."""
