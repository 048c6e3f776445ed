"""One WebSocket of a client: connecting, upgrading, frames in and out, and harm."""

import errno
import os
from typing import Protocol

from broker.wire.codec import Codec
from broker.wire.framing import BINARY, TEXT
from clients.load.framing import (
    CLOSE,
    LONGEST_HEAD,
    PING,
    PONG,
    Frames,
    NotServed,
    frame,
    upgrade,
    upgraded,
)
from clients.load.loop import READ, WRITE, Loop
from clients.load.plug import Address, Plug, reason

PATIENCE_S = 10.0
"""Seconds for a connection to be made and upgraded."""
SPLIT_BYTES = 7
"""Bytes of each piece, where frames are to be torn."""
_ABNORMAL = 1006
_PENDING = (errno.EINPROGRESS, errno.EWOULDBLOCK)


class Owner(Protocol):
    """Who talks over a line."""

    def opened(self, codec: Codec) -> None:
        """Begin to talk."""

    def took(self, payload: bytes) -> None:
        """Take a message."""

    def ended(self, code: int, why: str) -> None:
        """Learn that the line is gone; it says nothing more."""


class Traffic:
    """Bytes that went over the lines."""

    __slots__ = ("received", "sent")

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0


class Line:
    """Connects when it is made; tells its owner what becomes of it."""

    __slots__ = (
        "_codec",
        "_deaf",
        "_fd",
        "_frames",
        "_head",
        "_loop",
        "_mute",
        "_owner",
        "_plug",
        "_split",
        "_traffic",
        "_unsent",
    )

    def __init__(
        self, loop: Loop, address: Address, owner: Owner, traffic: Traffic
    ) -> None:
        self._loop = loop
        self._owner = owner
        self._traffic = traffic
        self._codec: Codec | None = None
        self._frames: Frames | None = None
        self._head = b""
        self._deaf = self._mute = False
        self._split = 0
        self._plug = Plug(address)
        self._fd = self._plug.fd
        self._unsent = upgrade(address.host, address.path, os.urandom(16))
        failed = self._plug.failed
        loop.add(self._fd, self, READ | WRITE)
        if failed and failed not in _PENDING:
            # Not within the constructor: nobody has the line yet.
            loop.after(0, lambda: self._end(_ABNORMAL, os.strerror(failed)))
        loop.after(PATIENCE_S, self._give_up)

    # For its owner.

    @property
    def open(self) -> bool:
        """Whether it can be talked over."""
        return self._codec is not None and self._fd >= 0

    def send(self, payload: bytes) -> None:
        """Send a message, now if the socket takes it."""
        codec = self._codec
        if codec is not None and self._fd >= 0:
            self._write(frame(codec.opcode, payload))

    def cut(self) -> None:
        """Lose the connection, as a network does: with what is under way."""
        if self._fd >= 0:
            # Nothing that the kernel still holds is delivered either.
            self._plug.cut()
            self._end(_ABNORMAL, "cut")

    def close(self) -> None:
        """Say goodbye and go, without a word to the owner."""
        if self._fd >= 0:
            if self._codec is not None:
                self._write(frame(CLOSE, (1000).to_bytes(2)))
            self._drop()

    def stall(self, seconds: float) -> None:
        """Read nothing for a while."""
        if self._fd >= 0:
            self._deaf = True
            self._watch()
            self._loop.after(seconds, self._listen)

    def delay(self, seconds: float) -> None:
        """Send nothing for a while; what is to be sent is kept."""
        if self._fd >= 0:
            self._mute = True
            self._loop.after(seconds, self._speak)

    def split(self, frames: int) -> None:
        """Let the next frames leave in small pieces."""
        self._split = frames

    # From the loop.

    def ready(self, flags: int) -> None:
        """Write what was left over, then read."""
        if flags & WRITE or self._plug.listens:
            self._flush()
        if not flags & ~WRITE or self._fd < 0:
            return
        try:
            received = self._plug.recv()
        except BlockingIOError:
            return
        except OSError as error:
            self._end(_ABNORMAL, reason(error))
            return
        if not received:
            self._end(_ABNORMAL, "it hung up")
            return
        self._traffic.received += len(received)
        try:
            self._take(received)
        except NotServed as error:
            self._end(_ABNORMAL, str(error))

    def _take(self, received: bytes) -> None:
        if self._frames is None:
            received = self._upgrade(received)
        frames = self._frames
        if frames is None or not received:
            return
        for first, payload in frames.feed(received):
            if first in {TEXT, BINARY}:
                self._owner.took(payload)
            elif first == PING:
                self._write(frame(PONG, payload))
            elif first == CLOSE:
                code = int.from_bytes(payload[:2]) if payload else _ABNORMAL
                reason = payload[2:].decode(errors="replace")
                self._write(frame(CLOSE, payload[:2]))
                self._end(code, reason)
            if self._fd < 0:
                return

    def _upgrade(self, received: bytes) -> bytes:
        """Return what came after the answer to the upgrade, if that is complete."""
        head, end, rest = (self._head + received).partition(b"\r\n\r\n")
        if not end:
            self._head = head
            if len(head) > LONGEST_HEAD:
                raise NotServed("its answer to the upgrade has no end")
            return b""
        self._codec, self._frames, self._head = upgraded(head), Frames(), b""
        self._owner.opened(self._codec)
        return rest

    def _write(self, data: bytes) -> None:
        if self._unsent or self._mute or self._split:
            if self._split:
                self._split -= 1
                self._torn(data)
                return
            self._unsent += data
            return
        try:
            sent = self._plug.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            # Reading tells the owner, in its own time.
            return
        self._traffic.sent += sent
        if sent < len(data):
            self._unsent = data[sent:]
            self._watch()

    def _torn(self, data: bytes) -> None:
        """Send `data` in pieces, as far as that goes without waiting."""
        while data and not self._unsent and not self._mute and self._fd >= 0:
            try:
                sent = self._plug.send(data[:SPLIT_BYTES])
            except OSError:
                break
            self._traffic.sent += sent
            data = data[sent:]
        if data:
            self._unsent += data
            self._watch()

    def _flush(self) -> None:
        if self._mute:
            return
        if self._unsent:
            try:
                sent = self._plug.send(self._unsent)
            except BlockingIOError:
                if self._plug.listens:
                    self._watch()
                return
            except OSError as error:
                self._end(_ABNORMAL, reason(error))
                return
            self._traffic.sent += sent
            self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._watch()

    def _listen(self) -> None:
        self._deaf = False
        self._watch()

    def _speak(self) -> None:
        self._mute = False
        self._watch()

    def _watch(self) -> None:
        if self._fd >= 0:
            wanted = 0 if self._deaf else READ
            if self._plug.listens:
                # In the middle of a handshake; deaf it would stay there.
                wanted = READ
            elif self._unsent and not self._mute:
                wanted |= WRITE
            self._loop.watch(self._fd, wanted)

    def _give_up(self) -> None:
        if self._frames is None:
            self._end(_ABNORMAL, "it does not answer")

    def _end(self, code: int, why: str) -> None:
        if self._fd >= 0:
            self._drop()
            self._owner.ended(code, why)

    def _drop(self) -> None:
        self._loop.remove(self._fd)
        self._fd = -1
        self._plug.close()
