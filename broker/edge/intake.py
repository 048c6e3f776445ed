"""How much is read of one connection: so many frames and bytes a second (F57).

Over it a connection is not read for as long as needed: its peer waits in TCP, and
nothing is lost. One that has more to say whenever it is read again, for seconds, is
flooding. Whole seconds of the keepalive are clock enough for that, and cost no call.
"""

from typing import NamedTuple

BURST_S = 4
"""Seconds of the rate that may come at once."""
ABUSE_S = 3
"""Seconds of being over after which a connection is closed."""

TURN = 100
"""Frames of one connection that are acted on in a turn, a millisecond or two: what
else came with them waits for the others."""
ASKED, FLOODED, BUSY = 1, 2, 4
"""Why nothing is read of a connection: its peer waits for somebody, it has said too
much, or there is more of what has been read."""
DEAF = 8
"""Beside these: something has come meanwhile, so that the reactor knows it, too. Most
say nothing while they wait for an answer, and two system calls are spared."""


class IntakeRate(NamedTuple):
    """What a connection may say in a second."""

    frames: float
    bytes: float


class Intake:
    """Of one connection; it is made when something is read, and dropped in a pause."""

    __slots__ = ("_bytes_at", "_eased", "_frames_at", "_rate", "_since")

    def __init__(self, rate: IntakeRate) -> None:
        self._rate = rate
        self._frames_at = self._bytes_at = 0.0
        """When each is as it was before anything was said, as in `limits`."""
        self._since = 0
        """When it began to be over, with no more than a second in which it was not."""
        self._eased = -BURST_S
        """When it was last let go on."""

    def spend(self, frames: int, size: int, now: int) -> bool:
        """Count what was read; return whether that was too much."""
        was_over = self.over(now)
        rate = self._rate
        self._frames_at = max(self._frames_at, now) + frames / rate.frames
        self._bytes_at = max(self._bytes_at, now) + size / rate.bytes
        over = self.over(now)
        if over and not was_over and now - self._eased > 1:
            self._since = now
        return over

    def over(self, now: int) -> bool:
        """Return whether nothing is to be read now."""
        return max(self._frames_at, self._bytes_at) > now + BURST_S

    @property
    def limit(self) -> str:
        """The name of what there is more of."""
        return "conn_bytes" if self._bytes_at > self._frames_at else "conn_frames"

    def ease(self, now: int) -> bool:
        """Return whether to go on reading."""
        if self.over(now):
            return False
        self._eased = now
        return True

    def floods(self, now: int) -> bool:
        """Return whether it has been too much for too long."""
        # Whole seconds: so many have surely passed when the difference is one more.
        return now - self._since > ABUSE_S

    def forgotten(self, now: int) -> bool:
        """Return whether a new one would be the same."""
        return max(self._frames_at, self._bytes_at, self._eased + 1) < now
