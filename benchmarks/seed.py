"""Makes thousands of chats through the front door, as fast as the broker takes them.

Waves of plain sockets: each wave connects, says hello and starts its chats together, so
that neither side waits for the other. The chats are real: a shopper's token, an opening
message, whatever the shop's settings add, and an agent's answer if one is wanted.
"""

import itertools
import socket
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jwt
import msgspec

from actors.ids import ChatId
from broker.wire.frames import ChatStart, FromClient, Hello, MsgSend

WAVE = 200
TOKEN_S = 24 * 3600
"""Seconds that tokens are good for: longer than any run takes."""
TIMEOUT_S = 30
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: shopwire.v1.json\r\n\r\n"
)


class SeedRefused(Exception):
    """The broker did not do what was asked; the message is what it said."""


class ShopKey(msgspec.Struct, frozen=True):
    """What a shop's backend signs its shoppers' tokens with."""

    kid: str
    secret: bytes


class Started(NamedTuple):
    """A chat, and whose it is."""

    chat: ChatId
    sub: str


class _Heard(msgspec.Struct):
    """As much of a server frame as matters here."""

    t: str
    re: str = ""
    chat: ChatId | None = None
    code: str = ""


_heard = msgspec.json.Decoder(_Heard).decode


def shopper_token(key: ShopKey, sub: str, now: int | None = None) -> str:
    """Return a token for a shopper of the default site, good for a day from `now`."""
    now = int(time.time()) if now is None else now
    claims = {
        "aud": "shopwire",
        "site": "default",
        "sub": sub,
        "role": "shopper",
        "iat": now,
        "exp": now + TOKEN_S,
        "jti": sub,
    }
    return jwt.encode(claims, key.secret, "HS256", {"kid": key.kid})


def start_chats(port: int, key: ShopKey, subs: Sequence[str]) -> list[Started]:
    """Start a chat for each shopper; return them in the same order.

    Raises:
        SeedRefused: the broker refused one.
        OSError: it hung up.
    """
    return [
        started
        for first in range(0, len(subs), WAVE)
        for started in _wave(port, key, subs[first : first + WAVE])
    ]


def answer_chats(port: int, token: str, chats: Sequence[Started]) -> None:
    """Let the agent with `token` answer in each chat, so that nobody waits there.

    Raises:
        SeedRefused: the broker refused one.
        OSError: it hung up.
    """
    visit = _Visit(port)
    try:
        visit.upgraded()
        visit.say(Hello("hello", token=token))
        for first in range(0, len(chats), WAVE):
            wave = chats[first : first + WAVE]
            for started in wave:
                visit.say(MsgSend(f"answer-{started.sub}", started.chat, "I am."))
            for started in wave:
                visit.granted(f"answer-{started.sub}")
    finally:
        visit.close()


def _wave(port: int, key: ShopKey, subs: Sequence[str]) -> Iterator[Started]:
    visits = [_Visit(port) for _ in subs]
    try:
        for visit in visits:
            visit.upgraded()
        for visit, sub in zip(visits, subs, strict=True):
            visit.say(Hello("hello", token=shopper_token(key, sub)))
            visit.say(ChatStart(f"start-{sub}", "Hello, is anybody there?"))
        for visit, sub in zip(visits, subs, strict=True):
            yield Started(visit.granted(f"start-{sub}"), sub)
    finally:
        for visit in visits:
            visit.close()


class _Visit:
    """One connection, with just enough WebSocket for a server that keeps to it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self._received = b""
        self._socket.sendall(UPGRADE)

    def upgraded(self) -> None:
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise SeedRefused(head.decode(errors="replace"))

    def say(self, said: FromClient) -> None:
        payload = msgspec.json.encode(said)
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2)
        # The mask of zeros is a mask too, and leaves the payload as it is.
        self._socket.sendall(b"\x81" + length + bytes(4) + payload)

    def granted(self, id_: str) -> ChatId:
        """Wait until the request was granted; return the chat that it was about."""
        for frame in self._frames():
            heard = _heard(frame)
            if heard.t == "ok" and heard.re == id_ and heard.chat is not None:
                return heard.chat
            if heard.t in {"err", "closing"}:
                raise SeedRefused(frame.decode(errors="replace"))
        raise AssertionError("unreachable: frames never end")

    def close(self) -> None:
        self._socket.close()

    def _frames(self) -> Iterator[bytes]:
        for _ in itertools.count():
            head = self._take(2)
            if head[0] != 0x81:
                raise SeedRefused(f"a frame of kind {head[0]:#x}")
            length = head[1]
            if length >= 126:
                length = int.from_bytes(self._take(2 if length == 126 else 8))
            yield self._take(length)

    def _take(self, length: int) -> bytes:
        while len(self._received) < length:
            self._receive()
        taken, self._received = self._received[:length], self._received[length:]
        return taken

    def _receive(self) -> None:
        received = self._socket.recv(65536)
        if not received:
            raise SeedRefused("it hung up")
        self._received += received
