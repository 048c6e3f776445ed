"""Which agents have a chat on the screen, and who is told (protocol section 4, F30)."""

import pytest
import trio

from actors.settings.assignment import AssignmentSettings, Team
from actors.settings.attention import CheckInSettings
from actors.settings.document import Settings
from tests.system.client import Client, Frame
from tests.system.moments import within
from tests.system.shop import Shop
from tests.system.test_typing import AT_THE_END, LONG, Room, heard, room
from tests.system.test_writes import opened, started

VIP = Team("vip", "VIP", members=("ann", "bob"), restricted=True)


def viewing(by: str, *, on: bool) -> Frame:
    return {"t": "eph", "what": "viewing", "by": by, "on": on}


async def looks(shop: Shop) -> tuple[Room, Client]:
    """Return a chat with a third agent in it, whom nobody can mistake for another."""
    r = await room(shop)
    cem = await shop.agent("cem")
    await opened(cem, r.chat)
    return r, cem


async def test_who_views_is_told_to_the_agents_who_listen(quick_shop: Shop) -> None:
    r, cem = await looks(quick_shop)
    own, dan = await quick_shop.agent("ann"), await quick_shop.agent("dan")
    await opened(own, r.chat)
    await r.ann.say("view", chat=r.chat, on=True)
    for other in (r.bob, cem):
        frame = await other.next()
        assert frame == viewing("agent:ann", on=True) | {"chat": r.chat}
    for nobody in (r.sara, r.phone, r.ann, own, dan):
        assert await within(LONG, nobody) == []


async def test_both_subprotocols_say_the_same(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann, bob = await shop.agent("ann"), await shop.agent("bob")
    for agent in (ann, bob):
        await opened(agent, chat)
    for on in (True, False):
        await ann.say("view", chat=chat, on=on)
        assert await bob.next() == viewing("agent:ann", on=on) | {"chat": chat}
    assert (await ann.ask("msg.send", chat=chat, text="hi"))["t"] == "ok"
    await sara.until(kind="msg", by="agent:ann")
    assert not [frame for frame in sara.heard if frame["t"] == "eph"]


async def test_signs_are_passed_on_every_five_seconds_at_most(
    quick_shop: Shop,
) -> None:
    r = await room(quick_shop)

    async def keep_looking() -> None:
        for _ in range(120):
            await r.ann.say("view", chat=r.chat, on=True)
            await trio.sleep(0.1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_looking)
        moments = await within(12, r.bob)
    assert all(moment.frame["on"] for moment in moments)
    assert [round(moment.after) for moment in moments] == [0, 5, 10]


async def test_viewing_ends_by_itself_after_fifteen_seconds(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.ann.say("view", chat=r.chat, on=True)
    await trio.sleep(10)
    await r.ann.say("view", chat=r.chat, on=True)
    *ons, off = await within(LONG, r.bob)
    assert all(moment.frame["on"] for moment in ons)
    assert heard(off.frame) == viewing("agent:ann", on=False)
    assert 14 < off.after <= 15


@pytest.mark.parametrize("how", ["off", "leave", "cut", "close"])
async def test_viewing_ends_at_once(quick_shop: Shop, how: str) -> None:
    r = await room(quick_shop)
    await r.ann.say("view", chat=r.chat, on=True)
    assert (await r.bob.next())["on"] is True
    match how:
        case "off":
            await r.ann.say("view", chat=r.chat, on=False)
        case "leave":
            await r.ann.ask("chat.leave", chat=r.chat)
        case "cut":
            await r.ann.cut()
        case _:
            await r.sara.ask("chat.end", chat=r.chat)
    moments = await within(LONG, r.bob)
    (off,) = [m for m in moments if m.frame.get("kind") not in AT_THE_END]
    assert heard(off.frame) == viewing("agent:ann", on=False)
    assert off.after < 0.01


async def test_one_of_two_screens_lost_does_not_end_it(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    own = await quick_shop.agent("ann")
    await opened(own, r.chat)
    await own.say("view", chat=r.chat, on=True)
    await r.bob.next()
    await own.cut()
    (off,) = await within(LONG, r.bob)
    assert off.after > 14


async def test_a_message_does_not_end_it(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.ann.say("view", chat=r.chat, on=True)
    await r.ann.ask("msg.send", chat=r.chat, text="hi")
    ephs = [m for m in await within(LONG, r.bob) if m.frame["t"] == "eph"]
    assert [moment.frame["on"] for moment in ephs] == [True, False]
    assert ephs[1].after > 14


async def test_who_opens_the_chat_sees_who_views_it(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.ann.say("view", chat=r.chat, on=True)
    await trio.sleep(9)
    cem = await quick_shop.agent("cem")
    await opened(cem, r.chat)
    assert heard(await cem.next()) == viewing("agent:ann", on=True)
    tablet = await quick_shop.shopper()
    await opened(tablet, r.chat)
    assert await within(LONG, tablet) == []
    dan = await quick_shop.agent("dan")
    await opened(dan, r.chat)
    assert await within(LONG, dan) == []


async def test_shoppers_and_visitors_view_nothing(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    visitor = await quick_shop.visitor()
    for client in (r.sara, visitor):
        await client.say("view", chat=r.chat, on=True)
        assert await within(1, client) == []
    assert await within(LONG, r.ann) == []


async def test_what_is_out_of_reach_is_ignored(quick_shop: Shop) -> None:
    await quick_shop.open_site("other", Settings())
    await quick_shop.settle(
        Settings(
            check_in=CheckInSettings(enabled=False),
            assignment=AssignmentSettings(teams=(VIP,)),
        )
    )
    _, chat = await started(quick_shop)
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    for agent in (ann, bob):
        await opened(agent, chat)
    assert (await ann.ask("ticket.assign", chat=chat, to="team:vip"))["t"] == "ok"
    cem = await quick_shop.agent("cem")
    await quick_shop.hire("eve", site="other")
    eve = await quick_shop.connect()
    await eve.hello(token=quick_shop.token("agent", "eve", site="other"))
    await within(10, bob)
    for client in (cem, eve):
        for named in (chat, "x", "06H079PCDM000RKW4VK9G9JKRR"):
            await client.say("view", chat=named, on=True)
        assert await within(LONG, client) == []
    assert await within(LONG, bob) == []
    await ann.say("view", chat=chat, on=True)
    assert heard(await bob.next()) == viewing("agent:ann", on=True)


async def test_who_is_seen_out_views_no_longer(quick_shop: Shop) -> None:
    r, cem = await looks(quick_shop)
    await quick_shop.settle(
        Settings(
            check_in=CheckInSettings(enabled=False),
            assignment=AssignmentSettings(teams=(VIP,)),
        )
    )
    await cem.say("view", chat=r.chat, on=True)
    assert heard(await r.bob.next()) == viewing("agent:cem", on=True)
    await r.ann.ask("ticket.assign", chat=r.chat, to="team:vip")
    (off,) = [m for m in await within(LONG, r.bob) if m.frame["t"] == "eph"]
    assert heard(off.frame) == viewing("agent:cem", on=False)
    assert off.after < 0.01
