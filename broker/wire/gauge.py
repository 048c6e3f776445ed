"""Limits on what a client sends, held by the headers of its frames alone.

For a transport that takes frames apart by itself and knows other limits than `Framer`:
trio-websocket counts characters for bytes and empty fragments not at all, and takes in
what was announced up to its own limit before it says that it is too much.
"""

from collections.abc import Iterator

from broker.wire.errors import Close
from broker.wire.framing import (
    BINARY,
    FRAGMENTS,
    FRAME_BYTES,
    TEXT,
    announced_too_much,
    close_frame,
)

_FINAL, _OPCODE, _CONTROL, _MASKED = 0x80, 0x0F, 0x08, 0x80
_CLOSING = 0x08
_WIDE = {126: 2, 127: 8}
"""Bytes of a longer length, by what stands in place of a short one."""
_NO_MASK = bytes(4)
"""A mask that changes nothing."""


def _said_by_client(frame: bytes) -> bytes:
    """Return a short frame as a client would send it."""
    return bytes((frame[0], frame[1] | _MASKED)) + _NO_MASK + frame[2:]


_TOO_BIG = _said_by_client(close_frame(Close.TOO_BIG))
_WRONG_TYPE = _said_by_client(close_frame(Close.WRONG_TYPE))


class Gauge:
    """Bytes of one client in, the same bytes out as long as they are within limits.

    In place of a frame that is not comes a goodbye with code 1009, as if the client had
    sent it: whoever reads on answers with the same, after all that was said before. So
    it is with a message of the other type than `opcode`, and code 1003.

    Frames come out one by one: what is done about one is done before the next is seen.
    """

    __slots__ = (
        "_count",
        "_fragments",
        "_frame_bytes",
        "_header",
        "_left",
        "_other",
        "_passes",
        "_size",
        "_within",
        "goodbyes_only",
        "met",
    )

    def __init__(
        self,
        opcode: int | None,
        *,
        frame_bytes: int = FRAME_BYTES,
        fragments: int = FRAGMENTS,
    ) -> None:
        self._other = {TEXT: BINARY & _OPCODE, BINARY: TEXT & _OPCODE}.get(opcode or 0)
        """The opcode that is refused."""
        self._frame_bytes = frame_bytes
        self._fragments = fragments
        self._header: bytearray | None = bytearray()
        """What has come of a header, held back until it is whole; `None`: over."""
        self._left = 0
        """Bytes of the present frame that are still to come, its mask included."""
        self._size = 0
        """Bytes of the present message, all its fragments together."""
        self._count = 0
        self._within = False
        """Whether a message has begun that is not complete."""
        self._passes = True
        """Whether the present frame comes out."""
        self.met = ""
        """The name of the limit because of which it is over."""
        self.goodbyes_only = False
        """Set by one who has said goodbye, and is to hear of nothing else."""

    def admit(self, data: bytes) -> Iterator[bytes]:
        """Yield what of `data` may be read, a frame at a time or a part of one."""
        at = 0
        while at < len(data) and self._header is not None:
            piece = b""
            if not self._left:
                wanted = _size_of_header(self._header) - len(self._header)
                self._header += data[at : at + wanted]
                at += wanted
                if len(self._header) < _size_of_header(self._header):
                    continue
                piece = self._judged(bytes(self._header))
            payload = data[at : at + self._left]
            self._left -= len(payload)
            at += len(payload)
            if self._passes:
                yield piece + payload

    def _judged(self, header: bytes) -> bytes:
        """Return a whole header, or what comes in its place."""
        wide = _WIDE.get(header[1] & ~_MASKED)
        length = int.from_bytes(header[2:]) if wide else header[1] & ~_MASKED
        over, wrong = length > self._frame_bytes, False
        opcode = header[0] & _OPCODE
        # One message within another, or the rest of none, is for the reader to refuse.
        if opcode < _CONTROL and (opcode == 0) == self._within:
            self._size = length + (self._size if self._within else 0)
            self._count = 1 + (self._count if self._within else 0)
            self._within = header[0] < _FINAL
            over = self._size > self._frame_bytes or self._count > self._fragments
            wrong = opcode == self._other
        if (over or wrong) and announced_too_much(header).code == Close.TOO_BIG:
            self._header = None
            if over:
                large = max(length, self._size) > self._frame_bytes
                self.met = "frame_bytes" if large else "fragments"
            return _TOO_BIG if over else _WRONG_TYPE
        self._header = bytearray()
        self._passes = opcode == _CLOSING or not self.goodbyes_only
        self._left = length + (len(_NO_MASK) if header[1] & _MASKED else 0)
        return header


def _size_of_header(begin: bytes | bytearray) -> int:
    """Return how long a header is, without its mask, as far as its `begin` tells."""
    return 2 + (_WIDE.get(begin[1] & ~_MASKED, 0) if len(begin) > 1 else 0)
