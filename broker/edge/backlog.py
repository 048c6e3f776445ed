"""What one connection of the portable path has still to send, bounded in bytes."""

from collections import deque

from broker.edge.outbox import LOW_WATER, SlowPeer


class Backlog:
    """What is still to be sent, bounded in bytes: `Outbox`, one frame at a time."""

    __slots__ = ("_frames", "_limit", "_signals", "_under_way", "size")

    def __init__(self, limit: int) -> None:
        self._frames: deque[bytes] = deque()
        self._signals: dict[object, bytes] = {}
        self._limit = limit
        self._under_way = 0
        self.size = 0
        """Bytes of frames that wait or are being sent; signals do not count."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self._frames and not self._signals and not self._under_way

    @property
    def low(self) -> bool:
        """Whether there is room for more than what must be."""
        return self.size < LOW_WATER

    def offer(self, frame: bytes) -> None:
        """Queue `frame`.

        Raises:
            SlowPeer: the frame would exceed the limit; it was not queued.
        """
        if self.size + len(frame) > self._limit:
            raise SlowPeer
        self._frames.append(frame)
        self.size += len(frame)

    def signal(self, key: object, frame: bytes) -> bool:
        """Queue the newest signal of its `key`, or drop it if the peer lags behind.

        Return whether it was queued.
        """
        if not self.low:
            return False
        self._signals[key] = frame
        return True

    def next(self) -> bytes | None:
        """Return what to send now; what was returned before has been sent."""
        self.size -= self._under_way
        self._under_way = 0
        if self._frames:
            frame = self._frames.popleft()
            self._under_way = len(frame)
            return frame
        if self._signals:
            return self._signals.pop(next(iter(self._signals)))
        return None

    def cut(self) -> None:
        """Drop all but the frame that is under way, which counts no longer.

        What is offered after it are last words: they have to fit.
        """
        self._signals.clear()
        self._frames.clear()
        self.size = self._under_way = 0
