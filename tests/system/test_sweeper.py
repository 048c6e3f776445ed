"""A running broker sees by itself that it would miss somebody, and mends it (U8)."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
import trio
from sqlite_utils import Database

from actors.ids import ChatId, SiteId
from broker.commands.reading import journal
from broker.office.clerk import carry_out
from broker.office.requests import Audit, Audited
from broker.outward.delivery import Failed
from broker.sites import DEFAULT_SITE
from broker.sweeper import SECOND_LOOK_S, SWEEP_S
from storage.outgoing import Delivery
from tests.broker.commands.typed import typed
from tests.system.shop import Shop, in_memory
from tests.system.test_handing import handed_over, handing_over
from tests.system.test_writes import started

pytestmark = pytest.mark.usefixtures("virtual_time")

SEEN_S = SWEEP_S + SECOND_LOOK_S + 1
"""Within this it is seen and mended."""


def _lose_all(db: Database) -> None:
    db.execute("DELETE FROM outgoing")


def _forget_due(db: Database, chat: str) -> None:
    db.execute("UPDATE ticket SET due = NULL WHERE chat = ?", (chat,))


async def due(shop: Shop, chat: str) -> int | None:
    sql = "SELECT due FROM ticket WHERE chat = ?"
    found: int | None = await shop.broker.query(
        lambda db: db.execute(sql, (chat,)).fetchone()[0]
    )
    return found


async def drop_alarm(shop: Shop, chat: str) -> None:
    shop.broker.alarms.set(ChatId(chat), None)


async def drop_deadline(shop: Shop, chat: str) -> None:
    await shop.broker.change(partial(_forget_due, chat=chat))


async def drop_place(shop: Shop, chat: str) -> None:
    desk = shop.broker.house.desks.find(SiteId(DEFAULT_SITE))
    place = desk.router.ledger.places.pop(ChatId(chat))
    desk.router.ledger._take_out(place)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (drop_alarm, "unarmed"),
        (drop_deadline, "unarmed"),
        (drop_place, "unlisted"),
    ],
)
async def test_what_would_be_missed_is_said_and_mended(
    quick_shop: Shop, spoil: Callable[[Shop, str], Awaitable[None]], why: str
) -> None:
    sara, chat = await started(quick_shop)
    boss = await quick_shop.agent("boss", "admin")
    ann = await quick_shop.agent("ann")
    await trio.sleep(1)
    right = await due(quick_shop, chat)
    assert right is not None
    await spoil(quick_shop, chat)
    await trio.sleep(SEEN_S)
    said = await boss.until(t="push", kind="attention")
    assert (said["why"], said["chat"]) == (why, chat)
    assert all(f.get("kind") != "attention" for f in ann.heard + sara.heard)
    assert quick_shop.broker.sweeper.broken == {why: 1}
    assert quick_shop.broker.alarms.due(ChatId(chat)) == right
    assert await due(quick_shop, chat) == right
    desk = quick_shop.broker.house.desks.find(SiteId(DEFAULT_SITE))
    assert ChatId(chat) in desk.router.ledger.places
    # Once: it is as it should be now.
    assert await quick_shop.broker.sweeper.sweep() == []
    await sara.ask("msg.send", chat=chat, text="still there?")


async def test_what_was_lost_on_its_way_to_another_system_gets_there(
    quick_shop: Shop,
) -> None:
    fake = await handing_over(quick_shop)
    boss = await quick_shop.agent("boss", "admin")
    sara = await quick_shop.shopper()
    chat = await handed_over(sara)
    await sara.until(kind="handoff", by="system")
    await sara.ask("msg.send", chat=chat, text="it is about a lamp")
    await trio.sleep(1)
    fake.down = True
    await sara.ask("msg.send", chat=chat, text="a blue one")
    await trio.sleep(1)
    await quick_shop.broker.change(_lose_all)
    fake.down = False
    await trio.sleep(SEEN_S)
    said = await boss.until(t="push", kind="attention")
    assert (said["why"], said["chat"]) == ("unsent", chat)
    assert list(fake.messages.values()) == ["it is about a lamp", "a blue one"]
    assert await quick_shop.broker.sweeper.sweep() == []


async def test_a_turn_of_the_bot_that_was_given_up_is_taken_after_all(
    quick_shop: Shop,
) -> None:
    await handing_over(quick_shop)
    turns = quick_shop.broker.outward.turns

    async def give_up(_: Delivery) -> Failed:
        await trio.sleep(0.1)
        return Failed("a bug", final=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "send", give_up)
        sara = await quick_shop.shopper()
        chat = (await sara.ask("chat.start", text="I have a complaint"))["chat"]
        await trio.sleep(1)
        assert all(frame.get("kind") != "handoff" for frame in sara.heard)
    await trio.sleep(SEEN_S)
    offered = await sara.until(kind="handoff")
    assert (offered["chat"], offered["body"]["state"]) == (chat, "offered")
    assert quick_shop.broker.sweeper.broken == {"unsent": 1}


@pytest.mark.slow
async def test_nothing_is_said_of_what_is_as_it_should_be(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    ann = await quick_shop.agent()
    for _ in range(4):
        await ann.ask("msg.send", chat=chat, text="one moment", hold=True)
        await trio.sleep(250)
        await sara.ask("msg.send", chat=chat, text="yes?")
    await ann.ask("ticket.snooze", chat=chat, preset="later_today")
    await trio.sleep(100)
    assert quick_shop.broker.sweeper.broken == {}


async def test_who_is_not_there_but_has_tickets_is_listed(quick_shop: Shop) -> None:
    _, chat = await started(quick_shop)
    ann = await quick_shop.agent("ann")
    await ann.ask("ticket.assign", chat=chat, to="ann")
    await ann.ask("presence.set", state="away")
    await trio.sleep(5)
    answer = await carry_out(quick_shop.broker, Audit())
    assert isinstance(answer, Audited)
    (finding,) = answer.findings
    assert (finding.why, finding.agent, finding.broken) == (
        *("agent_offline", "ann"),
        False,
    )


@pytest.mark.slow
async def test_the_command_finds_what_the_next_start_would_forget(
    tmp_path: Path,
) -> None:
    async with in_memory(tmp_path) as shop:
        _, chat = await started(shop)
    well = await trio.to_thread.run_sync(typed, "audit", "--data", tmp_path)
    assert (well.exit_code, well.stdout) == (0, "")
    assert well.stderr.strip().endswith("0 broken.")
    async with in_memory(tmp_path) as shop:
        await drop_deadline(shop, chat)
    with journal(tmp_path) as db:
        assert db.execute("SELECT due FROM ticket").fetchone() == (None,)
    found = await trio.to_thread.run_sync(typed, "audit", "--data", tmp_path)
    assert found.exit_code == 1
    finding = json.loads(found.stdout)
    assert (finding["why"], finding["chat"], finding["broken"]) == (
        *("unarmed", chat),
        True,
    )
    async with in_memory(tmp_path) as shop:
        await trio.sleep(SEEN_S)
        assert await due(shop, chat) is not None
    mended = await trio.to_thread.run_sync(typed, "audit", "--data", tmp_path)
    assert mended.exit_code == 0
