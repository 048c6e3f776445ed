"""What the hub does that one cannot see from outside: how often it encodes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from actors.cells.orders import Left
from actors.ids import ChatId
from broker.local import LocalSocket
from broker.peer import Peer
from broker.wire.codec import JSON, MSGPACK, Codec
from broker.wire.errors import Close
from broker.wire.frames import Eph, Ev, FromClient, FromServer
from broker.wire.heard import Fields
from tests.system.client import Client, Memory
from tests.system.shop import Shop, in_memory
from tests.system.test_writes import opened, started

pytestmark = pytest.mark.usefixtures("virtual_time")


@asynccontextmanager
async def crowd(
    monkeypatch: pytest.MonkeyPatch, codec: Codec
) -> AsyncGenerator[tuple[Shop, str, list[object]]]:
    """A chat with two shoppers' devices and three agents, and what is encoded."""
    async with in_memory() as shop:
        _, chat = await started(shop)
        people = [await connected(shop, codec, "shopper", "sara") for _ in range(2)]
        people += [await connected(shop, codec, "agent", s) for s in ("ann", "bob")]
        for client in people:
            await opened(client, chat)
        encoded: list[object] = []
        encode = Codec.encode

        def counting(self: Codec, said: FromServer | FromClient | Fields) -> bytes:
            encoded.append(said)
            return encode(self, said)

        monkeypatch.setattr(Codec, "encode", counting)
        yield shop, chat, encoded


async def connected(shop: Shop, codec: Codec, role: str, sub: str) -> Client:
    local = LocalSocket(shop.broker.loop.wake, codec)
    local.serve(Peer(local, shop.broker.house))
    client = Client(Memory(local))
    await shop.hire("ann")
    await shop.hire("bob")
    await client.hello(token=shop.token(role, sub))
    return client


def of(kind: type, encoded: list[object]) -> int:
    return sum(type(said) is kind for said in encoded)


async def test_an_event_is_encoded_once_for_each_view(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with crowd(monkeypatch, MSGPACK) as (shop, chat, encoded):
        cem = await shop.agent("cem")
        encoded.clear()
        await cem.ask("msg.send", chat=chat, text="to all")
        # The assignment for agents, the message for agents and for the shopper.
        assert of(Ev, encoded) == 3
        encoded.clear()
        await cem.ask("note.add", chat=chat, text="to agents")
        assert of(Ev, encoded) == 1


async def test_an_event_is_encoded_once_more_for_the_other_subprotocol(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with crowd(monkeypatch, MSGPACK) as (shop, chat, encoded):
        other = await connected(shop, JSON, "agent", "ann")
        await opened(other, chat)
        cem = await shop.agent("cem")
        encoded.clear()
        await cem.ask("note.add", chat=chat, text="to agents")
        assert of(Ev, encoded) == 2


async def test_what_nobody_listens_to_is_not_encoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with crowd(monkeypatch, MSGPACK) as (shop, _, encoded):
        omar = await shop.shopper("omar")
        chat = (await omar.ask("chat.start", text="hi"))["chat"]
        await omar.ask("chat.leave", chat=chat)
        encoded.clear()
        before = shop.broker.hub.counts.delivered
        await omar.ask("msg.send", chat=chat, text="anybody?")
        assert of(Ev, encoded) == 0
        assert shop.broker.hub.counts.delivered == before


async def test_a_sign_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with crowd(monkeypatch, MSGPACK) as (shop, chat, encoded):
        cem = await shop.agent("cem")
        encoded.clear()
        await cem.say("typing", chat=chat, on=True)
        await cem.ask("bye")
        assert of(Eph, encoded) == 1
        assert shop.broker.hub.counts.signals == 5


async def test_the_chat_hears_only_of_a_persons_last_listener(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with crowd(monkeypatch, MSGPACK) as (shop, chat, _):
        left: list[str] = []
        tell = shop.broker.house.chats.tell

        def told(key: str, message: object) -> None:
            if isinstance(message, Left):
                left.append(message.who)
            tell(key, message)

        monkeypatch.setattr(shop.broker.house.chats, "tell", told)
        # Three of them: the one who started it listens too.
        shoppers = [p for p in shop.broker.hub.peers if p.role == "shopper"]
        assert len(shoppers) == 3
        for peer in shoppers[:2]:
            peer.transport.close(Close.BYE)
        assert left == []
        shoppers[2].transport.close(Close.BYE)
        assert left == [shoppers[2].who]
        assert shop.broker.hub.listening(ChatId(chat))
