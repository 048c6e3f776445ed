"""Nobody waits long without a sign of life, restarts or not (spec U6)."""

from pathlib import Path

import pytest
import trio

from actors.settings.attention import CheckInSettings, SlaPolicy, SlaSettings
from actors.settings.document import Settings
from tests.system.client import Client, Frame
from tests.system.moments import within
from tests.system.shop import Shop, in_memory
from tests.system.test_writes import started

pytestmark = pytest.mark.usefixtures("virtual_time")


def pushes(frames: list[Frame]) -> list[str]:
    return [
        f["state"] for f in frames if (f["t"], f.get("kind")) == ("push", "checkin")
    ]


async def states(shop: Shop, chat: str) -> list[tuple[str, int]]:
    return [
        (entry.body["state"], entry.body["count"])
        for entry in await shop.journal(chat)
        if entry.kind == "checkin"
    ]


async def test_a_silence_falls_due_and_is_missed_in_time(quick_shop: Shop) -> None:
    await quick_shop.hire("ann")
    sara, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    moments = [m for m in await within(1000, ann) if m.frame["t"] == "push"]
    assert [m.frame["state"] for m in moments] == ["due", *["missed"] * 3]
    for moment, due in zip(moments, (180, 300, 600, 900), strict=True):
        assert 0 <= moment.after - due < 1
    first = moments[0].frame
    assert (first["kind"], first["chat"]) == ("checkin", chat)
    assert moments[-1].frame["count"] == 3
    assert await states(quick_shop, chat) == [
        *(("due", 0), ("missed", 1), ("missed", 2), ("missed", 3)),
    ]
    # Not a word of it to the shopper.
    assert await within(1, sara) == []


@pytest.mark.slow
async def test_an_answer_ends_the_silence_and_hold_begins_a_new_one(
    quick_shop: Shop,
) -> None:
    _, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    await trio.sleep(170)
    await ann.ask("msg.send", chat=chat, text="Still looking", hold=True)
    (due,) = [m for m in await within(200, ann) if m.frame["t"] == "push"]
    assert round(due.after) == 180
    await ann.ask("msg.send", chat=chat, text="Here it is.")
    assert await within(1000, ann) == []


async def test_the_owner_is_told_and_of_a_miss_the_supervisors_too(
    quick_shop: Shop,
) -> None:
    sara, chat = await started(quick_shop)
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    bea = await quick_shop.agent("bea", "admin")
    await ann.ask("msg.send", chat=chat, text="Hello!")
    await sara.ask("msg.send", chat=chat, text="Well?")
    heard: dict[str, list[str]] = {}
    for name, client in (("ann", ann), ("bob", bob), ("bea", bea)):
        heard[name] = []
        client.unread()
        del name
    await trio.sleep(350)
    for name, client in (("ann", ann), ("bob", bob), ("bea", bea)):
        heard[name] = pushes([m.frame for m in await within(0.1, client)])
    assert heard == {"ann": ["due", "missed"], "bob": [], "bea": ["missed"]}


async def test_of_a_ticket_that_is_nobodys_all_are_told(quick_shop: Shop) -> None:
    await started(quick_shop)
    agents = [
        await quick_shop.agent("ann"),
        await quick_shop.agent("bob"),
        await quick_shop.agent("bea", "admin"),
    ]
    await trio.sleep(350)
    for agent in agents:
        frames = [m.frame for m in await within(0.1, agent)]
        assert pushes(frames) == ["due", "missed"]


async def test_the_broker_itself_may_say_something(quick_shop: Shop) -> None:
    await quick_shop.settle(Settings(check_in=CheckInSettings(auto_s=270)))
    sara, chat = await started(quick_shop)
    said = [m for m in await within(2000, sara) if m.frame.get("kind") == "msg"]
    assert [round(m.after) for m in said] == [270, 540]
    for moment in said:
        body, by = moment.frame["body"], moment.frame["by"]
        assert body["auto"] == "checkin"
        assert body["text"].startswith("Still looking into this.")
        assert by == "system"
    # It does not count as an answer.
    assert ("missed", 1) in await states(quick_shop, chat)


@pytest.mark.slow
async def test_a_snooze_stops_the_clock(quick_shop: Shop) -> None:
    _, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    await trio.sleep(100)
    await ann.ask("ticket.snooze", chat=chat, preset="next_reply")
    assert pushes([m.frame for m in await within(1000, ann)]) == []
    await ann.ask("ticket.wake", chat=chat)
    (due,) = [m for m in await within(100, ann) if m.frame["t"] == "push"]
    assert round(due.after) == 80


@pytest.mark.slow
async def test_a_snooze_ends_by_itself(quick_shop: Shop) -> None:
    _, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    await ann.say("chat.open", chat=chat)
    await ann.until(t="live")
    until = quick_shop.broker.clock() + 3600_000
    await ann.ask("ticket.snooze", chat=chat, until=until)
    (woken, *_) = [m for m in await within(4000, ann) if m.frame["t"] == "ev"]
    assert round(woken.after) == 3600
    assert woken.frame["body"] == {"from": "snoozed", "to": "open", "why": "due"}


async def test_a_broken_promise_is_told_to_who_looks_after_it(
    quick_shop: Shop,
) -> None:
    policy = SlaPolicy("basic", first_response=30, resolution=3600)
    await quick_shop.settle(
        Settings(check_in=CheckInSettings(enabled=False), sla=SlaSettings((policy,)))
    )
    sara, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    await ann.ask("chat.open", chat=chat)
    await ann.until(t="live")
    event, push = await within(40, ann)
    assert (event.frame["kind"], event.frame["body"]["state"]) == ("sla", "missed")
    assert event.frame["body"]["policy"] == "basic"
    assert 30 <= event.after < 31
    assert push.frame | {"kind": "attention", "why": "first_response"} == push.frame
    await sara.ask("chat.end", chat=chat)
    assert [frame["kind"] for frame in await ann.take(2)] == ["sla", "closed"]
    # Not a word of it to the shopper.
    assert all(frame.get("kind") != "sla" for frame in sara.heard)


@pytest.mark.parametrize("away", [0, 100, 170, 250, 1000, 100_000])
async def test_a_reminder_outlives_a_restart_and_comes_once(
    tmp_path: Path, away: float
) -> None:
    """Due 180 s after the message; the broker is away for a while after 10 s."""
    async with in_memory(tmp_path) as shop:
        _, chat = await started(shop)
        await trio.sleep(10)
    await trio.sleep(away)
    async with in_memory(tmp_path) as shop:
        ann = await shop.agent()
        assert len(shop.broker.house.chats) == 0
        due = [m for m in await within(400, ann) if m.frame["t"] == "push"]
        assert due[0].frame["state"] == "due"
        assert abs(due[0].after - max(0, 170 - away)) < 1
        told = await states(shop, chat)
        assert told[0] == ("due", 0)
        assert [state for state, _ in told].count("due") == 1
    async with in_memory(tmp_path) as shop:
        await shop.agent()
        await trio.sleep(100)
        told = await states(shop, chat)
        assert [state for state, _ in told].count("due") == 1


async def test_many_reminders_that_fell_due_meanwhile_come_once_each(
    tmp_path: Path,
) -> None:
    chats: list[str] = []
    async with in_memory(tmp_path) as shop:
        for number in range(20):
            client: Client = await shop.shopper(f"s{number}")
            chats.append((await client.ask("chat.start", text="hi"))["chat"])
        await trio.sleep(170)
    async with in_memory(tmp_path) as shop:
        ann = await shop.agent()
        moments = await within(100, ann)
        told = [m.frame["chat"] for m in moments if m.frame["t"] == "push"]
        assert sorted(told) == sorted(chats)
