"""Not a byte of what agents write among themselves reaches a shopper."""

from pathlib import Path

import pytest

from tests.system.client import Client, Form
from tests.system.shop import Shop, serving
from tests.system.test_writes import opened, started

SECRET = "PSST-between-us"


async def confide(ann: Client, chat: str) -> None:
    """Do everything that shoppers are not to know."""
    await ann.say("typing", chat=chat, on=True, note=True)
    await ann.ask("note.add", chat=chat, text=f"{SECRET}: always complains")
    await ann.ask("ticket.assign", chat=chat, to=SECRET, force=True)
    await ann.ask("ticket.snooze", chat=chat, preset="one_week")
    await ann.ask("ticket.wake", chat=chat)
    await ann.ask("ticket.tag", chat=chat, add=[SECRET])
    await ann.ask("ticket.tag", chat=chat, remove=[SECRET])


@pytest.mark.slow
async def test_no_byte_of_a_note_reaches_a_shopper(tmp_path: Path, form: Form) -> None:
    async with serving(tmp_path, form) as shop:
        await shop.hire(SECRET)
        sara, chat = await started(shop)
        phone = await shop.shopper()
        await opened(phone, chat)
        ann, boss = await shop.agent(), await shop.agent(SECRET)
        await opened(boss, chat)
        for number in range(3):
            await confide(ann, chat)
            await ann.ask("msg.send", chat=chat, text=f"visible {number}")
            await sara.ask("msg.send", chat=chat, text="I see")
            await boss.ask("read", chat=chat, seq=1 + number)
        await boss.until(kind="read")
        await sara.ask("chat.history", chat=chat, before=999, limit=200)
        late = await shop.shopper(resume={"chats": {chat: 5}})
        await late.until(t="live")
        everyone = [sara, phone, late]
        await looked_through(shop, everyone, chat)
        head = len(await shop.journal(chat))
    async with serving(tmp_path, form) as shop:
        again = await shop.shopper(resume={"chats": {chat: 0}})
        assert (await again.until(t="live"))["upto"] == head
        await looked_through(shop, [again], chat)


async def looked_through(shop: Shop, shoppers: list[Client], chat: str) -> None:
    for shopper in shoppers:
        assert shopper.raw
        for raw in shopper.raw:
            assert SECRET.encode() not in raw
            for kind in (
                b"note",
                b"assigned",
                b"snoozed",
                b"tagged",
                b'"status":"snoozed',
            ):
                assert kind not in raw, raw
    # The search can fail: it is all there.
    assert any(SECRET in str(entry.body) for entry in await shop.journal(chat))


async def test_a_shoppers_events_are_chained_over_what_is_hidden(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    await shop.hire(SECRET)
    for number in range(3):
        await confide(ann, chat)
        await ann.ask("msg.send", chat=chat, text=f"visible {number}")
    await confide(ann, chat)
    said = await sara.ask("msg.send", chat=chat, text="I see")
    visible = await shop.visible(chat, insider=False)
    position = 4
    for event in [*sara.unread(), said]:
        assert event["prev"] == position
        position = event["seq"]
    assert position == visible[-1]["seq"]
    assert position - said["prev"] == 7


async def test_a_shopper_sees_no_trace_of_a_snooze_in_the_ticket(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    await ann.ask("msg.send", chat=chat, text="one moment")
    await ann.ask("ticket.snooze", chat=chat, preset="one_week")
    shown = (await sara.ask("chat.open", chat=chat))["ticket"]
    assert shown["status"] == "open"
    assert shown["assignee"] is None
    assert shown["waiting_since"] is None
    assert "until" not in shown
    inside = (await ann.ask("chat.open", chat=chat))["ticket"]
    assert (inside["status"], inside["assignee"]) == ("snoozed", "ann")
    assert inside["until"] > inside["opened_at"]


async def test_the_ok_of_what_one_may_not_see_moves_no_position(shop: Shop) -> None:
    """No operation of a shopper makes a hidden event yet; the head counts them all."""
    sara, chat = await started(shop)
    ann = await shop.agent()
    await confide(ann, chat)
    opening = await sara.ask("chat.open", chat=chat, after=4)
    assert opening["head"] == len(await shop.journal(chat))
    assert (await sara.next())["t"] == "live"
