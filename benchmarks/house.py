"""A whole broker without sockets or threads, full of people who talk in pairs.

Its journal works inline; while the loop's own work is timed it is left out: what the
actors append is caught, and settles when the caller says so.
"""

import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

from actors.ids import ChatId
from broker.local import LocalSocket
from broker.office.keys import mint_token
from broker.office.requests import Minted, MintToken
from broker.peer import Peer
from broker.server import Broker
from broker.wire.codec import Codec
from broker.wire.frames import ChatOpen, ChatStart, FromClient, Hello
from storage.records import Append


class Guest(NamedTuple):
    """One side of a chat: what the broker has of it, and its end of the line."""

    peer: Peer
    line: LocalSocket


class Couple(NamedTuple):
    """Both sides."""

    chat: ChatId
    shopper: Guest
    agent: Guest


class House:
    """The broker and its guests."""

    def __init__(self, broker: Broker, codec: Codec) -> None:
        self.broker = broker
        self.couples: list[Couple] = []
        self._codec = codec

    async def fill(self, chats: int) -> None:
        """Let so many shoppers start a chat each, and one agent open them all."""
        staff = await self._token(MintToken(role="agent", sub="agent-0"))
        for number in range(chats):
            asked = MintToken(role="shopper", sub=f"shopper-{number:04}")
            shopper = await self._guest(await self._token(asked))
            hello = ChatStart("start", "Hello, is anybody there?")
            chat = ChatId(await _ask(shopper.line, hello, "ok"))
            agent = await self._guest(staff)
            await _ask(agent.line, ChatOpen("open", chat), "live")
            self.couples.append(Couple(chat, shopper, agent))

    def forget(self) -> None:
        """Let everybody have read everything."""
        for couple in self.couples:
            for guest in (couple.shopper, couple.agent):
                guest.line._outbound.clear()
                guest.line._size = 0

    @contextmanager
    def appends_caught(self) -> Generator[list[Append]]:
        """Keep what is appended from the journal; nothing settles by itself."""
        caught: list[Append] = []
        # On the instance, where every actor's call finds it before the method.
        vars(self.broker.journal)["append"] = caught.append
        try:
            yield caught
        finally:
            del vars(self.broker.journal)["append"]

    async def _token(self, asked: MintToken) -> str:
        minted = await mint_token(self.broker, asked)
        assert isinstance(minted, Minted)
        return minted.token

    async def _guest(self, token: str) -> Guest:
        line = LocalSocket(self.broker.loop.wake, self._codec)
        peer = Peer(line, self.broker.house)
        line.serve(peer)
        await _ask(line, Hello("hello", token=token), "welcome")
        return Guest(peer, line)


async def _ask(line: LocalSocket, said: FromClient, kind: str) -> str:
    """Return the chat that the first frame of `kind` in answer to `said` names."""
    await line.send(said)
    while True:
        frame = await line.receive()
        assert frame["t"] != "err", frame
        if frame["t"] == kind:
            return str(frame.get("chat"))


@asynccontextmanager
async def full_house(codec: Codec, chats: int) -> AsyncGenerator[House]:
    """Run a broker with so many chats, each open on both sides."""
    with tempfile.TemporaryDirectory() as folder:
        async with Broker.open(Path(folder), virtual=True) as broker:
            house = House(broker, codec)
            await house.fill(chats)
            yield house
