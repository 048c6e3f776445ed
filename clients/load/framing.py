"""WebSocket from the client's side, without sockets, at the least cost.

A load generator must be lighter than what it loads: wsproto takes 10-40 us a frame. Our
frames carry the mask zero, which is one like any other to the server, and leaves their
bytes as they are.
"""

from base64 import b64encode
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from broker.wire.codec import BY_NAME, JSON, SUBPROTOCOLS, Codec
from broker.wire.framing import BINARY, TEXT

CLOSE, PING, PONG = 0x88, 0x89, 0x8A
LARGEST = 16 * 1024 * 1024
"""Bytes of a server's frame past which it is taken for nonsense."""
LONGEST_HEAD = 16 * 1024
"""Bytes of the answer to an upgrade, likewise."""

_CONTINUED, _FINAL = 0x00, 0x80
_MASKED, _MEDIUM, _LONG = 0x80, 126, 127
_NO_MASK = bytes(4)
_NO_CODE = 1005
_SWITCHING = b"HTTP/1.1 101"
_HEADERS = {
    first: [bytes((first, _MASKED | size)) + _NO_MASK for size in range(_MEDIUM)]
    for first in (TEXT, BINARY, CLOSE, PING, PONG)
}
_medium = Struct("!BBH4x").pack
_long = Struct("!BBQ4x").pack


class NotServed(Exception):
    """What answers is no server of ours; the message is what it said."""


class Message(NamedTuple):
    """A whole message or control frame of the server's."""

    first: int
    """`TEXT`, `BINARY`, `CLOSE`, `PING` or `PONG`."""
    payload: bytes

    @property
    def code(self) -> int:
        """The code of a `CLOSE`."""
        return int.from_bytes(self.payload[:2]) if self.payload else _NO_CODE


def frame(first: int, payload: bytes) -> bytes:
    """Return `payload` as one frame of a client's."""
    size = len(payload)
    if size < _MEDIUM:
        return _HEADERS[first][size] + payload
    if size < 1 << 16:
        return _medium(first, _MASKED | _MEDIUM, size) + payload
    return _long(first, _MASKED | _LONG, size) + payload


def upgrade(host: str, path: str, key: bytes) -> bytes:
    """Return the request that begins a connection; `key` has 16 bytes."""
    offered = ", ".join(SUBPROTOCOLS)
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {b64encode(key).decode()}\r\n"
        f"Sec-WebSocket-Protocol: {offered}\r\n\r\n"
    ).encode()


def upgraded(head: bytes) -> Codec:
    """Return what is spoken from now on; `head` ends with an empty line.

    Raises:
        NotServed: it is no WebSocket, or none that speaks as we do.
    """
    if not head.startswith(_SWITCHING):
        raise NotServed(head.partition(b"\r\n")[0].decode(errors="replace")[:100])
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "sec-websocket-protocol":
            codec = BY_NAME.get(value.strip())
            if codec is None:
                raise NotServed(f"it chose the subprotocol {value.strip()!r}")
            return codec.unframed
    # A server that names none speaks what people can read.
    return JSON.unframed


class Frames:
    """Bytes of a server in, messages out."""

    __slots__ = ("_parts", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._parts: list[bytes] | None = None
        """The first byte and the pieces of a message that is not complete yet."""

    def feed(self, received: bytes) -> Iterator[Message]:
        """Yield what is complete now.

        Raises:
            NotServed: it is no frame.
        """
        buffered = self._rest + received if self._rest else received
        at, size = 0, len(buffered)
        while size - at >= 2:  # noqa: PLR2004  # the shortest frame
            length, start = buffered[at + 1], at + 2
            if length >= _MEDIUM:
                wide = 2 if length == _MEDIUM else 8
                if size < start + wide:
                    break
                length = int.from_bytes(buffered[start : start + wide])
                start += wide
                if length > LARGEST:
                    raise NotServed(f"it announced a frame of {length} bytes")
            end = start + length
            if end > size:
                break
            first, at = buffered[at], end
            payload = buffered[start:end]
            if self._parts is None and first & _FINAL:
                yield Message(first, payload)
            else:
                yield from self._joined(first, payload)
        self._rest = buffered[at:]

    def _joined(self, first: int, payload: bytes) -> Iterator[Message]:
        """Take a fragment, or a control frame between two."""
        if first >= CLOSE:
            yield Message(first, payload)
            return
        if self._parts is None:
            self._parts = [bytes((first | _FINAL,))]
        elif first & ~_FINAL != _CONTINUED:
            raise NotServed("it began a message within another")
        self._parts.append(payload)
        if first & _FINAL:
            (kind, *pieces), self._parts = self._parts, None
            yield Message(kind[0], b"".join(pieces))
