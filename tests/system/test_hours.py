"""When the shop is open: what widgets are told of it, and when (spec F37)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from actors.library import Macro
from actors.settings.assignment import AssignmentSettings
from actors.settings.document import Settings
from actors.settings.hours import HoursSettings, Week
from broker.almanac import DAY, HOUR
from broker.calendar import AHEAD
from broker.sites import DEFAULT_SITE
from tests.system.desk import stocked, talking
from tests.system.moments import within
from tests.system.shop import Shop, in_memory

pytestmark = pytest.mark.usefixtures("virtual_time")

MINUTE = 60 * 1000
LATE_S = 1
"""Within this everybody knows."""


def soon(shop: Shop, opens: int = 2, closes: int = 4) -> HoursSettings:
    """Return hours of a shop that opens every day in so many minutes from now."""
    now = shop.broker.clock()
    begin, end = (
        f"{datetime.fromtimestamp((now + ahead * MINUTE) / 1000, UTC):%H:%M}"
        for ahead in (opens, closes)
    )
    return HoursSettings("Etc/UTC", Week(*[((begin, end),)] * 7))


async def test_widgets_hear_at_each_turn_by_itself(quick_shop: Shop) -> None:
    await quick_shop.settle(Settings(hours=soon(quick_shop)))
    guests = [await quick_shop.shopper(), await quick_shop.visitor()]
    hours = guests[0].welcome["config"]["hours"]
    opens = hours["opens_at"]
    assert hours == {"open_now": False, "zone": "Etc/UTC", "opens_at": opens}
    ahead = (opens - quick_shop.broker.clock()) / 1000
    assert 60 < ahead <= 120
    opened, closed = await within(250, guests[0])
    assert opened.frame["config"]["hours"] == {"open_now": True, "zone": "Etc/UTC"}
    assert 0 <= opened.after - ahead <= LATE_S
    assert closed.frame["config"]["hours"] == hours | {"opens_at": opens + DAY}
    assert 0 <= closed.after - ahead - 120 <= LATE_S
    assert len(await within(0.1, guests[1])) == 2


async def test_a_shop_without_hours_says_that_it_is_open(quick_shop: Shop) -> None:
    sara = await quick_shop.shopper()
    assert sara.welcome["config"]["hours"] == {"open_now": True, "zone": "UTC"}


@pytest.mark.slow
async def test_hours_are_known_further_as_time_goes(quick_shop: Shop) -> None:
    await quick_shop.settle(Settings(hours=soon(quick_shop)))
    before = quick_shop.broker.sites.rules_of(DEFAULT_SITE).hours
    _, ann, chat = await talking(quick_shop)
    await ann.ask("msg.send", chat=chat, text="hello")
    await trio.sleep(HOUR / 1000 + LATE_S)
    after = quick_shop.broker.sites.rules_of(DEFAULT_SITE).hours
    assert before.windows is not None
    assert after.windows is not None
    assert after.windows[0][1] > before.windows[0][0]
    assert after is not before
    assert after.windows[-1][1] > quick_shop.broker.clock() + AHEAD - DAY


async def replies(shop: Shop, chat: str) -> list[str]:
    return [
        entry.body["text"]
        for entry in await shop.journal(chat)
        if entry.body.get("auto") == "offhours"
    ]


async def test_a_message_to_a_closed_shop_is_answered_by_itself(
    quick_shop: Shop,
) -> None:
    hours = replace(soon(quick_shop), auto_reply="Back {{hours.next}}")
    await quick_shop.settle(Settings(hours=hours))
    sara = await quick_shop.shopper()
    answer = await sara.ask("chat.start", text="hello", id="one")
    said = await sara.until(t="ev", seq=answer["seq"] + 1)
    assert (said["by"], said["body"]["auto"]) == ("system", "offhours")
    (text,) = await replies(quick_shop, answer["chat"])
    assert text.endswith("(Etc/UTC)")
    again = await sara.ask("chat.start", text="hello", id="one")
    assert again["dup"] is True
    await sara.ask("msg.send", chat=answer["chat"], text="anybody?")
    assert len(await replies(quick_shop, answer["chat"])) == 1


async def test_nobody_there_is_known_at_once(quick_shop: Shop) -> None:
    hours = HoursSettings(auto_reply="Nobody is here.", when_no_agents=True, quiet_s=0)
    await quick_shop.hire("ann")
    await quick_shop.save(Settings(hours=hours))
    await trio.sleep(1)
    sara = await quick_shop.shopper()
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    assert len(await replies(quick_shop, chat)) == 1
    ann = await quick_shop.agent()
    await trio.sleep(1)
    await ann.ask("msg.send", chat=chat, text="But I am.")
    await sara.ask("msg.send", chat=chat, text="Good.")
    assert len(await replies(quick_shop, chat)) == 1
    await ann.ask("presence.set", state="away")
    await trio.sleep(3)
    await sara.ask("msg.send", chat=chat, text="Still?")
    assert len(await replies(quick_shop, chat)) == 2


async def test_who_comes_when_many_wait_is_told(quick_shop: Shop) -> None:
    assignment = AssignmentSettings(
        routing="round_robin", queue_limit=2, long_wait="Many wait."
    )
    await quick_shop.save(Settings(assignment=assignment))
    told: list[list[str]] = []
    for number in range(4):
        shopper = await quick_shop.shopper(f"s{number}")
        chat = (await shopper.ask("chat.start", text="hello"))["chat"]
        await trio.sleep(1)
        told.append(await replies(quick_shop, chat))
    assert told == [[], [], ["Many wait."], ["Many wait."]]


@pytest.mark.parametrize("away", [0.1, 70])
async def test_a_restart_is_no_leaving(tmp_path: Path, away: float) -> None:
    hours = HoursSettings(auto_reply="Nobody is here.", when_no_agents=True, quiet_s=0)
    async with in_memory(tmp_path) as shop:
        await shop.save(Settings(hours=hours))
        ann = await shop.agent()
        await trio.sleep(1)
        sara = await shop.shopper()
        chat = (await sara.ask("chat.start", text="hello"))["chat"]
        await ann.ask("msg.send", chat=chat, text="Here.")
    async with in_memory(tmp_path) as shop:
        sara = await shop.shopper()
        await trio.sleep(away)
        await sara.ask("msg.send", chat=chat, text="Thanks.")
        assert len(await replies(shop, chat)) == (away > 60)


async def test_a_macro_says_when_the_shop_opens_next(quick_shop: Shop) -> None:
    await stocked(quick_shop, Macro("back", "Back", text="Back {{hours.next}}."))
    _, ann, chat = await talking(quick_shop)
    missing = await ann.ask("macro.render", chat=chat, macro="back")
    assert missing["names"] == ["hours.next"]
    hours = soon(quick_shop)
    await quick_shop.settle(Settings(hours=hours))
    filled = await ann.ask("macro.render", chat=chat, macro="back")
    assert hours.weekly is not None
    assert filled["text"].endswith(f", {hours.weekly.mon[0][0]} (Etc/UTC).")


async def test_tomorrow_is_when_the_shop_opens(quick_shop: Shop) -> None:
    await quick_shop.settle(Settings(hours=soon(quick_shop, -4, -2)))
    _, ann, chat = await talking(quick_shop)
    await ann.ask("ticket.snooze", chat=chat, preset="tomorrow")
    aside = (await quick_shop.journal(chat))[-1]
    hours = quick_shop.broker.sites.rules_of(DEFAULT_SITE).hours
    midnight = quick_shop.broker.clock() // DAY * DAY + DAY
    assert aside.body["until"] == min(
        begin for begin, _ in hours.windows or () if begin >= midnight
    )
