"""The NATS client protocol: bytes to what a server says, and back; no input or output.

Source: the published protocol of NATS (docs.nats.io, "NATS Client Protocol"), with
headers (ADR-4) and JetStream's statuses in them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

MAX_LINE = 64 * 1024
"""Bytes of a control line; a server's INFO with hundreds of addresses has a tenth."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes of headers and payload, which is what a server can be set to at most."""
VERSION = b"NATS/1.0"
NO_HEADERS: Mapping[str, str] = {}


class ProtocolError(Exception):
    """What came is not the protocol: the connection is of no more use."""


class Message(NamedTuple):
    """What was published to a subject that we have subscribed to."""

    subject: str
    sid: int
    reply: str
    """Where an answer goes; empty if none is wanted."""
    headers: Mapping[str, str]
    data: bytes
    status: int = 0
    """Of JetStream's and of "nobody there" (503); 0 if it is an ordinary message."""


class Info(msgspec.Struct, frozen=True):
    """What a server says of itself, first and whenever it changes."""

    server_name: str = ""
    version: str = ""
    headers: bool = False
    max_payload: int = 1024 * 1024
    tls_required: bool = False
    tls_available: bool = False
    auth_required: bool = False
    nonce: str = ""
    """To be signed, by those who come with a key."""
    connect_urls: tuple[str, ...] = ()
    """Addresses of the cluster's servers."""
    ldm: bool = False
    """Whether it is about to go: others should be asked from now on."""


class Ping:
    """It wants a pong."""


class Pong:
    """It answers a ping; everything sent before that has been taken."""


class Failure(NamedTuple):
    """What it refuses; most close the connection."""

    reason: str


Said = Message | Info | Ping | Pong | Failure
PING, PONG = Ping(), Pong()

_info = msgspec.json.Decoder(Info)


class Parser:
    """Takes bytes as they come; yields what is whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[Said]:
        """Yield what `received` makes whole, in order; take all of it before the next.

        Raises:
            ProtocolError: what came is not the protocol.
        """
        buffer = self._buffer
        buffer += received
        begin = 0
        try:
            while (end := buffer.find(b"\r\n", begin, begin + MAX_LINE)) >= 0:
                line = bytes(buffer[begin:end])
                body = _sizes(line)
                if body is None:
                    begin = end + 2
                    said = _control(line)
                    if said is not None:
                        yield said
                    continue
                after = end + 2 + body[1]
                if len(buffer) < after + 2:
                    break
                if bytes(buffer[after : after + 2]) != b"\r\n":
                    raise ProtocolError("a message is longer than it says")
                begin = after + 2
                yield _message(line, body[0], bytes(buffer[end + 2 : after]))
            if len(buffer) - begin > MAX_LINE + MAX_BODY:
                raise ProtocolError("a line without an end")
        finally:
            del buffer[:begin]


def _sizes(line: bytes) -> tuple[int, int] | None:
    """Return how many bytes of headers, and of all, follow; `None` if it is no message.

    Raises:
        ProtocolError: they are no numbers, or more than anybody may send.
    """
    if line[:4] == b"MSG ":
        words, heads = line.split(b" "), b"0"
    elif line[:5] == b"HMSG ":
        words = line.split(b" ")
        heads = words[-2]
    else:
        return None
    try:
        sizes = int(heads), int(words[-1])
    except ValueError as error:
        raise ProtocolError(f"no sizes: {line[:80]!r}") from error
    if not 0 <= sizes[0] <= sizes[1] <= MAX_BODY:
        raise ProtocolError(f"impossible sizes: {line[:80]!r}")
    return sizes


def _control(line: bytes) -> Said | None:
    word = line[:5].upper()
    if word == b"INFO ":
        try:
            return _info.decode(line[5:])
        except msgspec.DecodeError as error:
            raise ProtocolError(f"a server that cannot be read: {error}") from error
    if word == b"PING":
        return PING
    if word == b"PONG":
        return PONG
    if word == b"-ERR ":
        return Failure(line[5:].decode(errors="replace").strip(" '"))
    if word[:3] == b"+OK":
        return None
    raise ProtocolError(f"not the protocol: {line[:80]!r}")


def _message(line: bytes, heads: int, body: bytes) -> Message:
    words = line.split(b" ")
    # `HMSG` has one number more.
    replied = len(words) == (6 if line[:1] == b"H" else 5)
    try:
        subject, sid = words[1].decode(), int(words[2])
        reply = words[3].decode() if replied else ""
        if not heads:
            return Message(subject, sid, reply, NO_HEADERS, body)
        status, found = read_headers(body[:heads])
    except (ValueError, IndexError) as error:
        raise ProtocolError(f"not a message: {line[:80]!r}") from error
    return Message(subject, sid, reply, found, body[heads:], status)


def read_headers(block: bytes) -> tuple[int, Mapping[str, str]]:
    """Return the status, or 0, and the headers of a block of them.

    Raises:
        ProtocolError: it is no such block.
    """
    first, *lines = block.decode(errors="replace").split("\r\n")
    if not first.startswith(VERSION.decode()):
        raise ProtocolError(f"headers of another kind: {first[:80]!r}")
    status = first[len(VERSION) :].split(maxsplit=1)
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            found[name] = value.strip()
    if len(status) > 1:
        found["Description"] = status[1]
    return int(status[0]) if status else 0, found


# What a client says.


def connect(options: Mapping[str, object]) -> bytes:
    """Return what a client says first, who it is."""
    return b"CONNECT " + json.dumps(options).encode() + b"\r\n"


def publish(
    subject: str, data: bytes, reply: str = "", headers: Mapping[str, str] = NO_HEADERS
) -> bytes:
    """Return a message; `headers` must be of one line each.

    Raises:
        ValueError: a subject or a header would break out of its line.
    """
    target = f"{_word(subject)} {_word(reply)} " if reply else f"{_word(subject)} "
    if not headers:
        return b"PUB %b%d\r\n%b\r\n" % (target.encode(), len(data), data)
    lines = "".join(f"{_line(name)}: {_line(headers[name])}\r\n" for name in headers)
    block = VERSION + b"\r\n" + lines.encode() + b"\r\n"
    sizes = len(block), len(block) + len(data)
    return b"HPUB %b%d %d\r\n%b%b\r\n" % (target.encode(), *sizes, block, data)


def subscribe(subject: str, sid: int) -> bytes:
    """Return a wish to have what is published to `subject`, under the number `sid`.

    Raises:
        ValueError: the subject would break out of its line.
    """
    return f"SUB {_word(subject)} {sid}\r\n".encode()


def unsubscribe(sid: int) -> bytes:
    """Return that nothing more is wanted under the number `sid`."""
    return b"UNSUB %d\r\n" % sid


def _word(subject: str) -> str:
    if not subject or any(letter.isspace() for letter in subject):
        raise ValueError(f"not a subject: {subject!r}")
    return subject


def _line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise ValueError(f"a header of two lines: {text!r}")
    return text
