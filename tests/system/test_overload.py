"""Too many at once: who is in goes on, the others wait or come back later (F52)."""

from functools import partial
from pathlib import Path

import pytest
import trio

from broker import resumes
from broker.overload import BEHIND, LATE_S, LATE_TICKS, PROMPT_TICKS
from broker.resumes import AT_ONCE
from tests.system.client import Client, Closed, Form, Frame, Memory
from tests.system.shop import Shop, in_memory, serving
from tests.system.test_catching_up import chained
from tests.system.test_writes import started

SAID = 3
"""Messages in each chat after the first."""


class Watched:
    """How many chats of a broker have caught up at a time."""

    def __init__(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most = 0
        self._line = shop.broker.house.resumes
        self._begin = self._line._begin
        monkeypatch.setattr(self._line, "_begin", self.begin)

    def begin(self) -> None:
        self._begin()
        self.most = max(self.most, self._line.running)


async def seeded(shop: Shop, number: int) -> dict[str, tuple[str, int]]:
    """Have so many shoppers write something; return each one's chat and its head."""
    chats: dict[str, tuple[str, int]] = {}

    async def begin(sub: str) -> None:
        client = Client(Memory(shop.broker.connect_memory()))
        await client.hello(token=shop.token("shopper", sub))
        chat = (await client.ask("chat.start", text="hello"))["chat"]
        said = [
            await client.ask("msg.send", chat=chat, text=str(number))
            for number in range(SAID)
        ]
        chats[sub] = (chat, said[-1]["seq"])
        await client.cut()

    async with trio.open_nursery() as nursery:
        for one in range(number):
            nursery.start_soon(begin, f"shopper-{one}")
    return chats


async def resumed(shop: Shop, sub: str, chat: str, head: int) -> None:
    """Come back to all of a chat, and write at once: everything comes, in order."""
    client = await shop.shopper(sub, resume={"chats": {chat: 0}})
    said = await client.say("msg.send", chat=chat, text="back")
    frames: list[Frame] = []
    while not {"live", "ok"} <= {frame["t"] for frame in frames}:
        frames.append(await client.next())
    events = [frame for frame in frames if frame["t"] != "live"]
    assert chained(events, 0) == head + 1
    assert events[-1]["re"] == said
    assert [frame["t"] for frame in frames].count("live") == 1
    await client.cut()


async def all_resumed(shop: Shop, chats: dict[str, tuple[str, int]]) -> None:
    async with trio.open_nursery() as nursery:
        for sub, (chat, head) in chats.items():
            nursery.start_soon(partial(resumed, shop, sub, chat, head))
    line = shop.broker.house.resumes
    assert (line.running, line.waiting) == (0, 0)


@pytest.mark.usefixtures("virtual_time")
async def test_a_storm_after_a_restart_in_virtual_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_memory(tmp_path) as shop:
        chats = await seeded(shop, 100)
    async with in_memory(tmp_path) as shop:
        watched = Watched(shop, monkeypatch)
        await all_resumed(shop, chats)
    assert watched.most == AT_ONCE


@pytest.mark.slow
async def test_five_hundred_come_back_at_once_after_a_restart(
    tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path, form) as shop:
        chats = await seeded(shop, 500)
    async with serving(tmp_path, form) as shop:
        watched = Watched(shop, monkeypatch)
        await all_resumed(shop, chats)
        assert shop.broker.overload.refused == 0
    assert 0 < watched.most <= AT_ONCE


async def put_off(shop: Shop, **hello: object) -> int:
    """Say hello in vain; return the milliseconds after which to come back."""
    client = await shop.connect()
    await client.say("hello", token=shop.token("shopper", "late"), **hello)
    closing = await client.next()
    assert (closing["t"], closing["code"]) == ("closing", 1013)
    assert closing["reason"] == "overloaded"
    with pytest.raises(Closed) as closed:
        await client.next()
    assert closed.value.code == 1013
    after: int = closing["reconnect_after_ms"]
    assert 500 <= after <= 30_500
    return after


async def holds_its_door(shop: Shop) -> None:
    """Overload a broker, then let it recover."""
    sara, chat = await started(shop)
    journal = shop.broker.journal
    journal._unsettled += BEHIND
    assert len({await put_off(shop) for _ in range(5)}) > 1
    assert (await sara.ask("msg.send", chat=chat, text="still here"))["t"] == "ok"
    journal._unsettled -= BEHIND
    late = await shop.shopper("late")
    for _ in range(LATE_TICKS):
        shop.broker.overload.ticked(LATE_S + 1)
    await put_off(shop)
    assert (await sara.ask("msg.send", chat=chat, text="still here"))["t"] == "ok"
    assert (await late.ask("chat.start", text="hello"))["t"] == "ok"
    for _ in range(PROMPT_TICKS):
        shop.broker.overload.ticked(0)
    await shop.shopper("later")
    assert shop.broker.overload.refused == 6


async def test_an_overloaded_broker_lets_nobody_in_in_virtual_time(
    quick_shop: Shop,
) -> None:
    await holds_its_door(quick_shop)


async def test_an_overloaded_broker_lets_nobody_in(shop: Shop) -> None:
    await holds_its_door(shop)


async def test_who_finds_the_line_too_long_comes_back_later(
    quick_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumes, "AT_ONCE", 1)
    monkeypatch.setattr(resumes, "WAITING", 1)
    seeds = await seeded(quick_shop, 5)
    positions = {chat: 0 for chat, _ in seeds.values()}
    first = next(iter(seeds))
    resume = {"chats": {seeds[first][0]: 0}}
    line = quick_shop.broker.house.resumes
    monkeypatch.setattr(line, "_chats", Deaf())
    ann = await quick_shop.agent(resume={"chats": positions})
    assert (line.running, line.waiting) == (1, 4)
    await put_off(quick_shop, resume=resume)
    # Who has nothing to take up again is welcome.
    await quick_shop.shopper("new")
    await ann.cut()
    assert (line.running, line.waiting) == (0, 0)
    await quick_shop.shopper(first, resume=resume)
    assert line.running == 1


class Deaf:
    """Chats that never hear of those who join."""

    def tell(self, chat: str, join: object) -> None:
        """Hear nothing."""
