"""The first bytes of a connection, until it is known what it asks for, and who asks."""

import msgspec

from broker.edge.admission import Admission
from broker.wire.proxied import BadPreamble, preamble
from broker.wire.upgrade import Refused, refused

HEAD_END = b"\r\n\r\n"


class HeadLimits(msgspec.Struct, frozen=True):
    """What a connection may take up before it is let in."""

    head_bytes: int
    head_s: float
    hello_s: float
    admission: Admission


class Opening:
    """Collects the head of a request; before it, a proxy may say for whom it asks."""

    __slots__ = ("_limits", "_may_be_told", "address", "received")

    def __init__(self, address: str, limits: HeadLimits) -> None:
        self.address = address
        """Of the peer, or what a proxy of ours has said in its place."""
        self.received = b""
        """What has come of the request, and of what follows it."""
        self._limits = limits
        self._may_be_told = limits.admission.addresses.may_tell(address)

    def take(self, data: bytes) -> int | Refused | None:
        """Return how long the head is, why it is none, or `None` to wait for more."""
        # Only the seam can hold an end that was not there before.
        seam = max(0, len(self.received) - len(HEAD_END) + 1)
        self.received += data
        if self._may_be_told:
            try:
                told = preamble(self.received)
            except BadPreamble:
                return refused(400)
            if told is None:
                return None
            self._may_be_told, seam = False, 0
            self.received = self.received[told.size :]
            self.address = told.address or self.address
        limit = self._limits.head_bytes
        end = self.received.find(HEAD_END, seam) + len(HEAD_END)
        if len(HEAD_END) <= end <= limit:
            return end
        if end > limit or len(self.received) >= limit:
            self._limits.admission.met("head_bytes")
            return refused(431)
        return None
