"""Links and a real broker, on sockets."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from msgspec.structs import replace

from actors.ids import ChatId, Seq
from broker.config import Config
from broker.wire.codec import SUBPROTOCOLS
from clients.line import Stream, Surroundings, tcp_to
from clients.link import Event, Link, RequestRefused, open_link
from tests.system.shop import Shop, serving

GUIDE = Path(__file__).parents[2] / "docs" / "link.md"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    base = Config()
    limits = replace(base.limits, trusted_networks=("127.0.0.0/8",))
    async with serving(tmp_path, config=replace(base, limits=limits)) as running:
        yield running


def socket_of(shop: Shop) -> str:
    assert shop.url is not None
    return shop.url.replace("http", "ws", 1) + "/ws"


async def agents_token(shop: Shop) -> str:
    await shop.hire("ann")
    return shop.token("agent", "ann")


def guide() -> dict[str, Any]:
    """Return what the guide's examples define."""
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        exec(code, names)  # noqa: S102 - the examples are this repository's own
    return names


async def test_the_examples_of_the_guide_talk_to_each_other(shop: Shop) -> None:
    examples, url = guide(), socket_of(shop)
    token = shop.token("shopper", "sara")
    said: list[str] = []
    async with open_link(url, token=token) as other, trio.open_nursery() as nursery:
        chat = await other.start_chat("Hello")
        tell = examples["tell_the_hours"]
        nursery.start_soon(tell, url, await agents_token(shop), chat)
        with trio.fail_after(10):
            said.append(await examples["ask"](url, token, "What are your hours?"))
        await other.end(chat)
    assert said == ["Monday to Friday, 9:00 to 17:00."]


@pytest.mark.parametrize("subprotocol", SUBPROTOCOLS)
async def test_a_conversation(shop: Shop, subprotocol: str) -> None:
    url = socket_of(shop)
    async with (
        open_link(
            url, token=shop.token("shopper", "sara"), subprotocol=subprotocol
        ) as sara,
        open_link(url, token=await agents_token(shop)) as ann,
    ):
        chat = await sara.start_chat("Where is my order?")
        opened = await ann.open_chat(chat)
        assert opened["ticket"]["preview"] == "Where is my order?"
        await ann.note(chat, "VIP")
        await ann.send(chat, "On its way")
        assert await messages(sara, 2) == ["Where is my order?", "On its way"]
        assert await messages(ann, 2) == ["Where is my order?", "On its way"]
        events, more = await ann.history(chat, Seq(100))
        assert "VIP" in [event.body.get("text") for event in events]
        assert not more
        await sara.end(chat)
        with pytest.raises(RequestRefused, match="chat_closed"):
            await ann.send(chat, "Bye")


async def test_a_visitor_gets_a_secret_that_makes_it_the_same_again(shop: Shop) -> None:
    async with open_link(socket_of(shop)) as visitor:
        assert visitor.role not in ("shopper", "agent")
        who, anon = visitor.who, visitor.anon
    async with open_link(socket_of(shop), anon=anon) as again:
        assert again.who == who


async def messages(link: Link, count: int) -> list[str]:
    texts: list[str] = []
    with trio.fail_after(60):
        async for received in link:
            if isinstance(received, Event) and received.kind == "msg":
                if not received.body.get("auto"):
                    texts.append(received.body["text"])
                if len(texts) == count:
                    break
    return texts


class Frail:
    """A network that cuts a connection now and then, but not for ever."""

    def __init__(self, url: str) -> None:
        self._connect = tcp_to(url)
        self._streams: list[Stream] = []
        self.cuts = 0

    async def open_stream(self) -> Stream:
        """Connect; perhaps not for long."""
        self._streams.append(await self._connect())
        return self._streams[-1]

    async def cut(self, rng: Random, times: int) -> None:
        """Cut one connection after the other."""
        while self.cuts < times:
            await trio.sleep(rng.uniform(0.01, 0.15))
            if self._streams:
                self.cuts += 1
                await trio.aclose_forcefully(self._streams.pop())


@pytest.mark.slow
async def test_over_a_frail_network_everything_arrives_once_and_in_order(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.line.LONGEST_S", 0.05)
    url, rng, count = socket_of(shop), Random(5), 150
    frail = Frail(url)
    around = Surroundings(rng=rng, open_stream=frail.open_stream)
    heard: dict[str, list[str]] = {}

    async def speak(link: Link, name: str, chat: ChatId) -> None:
        for number in range(count):
            await link.send(chat, f"{name} {number}")
            await trio.sleep(0.01)

    async def listen(link: Link, name: str) -> None:
        heard[name] = await messages(link, 2 * count + 1)

    sara_token, ann_token = shop.token("shopper", "sara"), await agents_token(shop)
    async with (
        open_link(url, token=sara_token, surroundings=around) as sara,
        open_link(url, token=ann_token, surroundings=around) as ann,
    ):
        chat = await sara.start_chat("Begin")
        await ann.open_chat(chat)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(frail.cut, rng, 40)
            for name, link in (("sara", sara), ("ann", ann)):
                nursery.start_soon(speak, link, name, chat)
                nursery.start_soon(listen, link, name)
    assert heard["sara"] == heard["ann"]
    for name in ("sara", "ann"):
        own = [text for text in heard["sara"] if text.startswith(name)]
        assert own == [f"{name} {number}" for number in range(count)]
