"""RFC 6455 framing without sockets: a short path for nearly every frame, and wsproto.

A wsproto connection costs 10-40 us a frame and some KiB while it lives. So a `Framer`
takes complete, final, masked data frames apart itself, and makes a wsproto connection
only for the length of anything else: a control frame, or a fragmented message. That one
is fed exactly one whole frame at a time through its public interface, and dropped as
soon as nothing is pending.
"""

from collections.abc import Callable, Iterator
from struct import Struct

from websockets.speedups import apply_mask
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from broker.wire.errors import Close

TEXT, BINARY = 0x81, 0x82
"""First bytes of final, unfragmented data frames."""
FRAME_BYTES = 64 * 1024
"""Bytes of one frame, and of one message; images go by HTTP. Past it: 1009."""
FRAGMENTS = 64
"""Frames of one message. Empty ones count: they cost as much as full ones."""

_WHOLE = bytes((TEXT, BINARY))
_CLOSE, _PING, _PONG = 0x88, 0x89, 0x8A
_MASKED = 0x80
"""Second byte: the mask's bit, and under it a length up to 125, or where it stands."""
_SHORTEST, _LONGEST_SHORT, _MEDIUM, _LONG = 2, 125, 126, 127
_NARROWER = {2: _LONGEST_SHORT, 8: 0xFFFF}
"""What the next narrower form of a length would have had room for."""
_MAX_REASON = 123
"""Bytes left for words in a close frame."""
_NO_CODE = 1005
"""Stands for a close frame without a code, and is never sent."""

_SHORT_HEADERS = {
    first: [bytes((first, size)) for size in range(_MEDIUM)]
    for first in (TEXT, BINARY, _CLOSE, _PING, _PONG)
}
_MEDIUM_HEADER = Struct("!BBH").pack
_LONG_HEADER = Struct("!BBQ").pack


def frame(first: int, payload: bytes) -> bytes:
    """Return `payload` as one unmasked frame; `first` is `TEXT` or `BINARY`."""
    size = len(payload)
    if size < _MEDIUM:
        return _SHORT_HEADERS[first][size] + payload
    if size < 1 << 16:
        return _MEDIUM_HEADER(first, _MEDIUM, size) + payload
    return _LONG_HEADER(first, _LONG, size) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """Return a close frame; a `reason` over 123 bytes is cut between characters."""
    words = reason.encode()[:_MAX_REASON].decode(errors="ignore").encode()
    return frame(_CLOSE, code.to_bytes(2) + words)


def ping_frame(payload: bytes = b"") -> bytes:
    """Return a ping with at most 125 bytes of `payload`."""
    return frame(_PING, payload)


class Goodbye(Exception):  # it is not always an error
    """The connection is over; `last` is what remains to be sent."""

    def __init__(self, code: int, last: bytes, limit: str = "") -> None:
        super().__init__(code)
        self.code = code
        """The peer's close code (1005: it gave none), or why we hang up."""
        self.limit = limit
        """The name of what there was too much of, if that is why."""
        self.last = last


def announced_too_much(header: bytes) -> Goodbye:
    """Return how to end a connection because of a frame's header.

    It says too much (1009), unless something else is wrong with it too.
    """
    try:
        _check(header)
    except Goodbye as goodbye:
        return goodbye
    return _refused(Close.TOO_BIG, "frame_bytes")


class Framer:
    """Bytes of one client in, payloads of messages out.

    It may be dropped at any time; after a `Goodbye` it must not be fed again.
    """

    __slots__ = (
        "_either",
        "_fragments",
        "_frame_bytes",
        "_need",
        "_partial",
        "_rest",
        "frames",
        "opcode",
    )

    def __init__(
        self,
        opcode: int,
        *,
        frame_bytes: int = FRAME_BYTES,
        fragments: int = FRAGMENTS,
        either: bool = False,
    ) -> None:
        self.opcode = opcode
        """Of the messages that are taken, or of the last one if it takes `either`."""
        self.frames = 0
        """How many have come, of any kind; its owner may begin to count anew."""
        self._either = either
        self._frame_bytes = frame_bytes
        self._fragments = fragments
        self._rest: bytes | bytearray = b""
        """Begin of a frame that is not complete yet; it grows without being copied."""
        self._need = 0
        """Bytes that `_rest` must have before it is worth looking at again."""
        self._partial: _Partial | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing half-received is kept."""
        return not self._rest and self._partial is None

    def feed(self, data: bytes, reply: Callable[[bytes], None]) -> Iterator[bytes]:
        """Yield the messages now complete; frames to answer with go to `reply`.

        Raises:
            Goodbye: after the last good message, if the peer closed or broke the rules.
        """
        if self._rest:
            data = self._joined(data)
        size, at, first, either = len(data), 0, self.opcode, self._either
        need = _SHORTEST
        while size - at >= _SHORTEST:
            if either and data[at] in _WHOLE:
                first = self.opcode = data[at]
            length = data[at + 1]
            masked = length >= _MASKED
            if masked:
                length -= _MASKED
            start = at + 6 if masked else at + 2
            plain = masked and data[at] == first
            if length > _LONGEST_SHORT:
                wide = 2 if length == _MEDIUM else 8
                start += wide
                need = 2 + wide
                if size - at < need:
                    break
                length = int.from_bytes(data[at + 2 : at + 2 + wide])
                # A length must not be wider than it needs to be.
                plain = plain and length > _NARROWER[wide]
            if length > self._frame_bytes:
                raise announced_too_much(data[at:start])
            end = start + length
            if end > size:
                need = end - at
                if not plain and start > size:
                    need = start - at
                elif not plain:
                    _check(data[at:start])
                break
            self.frames += 1
            if plain and self._partial is None:
                payload = apply_mask(data[start:end], data[start - 4 : start])
                if first == TEXT and not payload.isascii():
                    _check_text(payload)
                yield payload
            else:
                yield from self._take(data[at:end], length, reply)
            at = end
            need = _SHORTEST
        if at < size:
            self._rest = bytearray(data[at:])
            self._need = need

    def _joined(self, data: bytes) -> bytes:
        """Return what was kept and `data`, or nothing while that is too little."""
        rest = self._rest
        rest += data
        if len(rest) < self._need:
            return b""
        self._rest = b""
        return bytes(rest)

    def _take(
        self, whole: bytes, length: int, reply: Callable[[bytes], None]
    ) -> Iterator[bytes]:
        """Give one whole frame to wsproto."""
        if _MASKED <= whole[1] <= _MASKED + _LONGEST_SHORT:
            if whole[0] == _PONG:
                # Every client sends one every 20 s, and nothing in it is of interest.
                return
            if whole[0] == _PING:
                # Cheap to send, so cheap to answer: 2,700 of them fit in one read.
                reply(frame(_PONG, apply_mask(whole[6:], whole[2:6])))
                return
        partial = self._partial or _Partial()
        for event in partial.receive(whole):
            if isinstance(event, Ping):
                reply(frame(_PONG, bytes(event.payload)))
            elif isinstance(event, CloseConnection):
                raise _closed(event.code)
            elif isinstance(event, TextMessage | BytesMessage):
                yield from self._collect(partial, event, length)

    def _collect(
        self, partial: "_Partial", event: TextMessage | BytesMessage, length: int
    ) -> Iterator[bytes]:
        opcode = TEXT if isinstance(event, TextMessage) else BINARY
        if self._either:
            self.opcode = opcode
        elif opcode != self.opcode:
            raise _refused(Close.WRONG_TYPE)
        partial.size += length
        partial.count += 1
        if partial.size > self._frame_bytes or partial.count > self._fragments:
            large = partial.size > self._frame_bytes
            raise _refused(Close.TOO_BIG, "frame_bytes" if large else "fragments")
        data = event.data
        partial.parts.append(data.encode() if isinstance(data, str) else bytes(data))
        if event.message_finished:
            self._partial = None
            yield b"".join(partial.parts)
        else:
            self._partial = partial


class _Partial:
    """A wsproto connection, and what came of a fragmented message so far."""

    __slots__ = ("connection", "count", "parts", "size")

    def __init__(self) -> None:
        self.connection = Connection(ConnectionType.SERVER)
        self.parts: list[bytes] = []
        self.size = 0
        """Bytes of all fragments' payloads."""
        self.count = 0

    def receive(self, data: bytes) -> Iterator[Event]:
        self.connection.receive_data(data)
        return self.connection.events()


def _check(header: bytes) -> None:
    """Raise a `Goodbye` for a wrong header, before its payload is waited for."""
    for event in _Partial().receive(header):
        if isinstance(event, CloseConnection):
            raise _closed(event.code)


def _check_text(payload: bytes) -> None:
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise _refused(Close.BAD_TEXT) from None


def _closed(code: int) -> Goodbye:
    """Return the answer to a peer's close, or to what wsproto wants closed."""
    if code == _NO_CODE:
        return Goodbye(code, frame(_CLOSE, b""))
    return Goodbye(code, close_frame(code))


def _refused(code: Close, limit: str = "") -> Goodbye:
    return Goodbye(code, close_frame(code), limit)
