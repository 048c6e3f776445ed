"""Tickets that are put aside come back by themselves (spec F17)."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest
import trio

from actors.settings.document import Settings
from actors.settings.hours import HoursSettings
from broker.presets import until
from tests.system.client import Frame, unpacked
from tests.system.moments import within
from tests.system.shop import Shop, in_memory
from tests.system.test_writes import started

HOUR = 3600


@pytest.mark.parametrize("preset", ["later_today", "tomorrow", "one_week"])
async def test_a_preset_is_a_moment_in_the_shops_zone(shop: Shop, preset: str) -> None:
    await shop.settle(Settings(hours=HoursSettings("America/New_York")))
    _, chat = await started(shop)
    ann = await shop.agent()
    ok = await ann.ask("ticket.snooze", chat=chat, preset=preset)
    rules = shop.broker.sites.rules_of("default")
    status = (await shop.journal(chat))[-1]
    assert status.body["until"] == until(preset, rules, ok["at"])


@pytest.mark.parametrize("fields", [{"preset": "some_day"}, {}, {"until": None}])
async def test_without_a_moment_there_is_no_snooze(
    shop: Shop, fields: dict[str, str]
) -> None:
    _, chat = await started(shop)
    ann = await shop.agent()
    refused = await ann.ask("ticket.snooze", chat=chat, **fields)
    assert refused["code"] == "bad_frame"


@pytest.mark.usefixtures("virtual_time")
async def test_a_reply_wakes_and_the_alarm_is_gone(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    await ann.ask("ticket.snooze", chat=chat, preset="later_today")
    await sara.ask("msg.send", chat=chat, text="I am back")
    await ann.ask("msg.send", chat=chat, text="so am I")
    await within(4 * HOUR, ann)
    changes = [e.body for e in await quick_shop.journal(chat) if e.kind == "status"]
    assert [(body["to"], body.get("why")) for body in changes] == [
        ("snoozed", None),
        ("open", "reply"),
    ]


@pytest.mark.usefixtures("virtual_time")
async def test_alarms_that_were_slept_through_ring_once_in_the_order_they_were_due(
    tmp_path: Path,
) -> None:
    ahead = [HOUR * 3, HOUR, HOUR * 2]
    async with in_memory(tmp_path) as shop:
        ann = await shop.agent()
        chats: list[str] = []
        for number, seconds in enumerate(ahead):
            sara = await shop.shopper(f"s{number}")
            chat = (await sara.ask("chat.start", text="hello"))["chat"]
            await ann.ask("msg.send", chat=chat, text="later")
            due = shop.broker.clock() + seconds * 1000
            assert (await ann.ask("ticket.snooze", chat=chat, until=due))["t"] == "ok"
            chats.append(chat)
    await trio.sleep(HOUR * 5)
    for _ in range(2):
        async with in_memory(tmp_path) as shop:
            await trio.sleep(60)
            statuses = await shop.broker.query(partial(kept, kind="status"))
            assert [chat for chat, _ in statuses[:3]] == chats
            woken = [(chat, body["why"]) for chat, body in statuses[3:]]
            assert woken == [(chats[n], "due") for n in (1, 2, 0)]


def kept(db: sqlite3.Connection, kind: str) -> list[tuple[str, Frame]]:
    """Return chat and body of every event of a kind, in the order of the journal."""
    sql = """
    SELECT chat, body FROM event JOIN ticket USING (stream) WHERE kind = ?
    ORDER BY gseq"""
    rows = db.execute(sql, (kind,)).fetchall()
    return [(chat, unpacked(body)) for chat, body in rows]
