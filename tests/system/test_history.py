"""Scrolling back: pages of what came before (protocol section 4)."""

import pytest

from tests.system.client import Client, Frame
from tests.system.shop import Shop
from tests.system.test_writes import started


async def page(client: Client, chat: str, before: int, limit: int = 200) -> Frame:
    read = await client.ask("chat.history", chat=chat, before=before, limit=limit)
    assert read["t"] == "ok", read
    return read


async def talk(shop: Shop, rounds: int = 10) -> tuple[Client, Client, str]:
    """Return shopper, agent and a chat with visible and hidden events in turn."""
    sara, chat = await started(shop)
    ann = await shop.agent()
    for number in range(rounds):
        await ann.ask("note.add", chat=chat, text=f"note {number}")
        await sara.ask("msg.send", chat=chat, text=f"line {number}")
    sara.unread()
    return sara, ann, chat


@pytest.mark.parametrize("limit", [1, 3, 7, 200])
async def test_pages_joined_are_the_journal(shop: Shop, limit: int) -> None:
    sara, ann, chat = await talk(shop)
    for client, insider in ((sara, False), (ann, True)):
        whole: list[Frame] = []
        before, more = 10_000, True
        while more:
            read = await page(client, chat, before, limit)
            assert 0 < len(read["events"]) <= limit
            whole = read["events"] + whole
            before, more = whole[0]["seq"], read["more"]
        assert whole == await shop.visible(chat, insider=insider)


async def test_a_page_ends_before_where_it_is_to_end(shop: Shop) -> None:
    sara, ann, chat = await talk(shop)
    assert (await page(ann, chat, 6, 2))["events"][-1]["seq"] == 5
    # 5 is a note.
    assert (await page(sara, chat, 6, 2))["events"][-1]["seq"] == 4
    for before in (0, 1):
        assert await page(sara, chat, before) | {"re": ""} == (
            {"t": "ok", "re": "", "events": [], "more": False}
        )


async def test_a_page_has_fifty_events_if_nothing_is_said(shop: Shop) -> None:
    sara, _, chat = await talk(shop, rounds=60)
    read = await sara.ask("chat.history", chat=chat, before=1000)
    assert len(read["events"]) == 50
    assert read["more"] is True


@pytest.mark.slow
async def test_a_page_is_bounded_in_bytes(shop: Shop) -> None:
    sara, chat = await started(shop)
    ids = [
        await sara.say("msg.send", chat=chat, text=f"{number:8192}")
        for number in range(60)
    ]
    for id_ in ids:
        await sara.answer(id_)
    read = await page(sara, chat, 1000)
    assert sara.raw[-1]
    assert 200 * 1024 < len(sara.raw[-1]) <= 256 * 1024
    assert read["more"] is True
    assert read["events"][-1]["seq"] == 64
    rest = await page(sara, chat, read["events"][0]["seq"])
    assert rest["events"][-1]["seq"] == read["events"][0]["prev"]


async def test_reading_back_attaches_nobody(shop: Shop) -> None:
    sara, _, chat = await talk(shop)
    bob = await shop.agent("bob")
    await page(bob, chat, 5)
    await sara.ask("msg.send", chat=chat, text="hello?")
    await page(bob, chat, 5)
    assert [frame["t"] for frame in bob.heard if frame["t"] == "ev"] == []


async def test_reading_back_does_not_disturb_what_is_live(shop: Shop) -> None:
    sara, ann, chat = await talk(shop)
    await sara.say("chat.history", chat=chat, before=100)
    reply = await ann.ask("msg.send", chat=chat, text="Yes?")
    assert (await sara.until(t="ev"))["seq"] == reply["seq"]
