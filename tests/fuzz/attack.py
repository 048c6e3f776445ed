"""Connections that begin well or badly, say much, and end in every way there is."""

import socket
import struct
from collections import Counter
from random import Random

import trio

from tests.fuzz.frames import Speaker
from tests.fuzz.heads import head

PATIENCE_S = 10.0
"""Seconds for a broker under fire to hang up on one that has hung up itself."""
MOST = 24
"""Attackers at a time."""
PAUSE_S = 0.1
"""Between two connections of an attacker. They live on the same two cores as what they
attack: without it they would show how those are shared, and not how the broker bears
some 200 connections a second."""
RESET = struct.pack("ii", 1, 0)
"""For a close that tears the connection down."""


class Attack:
    """So many handshakes and frames, the same ones for the same seed."""

    pause_s = PAUSE_S

    def __init__(
        self, address: tuple[str, int], tokens: list[str], chats: list[str], seed: int
    ) -> None:
        self._address = address
        self._tokens = tokens
        self._chats = chats
        self._seed = seed
        self._left = 0
        self.said = 0
        """Handshakes and frames so far."""
        self.outcomes: Counter[str] = Counter()
        """How often a connection ended how."""

    async def run(self, count: int) -> None:
        """Make `count` more."""
        self._left = count
        async with trio.open_nursery() as nursery:
            for number in range(MOST):
                nursery.start_soon(self._go_on, Random(f"{self._seed}/{number}"))
        self._seed += 1

    async def _go_on(self, chance: Random) -> None:
        speaker = Speaker(chance, self._tokens, self._chats)
        while self._left > 0:
            with trio.socket.socket() as peer:
                # More addresses than one have ports for this many connections.
                await peer.bind((f"127.0.{chance.randrange(100)}.7", 0))
                await peer.connect(self._address)
                try:
                    ended = await self._talk(peer, chance, speaker)
                except OSError:
                    # It had heard enough already.
                    ended = "broken off"
            self.outcomes[ended] += 1
            await trio.sleep(self.pause_s)

    async def _talk(
        self, peer: trio.socket.SocketType, chance: Random, speaker: Speaker
    ) -> str:
        if chance.random() < 0.5:
            self._count(1)
            await _send(peer, head(chance), chance)
            return await _end(peer, chance)
        text = chance.random() < 0.5
        self._count(1)
        await peer.send(_upgrade("json" if text else "msgpack"))
        frames = speaker.begin(text=text)
        frames += [speaker.frame() for _ in range(chance.choice((0, 1, 2, 5, 20)))]
        if chance.random() < 0.9:
            await peer.recv(1000)
        self._count(len(frames))
        await _send(peer, b"".join(frames), chance)
        return await _end(peer, chance)

    def _count(self, number: int) -> None:
        self.said += number
        self._left -= number


def _upgrade(form: str) -> bytes:
    return (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Protocol: shopwire.v1.{form}\r\n\r\n"
    ).encode()


async def _send(peer: trio.socket.SocketType, data: bytes, chance: Random) -> None:
    """Send all of it, now and then in pieces that come apart."""
    size = (
        len(data) if chance.random() < 0.7 else chance.choice((1 + len(data) // 3, 7))
    )
    pieces = [data[at : at + size] for at in range(0, len(data), size or 1)]
    for piece in pieces[:50]:
        sent = 0
        while sent < len(piece):
            sent += await peer.send(piece[sent:])


async def _end(peer: trio.socket.SocketType, chance: Random) -> str:
    """End the connection, and return how that went."""
    how = chance.random()
    if how < 0.25:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return "reset"
    if how < 0.4:
        return "left"
    if how < 0.5:
        with trio.move_on_after(0.02):
            await peer.recv(10_000)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return "reset while it was spoken to"
    peer.shutdown(socket.SHUT_WR)
    with trio.move_on_after(PATIENCE_S):
        while await peer.recv(65_536):
            pass
        return "heard to the end"
    return "left hanging"
