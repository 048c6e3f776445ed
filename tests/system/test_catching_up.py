"""Long chats, slow readers: the past comes page by page, and is not overtaken."""

import pytest
import trio

from tests.system.client import Client, Frame
from tests.system.shop import Shop
from tests.system.test_writes import opened, place, started

LONG = "x" * 8000


async def long_chat(
    shop: Shop, messages: int, text: str = "line"
) -> tuple[Client, str]:
    """Return a shopper in a chat with so many messages more, and the chat."""
    sara, chat = await started(shop)
    ids = [
        await sara.say("msg.send", chat=chat, text=f"{text} {number}")
        for number in range(messages)
    ]
    for id_ in ids:
        assert (await sara.answer(id_))["t"] == "ok"
    return sara, chat


def chained(frames: list[Frame], after: int) -> int:
    """Make sure that each frame stands on the one before; return where that ends."""
    for frame in frames:
        assert frame["prev"] == after
        after = frame["seq"]
    return after


@pytest.mark.slow
async def test_an_ok_comes_after_all_that_stands_before_it(shop: Shop) -> None:
    _, chat = await long_chat(shop, 1000)
    phone = await shop.shopper()
    await phone.say("chat.open", chat=chat)
    ids = [await phone.say("msg.send", chat=chat, text=str(n)) for n in range(20)]
    frames = await phone.take(1 + 1004 + 20 + 1)
    kinds = [f["t"] for f in frames]
    assert kinds[0] == "ok"
    assert kinds.count("live") == 1
    placed = [frame for frame in frames[1:] if frame["t"] != "live"]
    assert chained(placed, 0) == 1024
    assert [f["re"] for f in placed if f["t"] == "ok"] == ids


@pytest.mark.slow
async def test_others_write_while_one_catches_up(shop: Shop) -> None:
    sara, chat = await long_chat(shop, 600)
    ann = await shop.agent()
    async with trio.open_nursery() as nursery:

        async def go_on() -> None:
            for number in range(100):
                await sara.ask("msg.send", chat=chat, text=f"and {number}")

        nursery.start_soon(go_on)
        frames: list[Frame] = []
        await ann.say("chat.open", chat=chat)
        while not frames or frames[-1].get("body") != {"text": "and 99"}:
            frames.append(await ann.next())
    events = [frame for frame in frames if frame["t"] == "ev"]
    assert chained(events, 0) == len(await shop.journal(chat))
    assert [frame["t"] for frame in frames].count("live") == 1


@pytest.mark.slow
async def test_a_page_of_long_texts_cuts_nobody_off(shop: Shop) -> None:
    # Two pages of the journal, each longer than what may wait for one reader.
    _, chat = await long_chat(shop, 400, LONG)
    phone = await shop.shopper()
    assert len(await opened(phone, chat)) == 404
    again = await shop.shopper(resume={"chats": {chat: 0}})
    assert (await again.until(t="live"))["upto"] == 404


@pytest.mark.slow
async def test_many_chats_resumed_at_once_cut_nobody_off(shop: Shop) -> None:
    chats: dict[str, int] = {}
    for number in range(30):
        client = await shop.shopper(f"shopper-{number}")
        chat = (await client.ask("chat.start", text="hello"))["chat"]
        ids = [await client.say("msg.send", chat=chat, text=LONG) for _ in range(10)]
        for id_ in ids:
            await client.answer(id_)
        chats[chat] = 0
    ann = await shop.agent(resume={"chats": chats})
    live = 0
    while live < len(chats):
        frame = await ann.next()
        if frame["t"] == "ev":
            chats[frame["chat"]] = chained([frame], chats[frame["chat"]])
        else:
            assert frame["t"] == "live", frame
            assert frame["upto"] == chats[frame["chat"]] == 14
            live += 1


class Halfway:
    """A shopper who has stopped reading in the middle of a long chat's past."""

    def __init__(self, shop: Shop, sara: Client, phone: Client, chat: str) -> None:
        self.shop, self.sara, self.phone, self.chat = shop, sara, phone, chat
        self.opening = ""

    @classmethod
    async def of(cls, shop: Shop) -> "Halfway":
        sara, chat = await long_chat(shop, 60, LONG)
        half = cls(shop, sara, await shop.shopper(), chat)
        half.opening = await half.phone.say("chat.open", chat=chat)
        await trio.sleep(1)
        return half


async def test_an_answer_waits_for_the_reader(quick_shop: Shop) -> None:
    half = await Halfway.of(quick_shop)
    phone, chat = half.phone, half.chat
    said = await phone.say("msg.send", chat=chat, text="mine")
    await trio.sleep(1)
    assert len(await quick_shop.journal(chat)) == 65
    await phone.answer(half.opening)
    frames = await phone.take(66)
    assert frames[-1] == {"t": "live", "chat": chat, "upto": 65}
    assert chained(frames[:-1], 0) == 65
    assert frames[-2]["re"] == said


async def test_who_leaves_halfway_gets_the_answers_that_waited(
    quick_shop: Shop,
) -> None:
    half = await Halfway.of(quick_shop)
    phone, chat = half.phone, half.chat
    said = await phone.say("msg.send", chat=chat, text="mine")
    await trio.sleep(1)
    left = await phone.ask("chat.leave", chat=chat)
    assert left["t"] == "ok"
    phone.unread()
    # Only now: while it was open its place was behind all that was missing.
    assert place(await phone.next()) == (65, 64)
    assert phone.heard[-1]["re"] == said
    await half.sara.ask("msg.send", chat=chat, text="after that")
    await phone.ask("chat.history", chat=chat, before=2)
    assert phone.unread() == []


async def test_who_opens_again_halfway_gets_everything_in_order(
    quick_shop: Shop,
) -> None:
    half = await Halfway.of(quick_shop)
    phone, chat = half.phone, half.chat
    said = await phone.say("msg.send", chat=chat, text="mine")
    await trio.sleep(1)
    again = await phone.say("chat.open", chat=chat, after=50)
    await phone.answer(again)
    # What the first opening had sent before.
    phone.unread()
    frames = await phone.take(16)
    assert frames[-1] == {"t": "live", "chat": chat, "upto": 65}
    assert chained(frames[:-1], 50) == 65
    assert frames[-2]["re"] == said


async def test_who_opens_wrongly_halfway_gets_the_answers_that_waited(
    quick_shop: Shop,
) -> None:
    half = await Halfway.of(quick_shop)
    phone, chat = half.phone, half.chat
    said = await phone.say("msg.send", chat=chat, text="mine")
    await trio.sleep(1)
    refused = await phone.ask("chat.open", chat=chat, after=999)
    assert refused["code"] == "resync_required"
    assert place(await phone.answer(said)) == (65, 64)


async def test_all_repeats_that_waited_are_answered(quick_shop: Shop) -> None:
    half = await Halfway.of(quick_shop)
    phone, chat = half.phone, half.chat
    for _ in range(3):
        await phone.say("msg.send", id="once", chat=chat, text="mine")
    await trio.sleep(1)
    answers = [await phone.answer("once") for _ in range(3)]
    assert [place(answer) for answer in answers] == [(65, 64)] * 3
    assert [answer.get("dup", False) for answer in answers] == [False, True, True]


@pytest.mark.slow
async def test_who_stops_reading_halfway_disturbs_nobody(quick_shop: Shop) -> None:
    half = await Halfway.of(quick_shop)
    ann = await quick_shop.agent()
    await opened(ann, half.chat)
    for number in range(300):
        await half.sara.ask("msg.send", chat=half.chat, text=f"{LONG} {number}")
        assert (await ann.next())["t"] == "ev"
    # It catches up by reading; it was never more than a page behind.
    await half.phone.answer(half.opening)
    frames = await half.phone.take(365)
    assert frames[-1]["t"] == "live"
    assert chained(frames[:-1], 0) == 364


async def test_who_is_gone_halfway_leaves_nothing_behind(quick_shop: Shop) -> None:
    half = await Halfway.of(quick_shop)
    await half.phone.say("msg.send", chat=half.chat, text="mine")
    await half.phone.cut()
    await trio.sleep(1)
    assert len(await quick_shop.journal(half.chat)) == 65
    assert (await half.sara.ask("msg.send", chat=half.chat, text="on"))["seq"] == 66
