"""Client frames as bytes, and two ends joined in memory."""

from collections.abc import Iterable
from itertools import pairwise

from websockets.speedups import apply_mask
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from broker.wire.framing import Framer, Goodbye

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A
NOT_FINAL = 0x7F
MASK = b"\x12\x34\x56\x78"


def header(
    first: int, size: int, *, width: int | None = None, mask: int = 0x80
) -> bytes:
    """Return the begin of a frame; `width` makes its length wider than it need be."""
    if width is None:
        width = 0 if size < 126 else 2 if size < 1 << 16 else 8
    if width == 0:
        return bytes((first, mask | size))
    return bytes((first, mask | (126 if width == 2 else 127))) + size.to_bytes(width)


def masked(first: int, payload: bytes = b"", *, width: int | None = None) -> bytes:
    """Return a frame as a client sends it."""
    return header(first, len(payload), width=width) + MASK + apply_mask(payload, MASK)


class Heard:
    """What a framer made of some bytes."""

    def __init__(self, framer: Framer) -> None:
        self.framer = framer
        self.messages: list[bytes] = []
        self.replies: list[bytes] = []
        self.ended: int | None = None
        self.last = b""

    def feed(self, chunks: Iterable[bytes]) -> "Heard":
        """Feed it until it says goodbye."""
        for chunk in chunks:
            if self.ended is None:
                self._feed(chunk)
        return self

    def _feed(self, chunk: bytes) -> None:
        try:
            self.messages.extend(self.framer.feed(chunk, self.replies.append))
        except Goodbye as goodbye:
            self.ended, self.last = goodbye.code, goodbye.last

    def seen(self) -> tuple[list[bytes], list[bytes], int | None, bytes]:
        """Return all of it, for comparing."""
        return self.messages, self.replies, self.ended, self.last


class Reference:
    """wsproto alone, doing what a `Framer` is for."""

    def __init__(self, opcode: int) -> None:
        self.connection = Connection(ConnectionType.SERVER)
        self.opcode = opcode
        self.messages: list[bytes] = []
        self.replies: list[bytes] = []
        self.ended: int | None = None
        self._parts: list[bytes] = []

    def feed(self, chunks: Iterable[bytes]) -> "Reference":
        """Feed it until it closes."""
        for chunk in chunks:
            if self.ended is None:
                self.connection.receive_data(chunk)
                for event in self.connection.events():
                    self._take(event)
        return self

    def _take(self, event: Event) -> None:
        if self.ended is not None:
            return
        if isinstance(event, CloseConnection):
            self.ended = event.code
        elif isinstance(event, Ping):
            self.replies.append(self.connection.send(event.response()))
        elif isinstance(event, TextMessage | BytesMessage):
            self._collect(event)

    def _collect(self, event: TextMessage | BytesMessage) -> None:
        data = event.data
        if isinstance(event, TextMessage) != (self.opcode == TEXT):
            self.ended = 1003
            return
        self._parts.append(data.encode() if isinstance(data, str) else bytes(data))
        if event.message_finished:
            self.messages.append(b"".join(self._parts))
            self._parts = []


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Return `data` in pieces that end at `places`."""
    ends = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(ends)]
