"""What follows an upgrade: frames right and wrong, with requests that make no sense."""

import json
from random import Random
from typing import Any, get_args

import msgpack

from broker.wire.frames import ClientFrame
from tests.wire.joined import (
    BINARY,
    CLOSE,
    CONT,
    NOT_FINAL,
    PING,
    PONG,
    TEXT,
    header,
    masked,
)

OPERATIONS: list[tuple[str, tuple[str, ...]]] = [
    (str(kind.__struct_config__.tag), kind.__struct_fields__)
    for kind in get_args(ClientFrame)
]
"""Every operation there is, with its fields."""
SCALARS: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**53,
    2**63 - 1,
    -(2**63),
    2**64 - 1,
    0.5,
    float("nan"),
    float("inf"),
    -0.0,
    "",
    "x",
    "zażółć 😀",
    "\x00",
    "\u202e",
    "x" * 65,
    "x" * 9000,
    "default",
    "open",
    "agent:ann",
)
BOMBS = (
    b"\x90" * 60_000,
    b"\x81" * 60_000,
    b"\x81\xa1a" * 20_000,
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff" + b"\xa1a\x01" * 100,
    b"\xdb\xff\xff\xff\xff" + b"x" * 100,
    b"\xc9\xff\xff\xff\xff\x01",
    b"\xd4\xff\x00",
    b"\xc1",
    b"\x82\xa2op\xa3bye\xa2op\xa3bye",
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"op":"hello","id":"h","x":' + b"[" * 50_000 + b"]" * 10_000 + b"}",
    b'{"op":"bye","id":"' + b"\\ud800" * 10_000 + b'"}',
    b'{"op":"hello","id":"h","token":"' + b"x" * 60_000 + b'"}',
    b'{"op":"hello","id":"h","n":' + b"9" * 60_000 + b"}",
    b'{"op":"hello","id":"h","n":1e999999}',
    b'{"op":"hello","id":"h","n":NaN}',
    b"{" + b'"a":1,' * 10_000 + b'"op":"hello","id":"h"}',
    b"\xef\xbb\xbf{}",
    b"",
)
"""Payloads that cost a careless decoder much time, much memory, or its stack."""


class Speaker:
    """Makes up what one client says."""

    def __init__(self, chance: Random, tokens: list[str], chats: list[str]) -> None:
        self._chance = chance
        self._tokens = tokens
        self._chats = chats
        self._text = True

    def begin(self, *, text: bool) -> list[bytes]:
        """Begin a connection; return the frames of a hello, most of the time."""
        self._text = text
        chance = self._chance
        if chance.random() < 0.15:
            return []
        hello = {"op": "hello", "id": "h"}
        if chance.random() < 0.7:
            hello["token"] = chance.choice(self._tokens)
        return [self._framed(self._packed(hello))]

    def frame(self) -> bytes:
        """Return the bytes of one frame more, or of what looks like one."""
        chance = self._chance
        which = chance.random()
        if which < 0.5:
            return self._framed(self._packed(self._request()))
        if which < 0.65:
            return self._framed(self._damaged(self._packed(self._request())))
        if which < 0.7:
            return self._framed(chance.choice(BOMBS))
        if which < 0.8:
            return self._control()
        if which < 0.9:
            return self._fragmented()
        return self._wrong()

    def _request(self) -> dict[str, Any]:
        chance = self._chance
        operation, names = chance.choice(OPERATIONS)
        said: dict[str, Any] = {"op": operation, "id": f"f{chance.randrange(10**6)}"}
        for name in names:
            if name == "chat" and chance.random() < 0.7:
                said[name] = chance.choice(self._chats)
            elif chance.random() < 0.7:
                said[name] = self._value(3)
        if chance.random() < 0.1:
            said[chance.choice(("op", "id", "x"))] = self._value(3)
        return said

    def _value(self, depth: int) -> object:
        chance = self._chance
        if depth == 0 or chance.random() < 0.8:
            return chance.choice(SCALARS)
        values = [self._value(depth - 1) for _ in range(chance.randrange(4))]
        if chance.random() < 0.5:
            return values
        return {f"k{number}": value for number, value in enumerate(values)}

    def _packed(self, said: dict[str, Any]) -> bytes:
        if self._text:
            return json.dumps(said, ensure_ascii=self._chance.random() < 0.5).encode()
        packed: bytes = msgpack.packb(said)
        return packed

    def _damaged(self, payload: bytes) -> bytes:
        chance, damaged = self._chance, bytearray(payload)
        for _ in range(chance.choice((1, 1, 3))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.2:
            del damaged[chance.randrange(len(damaged)) :]
        return bytes(damaged)

    def _framed(self, payload: bytes) -> bytes:
        return masked(TEXT if self._text else BINARY, payload)

    def _control(self) -> bytes:
        chance = self._chance
        opcode = chance.choice((PING, PING, PONG, CLOSE, 0x8B, 0x8F))
        size = chance.choice((0, 1, 2, 125, 126))
        payload = chance.randbytes(size)
        if opcode == CLOSE and chance.random() < 0.7:
            code = chance.choice((0, 999, 1000, 1001, 1005, 1006, 2999, 4999, 65535))
            payload = code.to_bytes(2) + payload[:100]
        return masked(opcode, payload)

    def _fragmented(self) -> bytes:
        chance = self._chance
        payload = self._packed(self._request())
        size = chance.choice((1, 7, 50, len(payload)))
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
        pieces = pieces[: chance.choice((3, 70, 200))]
        first = (TEXT if self._text else BINARY) & NOT_FINAL
        frames = [masked(first, pieces[0])]
        frames += [masked(CONT & NOT_FINAL, piece) for piece in pieces[1:]]
        if chance.random() < 0.5:
            frames.insert(chance.randrange(len(frames)), masked(PING, b"!"))
        if chance.random() < 0.8:
            frames.append(masked(CONT))
        return b"".join(frames)

    def _wrong(self) -> bytes:
        chance = self._chance
        first = chance.randrange(256)
        size = chance.choice((0, 1, 125, 126, 65_535, 65_536, 65_537, 2**31, 2**62))
        width = chance.choice((None, 2, 8)) if size < 65_536 else 8
        begin = header(first, size, width=width, mask=chance.choice((0, 0x80, 0x80)))
        return begin + chance.randbytes(chance.randrange(200))
