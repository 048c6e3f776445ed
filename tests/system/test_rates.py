"""How fast people may write, and how much fits (spec F57)."""

from pathlib import Path

import pytest
import trio

from broker.config import Config, LimitsConfig
from broker.house import TOLD
from broker.local import LocalSocket
from tests.system.client import Client, Memory
from tests.system.shop import Shop, in_memory

pytestmark = pytest.mark.usefixtures("virtual_time")


def limited(client: Client) -> Client:
    """Hold this client to the limits, which clients in memory are free of."""
    local(client).trusted = False
    return client


def local(client: Client) -> LocalSocket:
    """Return the connection in memory."""
    assert isinstance(client.link, Memory)
    return client.link.local


async def started(shop: Shop) -> tuple[Client, str]:
    sara = limited(await shop.shopper())
    chat: str = (await sara.ask("chat.start", text="hello"))["chat"]
    return sara, chat


async def burst(client: Client, chat: str, number: int, op: str = "msg.send") -> int:
    """Write so often at once; return how many were granted."""
    ids = [await client.say(op, chat=chat, text="hi") for _ in range(number)]
    answers = [await client.answer(id_) for id_ in ids]
    for answer in answers:
        if answer["t"] == "err":
            assert answer["code"] == "rate_limited"
            assert answer["retry"] is True
            assert answer["retry_ms"] >= 1000
    return sum(answer["t"] == "ok" for answer in answers)


async def test_a_shopper_writes_ten_at_once_and_one_a_second(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    assert await burst(sara, chat, 20) == 9
    await trio.sleep(6)
    assert await burst(sara, chat, 20) == 6
    assert quick_shop.broker.tally.limited["shopper_rate"] == 25


async def test_an_agent_writes_forty_at_once_and_twenty_a_second(
    quick_shop: Shop,
) -> None:
    _, chat = await started(quick_shop)
    ann = limited(await quick_shop.agent())
    assert await burst(ann, chat, 30) == 30
    assert await burst(ann, chat, 30, "note.add") == 10
    await trio.sleep(6)
    assert await burst(ann, chat, 60, "note.add") == 40
    assert quick_shop.broker.tally.limited["agent_rate"] == 40


async def test_all_tabs_of_a_person_share_one_rate(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    tab = limited(await quick_shop.shopper())
    tom = limited(await quick_shop.shopper("tom"))
    assert await burst(sara, chat, 9) == 9
    assert await burst(tab, chat, 1) == 0
    assert (await tom.ask("chat.start", text="hello"))["t"] == "ok"


async def test_what_was_refused_goes_ahead_of_what_came_later(
    quick_shop: Shop,
) -> None:
    sara, chat = await started(quick_shop)
    await burst(sara, chat, 9)
    refused = await sara.ask("msg.send", chat=chat, text="first", id="first")
    assert refused["code"] == "rate_limited"
    await trio.sleep(refused["retry_ms"] / 1000)
    # There would be room by now, but not before the first.
    later = await sara.ask("msg.send", chat=chat, text="second", id="second")
    assert later["code"] == "rate_limited"
    assert (await sara.ask("msg.send", chat=chat, text="first", id="first"))["seq"]


async def test_nothing_else_goes_ahead_of_it_either(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    assert await burst(sara, chat, 9) == 9
    refused = await sara.ask("msg.send", chat=chat, text="last words", id="last")
    assert refused["code"] == "rate_limited"
    assert (await sara.ask("chat.end", chat=chat))["code"] == "rate_limited"
    assert (await sara.ask("read", chat=chat, seq=1))["t"] == "ok"
    await trio.sleep(1.1)
    assert (await sara.ask("msg.send", chat=chat, text="last words", id="last"))["seq"]
    assert (await sara.ask("chat.end", chat=chat))["t"] == "ok"


async def test_who_goes_on_for_three_seconds_is_sent_away(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    began = trio.current_time()
    with trio.move_on_after(20):
        while local(sara).closed is None:
            await sara.say("msg.send", chat=chat, text="hi")
            await trio.sleep(0.1)
    assert 3 <= trio.current_time() - began <= 5
    assert await sara.read_to_the_end() == 4029
    closing = sara.heard[-1]
    assert (closing["t"], closing["code"]) == ("closing", 4029)
    assert (await ann.ask("msg.send", chat=chat, text="calm down"))["t"] == "ok"


async def test_who_waits_as_told_gets_everything_through(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    waiting = [str(number) for number in range(40)]
    while waiting:
        # All that is left at once, as a simple client would.
        for id_ in waiting:
            await sara.say("msg.send", chat=chat, text=id_, id=id_)
        answers = [await sara.answer(id_) for id_ in waiting]
        waiting = [answer["re"] for answer in answers if answer["t"] == "err"]
        if waiting:
            await trio.sleep(max(a.get("retry_ms", 0) for a in answers) / 1000)
    written = [e.body["text"] for e in await quick_shop.journal(chat) if e.id]
    assert written == ["hello", *map(str, range(40))]


async def test_who_is_silent_for_a_while_costs_nothing(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    await burst(sara, chat, 20)
    assert len(quick_shop.broker.house.talk) == 1
    await trio.sleep(12)
    assert len(quick_shop.broker.house.talk) == 0


async def test_no_rate_holds_where_load_tests_come_from(quick_shop: Shop) -> None:
    sara = await quick_shop.shopper()
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    assert await burst(sara, chat, 100) == 100


async def test_six_chats_in_twelve_hours_are_enough(quick_shop: Shop) -> None:
    sara = limited(await quick_shop.shopper())
    for _ in range(6):
        chat = (await sara.ask("chat.start", text="hello"))["chat"]
        await sara.ask("chat.end", chat=chat)
    refused = await sara.ask("chat.start", text="hello")
    assert (refused["code"], refused["limit"]) == ("rate_limited", 6)
    assert 11 * 3600_000 < refused["retry_ms"] <= 12 * 3600_000
    assert quick_shop.broker.tally.limited["new_chats"] == 1


async def test_limits_are_as_configured_and_told_by_the_same_names(
    tmp_path: Path,
) -> None:
    limits = LimitsConfig(text_bytes=300, chat_events=64, depth=5, shopper_burst=2)
    async with in_memory(tmp_path, Config(limits=limits)) as shop:
        sara = limited(await shop.shopper())
        told = sara.welcome["limits"]
        assert told == {name: getattr(limits, name) for name in TOLD}
        long = await sara.ask("chat.start", text="x" * 301)
        assert (long["code"], long["limit"]) == ("too_big", 300)
        chat = (await sara.ask("chat.start", text="x" * 300))["chat"]
        assert await burst(sara, chat, 5) == 0
        ann = await shop.agent()
        while (said := await ann.ask("note.add", chat=chat, text="x"))["t"] == "ok":
            pass
        assert (said["code"], said["limit"]) == ("too_big", 64)
        tally = shop.broker.tally.limited
        assert (tally["text_bytes"], tally["chat_events"]) == (1, 1)
