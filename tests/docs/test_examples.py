"""The bot of the documents, in front of a real broker."""

import runpy
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import trio

from clients.link import Event, Link, Live, open_link
from tests.docs.fences import DOCS
from tests.system.shop import Shop, serving

BOT = runpy.run_path(str(DOCS / "examples" / "bot.py"))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    async with serving(tmp_path) as running:
        yield running


def socket_of(shop: Shop) -> str:
    assert shop.url is not None
    return shop.url.replace("http", "ws", 1) + "/ws"


async def answers(link: Link, most: int) -> list[str]:
    """Return the next things that an agent says."""
    said: list[str] = []
    async for happened in link:
        match happened:
            case Event(kind="msg", by=by, body={"text": str(text)}):
                if by.startswith("agent:"):
                    said.append(text)
            case _:
                pass
        if len(said) == most:
            break
    return said


async def test_the_bot_answers_what_it_knows_once(shop: Shop) -> None:
    url = socket_of(shop)
    await shop.hire("bot")
    token = shop.token("agent", "bot")
    async with open_link(url, token=shop.token("shopper", "sara")) as sara:
        # Asked before it is there, and again of it after it has come back.
        chat = await sara.start_chat("When are you open?")
        for _ in range(2):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(BOT["main"], url, token)
                with trio.fail_after(10):
                    assert await answers(sara, 1) == [BOT["HOURS"]]
                nursery.cancel_scope.cancel()
            await sara.send(chat, "And the opening hours of the other shop?")
    async with open_link(url, token=token) as agent:
        await agent.open_chat(chat)
        said: list[Event] = []
        async for happened in agent:
            if isinstance(happened, Live):
                break
            if isinstance(happened, Event):
                said.append(happened)
    by_bot = [each for each in said if each.kind == "msg" and each.by == "agent:bot"]
    assert len(by_bot) == 2
