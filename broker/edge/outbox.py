"""What one connection has still to send, bounded in bytes.

Journaled events and answers are never dropped: a peer that lets them pile up is cut off
and resumes from the journal. Signals are: the newest of each kind waits for the end of
the turn, and goes only if the peer keeps up.
"""

import os
from collections.abc import Callable

LIMIT = 1024 * 1024
"""Bytes a peer may lag behind before it is cut off (F52)."""
LOW_WATER = 64 * 1024
"""Bytes below which there is room for signals, and for another page of history."""


class SlowPeer(Exception):
    """The peer is too far behind; what was offered was not queued."""


class Outbox:
    """Frames wait here for the end of the turn, then leave in one `send`."""

    __slots__ = ("_frames", "_limit", "_signals", "blocked", "size")

    def __init__(self, limit: int = LIMIT) -> None:
        self._frames: list[bytes] | None = None
        """Made with the first frame and dropped with the last: most of the time there
        is none, and most connections are idle."""
        self._signals: dict[object, bytes] | None = None
        self._limit = limit
        self.size = 0
        """Bytes of frames that wait; signals are not counted, there is one of each."""
        self.blocked = False
        """Whether the socket was full: the rest goes when it says it is writable."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self._frames and not self._signals

    @property
    def low(self) -> bool:
        """Whether there is room for more than what must be."""
        return self.size < LOW_WATER

    def offer(self, frame: bytes) -> bool:
        """Queue `frame`; return whether a flush is to be asked for.

        Raises:
            SlowPeer: the frame would exceed the limit.
        """
        size = self.size + len(frame)
        if size > self._limit:
            raise SlowPeer
        self.size = size
        if self._frames is None:
            self._frames = [frame]
            return True
        self._frames.append(frame)
        return False

    def signal(self, key: object, frame: bytes) -> bool:
        """Queue the newest signal of its `key`, or drop it if the peer lags behind.

        Return whether a flush is to be asked for.
        """
        if not self.low:
            return False
        if self._signals is None:
            self._signals = {}
        self._signals[key] = frame
        return len(self._signals) == 1

    def flush(self, fd: int, write: Callable[[int, bytes], int] = os.write) -> bool:
        """Send what the socket takes; return whether it took anything.

        Raises:
            OSError: the connection is gone.
        """
        frames = self._frames or []
        if self._signals:
            frames.extend(self._signals.values())
            self.size += sum(map(len, self._signals.values()))
            self._signals = None
        if not frames:
            return False
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        try:
            sent = write(fd, data)
        except BlockingIOError:
            sent = 0
        if sent == len(data):
            self._frames = None
            self.size = 0
            self.blocked = False
            return True
        self._frames = _rest(frames, sent)
        self.size = sum(map(len, self._frames))
        self.blocked = True
        return sent > 0

    def cut(self) -> None:
        """Drop all but a frame that has left in part: its rest must follow.

        It counts no longer: what is offered after it are last words, and have to fit.
        """
        self._signals = None
        self.size = 0
        if self._frames is not None:
            del self._frames[1:]


def _rest(frames: list[bytes], sent: int) -> list[bytes]:
    """Return what of `frames` is left after `sent` bytes, fewer than all."""
    whole = 0
    while sent >= len(frames[whole]):
        sent -= len(frames[whole])
        whole += 1
    # A bytes object of its own, or the whole frame would be kept for its end.
    return [frames[whole][sent:], *frames[whole + 1 :]]
