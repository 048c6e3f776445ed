"""Who sees whom typing, and for how long (protocol section 7, spec F11)."""

import trio

from actors.settings.attention import CheckInSettings
from actors.settings.document import Settings
from tests.system.client import Client, Frame
from tests.system.moments import within
from tests.system.shop import Shop
from tests.system.test_writes import opened, started

LONG = 60.0
AT_THE_END = {"closed", "profile_event"}
"""What else comes when a chat is over."""


class Room:
    """A shopper with two devices and two agents, all listening."""

    def __init__(self, sara: Client, phone: Client, ann: Client, bob: Client) -> None:
        self.sara, self.phone, self.ann, self.bob = sara, phone, ann, bob
        self.chat = ""

    async def quiet(self) -> None:
        """Let everything be over, and forget it."""
        await trio.sleep(10)
        for client in (self.sara, self.phone, self.ann, self.bob):
            await within(1, client)


async def room(shop: Shop) -> Room:
    await shop.settle(Settings(check_in=CheckInSettings(enabled=False)))
    sara, chat = await started(shop)
    phone, ann = await shop.shopper(), await shop.agent("ann")
    made = Room(sara, phone, ann, await shop.agent("bob"))
    made.chat = chat
    for client in (made.phone, made.ann, made.bob):
        await opened(client, chat)
    await made.quiet()
    return made


def typing(by: str, *, on: bool) -> Frame:
    return {"t": "eph", "what": "typing", "by": by, "on": on}


def heard(frame: Frame) -> Frame:
    return {key: frame[key] for key in ("t", "what", "by", "on")}


async def test_a_shoppers_typing_reaches_all_agents_and_nobody_else(
    quick_shop: Shop,
) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True)
    for agent in (r.ann, r.bob):
        frame = await agent.next()
        assert heard(frame) == typing(r.sara.who, on=True)
        assert frame["chat"] == r.chat
    for own in (r.sara, r.phone):
        assert await within(LONG, own) == []


async def test_an_agents_typing_reaches_the_shopper_and_other_agents(
    quick_shop: Shop,
) -> None:
    r = await room(quick_shop)
    await r.ann.say("typing", chat=r.chat, on=True)
    for other in (r.sara, r.phone, r.bob):
        assert heard(await other.next()) == typing("agent:ann", on=True)
    assert await within(LONG, r.ann) == []


async def test_typing_a_note_is_shown_to_agents_alone(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.ann.say("typing", chat=r.chat, on=True, note=True)
    frame = await r.bob.next()
    assert heard(frame) == typing("agent:ann", on=True)
    assert frame["note"] is True
    for shopper in (r.sara, r.phone):
        assert await within(LONG, shopper) == []


async def test_a_shopper_types_no_notes(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True, note=True)
    assert "note" not in await r.ann.next()


async def test_signs_are_passed_on_every_three_seconds_at_most(
    quick_shop: Shop,
) -> None:
    r = await room(quick_shop)

    async def keep_typing() -> None:
        for _ in range(100):
            await r.sara.say("typing", chat=r.chat, on=True)
            await trio.sleep(0.1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_typing)
        moments = await within(10, r.ann)
    assert all(moment.frame["on"] for moment in moments)
    assert [round(moment.after) for moment in moments] == [0, 3, 6, 9]


async def test_typing_ends_by_itself_within_six_seconds(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True)
    on, off = await within(LONG, r.ann)
    assert (on.frame["on"], off.frame["on"]) == (True, False)
    assert 5 < off.after <= 6


async def test_another_sign_prolongs_it(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    for _ in range(5):
        await r.sara.say("typing", chat=r.chat, on=True)
        await trio.sleep(2)
    *ons, off = await within(LONG, r.ann)
    assert all(moment.frame["on"] for moment in ons)
    assert not off.frame["on"]
    assert 3 < off.after <= 4


async def test_an_off_ends_it_at_once(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True)
    assert (await r.ann.next())["on"] is True
    await r.sara.say("typing", chat=r.chat, on=False)
    (off,) = await within(LONG, r.ann)
    assert heard(off.frame) == typing(r.sara.who, on=False)
    assert off.after < 0.01


async def test_a_message_ends_its_authors_typing(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True)
    assert (await r.ann.next())["on"] is True
    await r.sara.ask("msg.send", chat=r.chat, text="done")
    moments = await within(LONG, r.ann)
    assert [moment.frame["t"] for moment in moments] == ["ev", "eph"]
    assert moments[1].frame["on"] is False
    assert moments[1].after < 0.01


async def test_a_note_ends_its_authors_typing(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.ann.say("typing", chat=r.chat, on=True, note=True)
    assert (await r.bob.next())["on"] is True
    await r.ann.ask("note.add", chat=r.chat, text="done")
    moments = await within(LONG, r.bob)
    assert [moment.frame["t"] for moment in moments] == ["ev", "eph"]
    assert await within(LONG, r.sara) == []


async def test_somebody_elses_message_does_not_end_it(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True)
    await r.ann.next()
    await r.bob.ask("msg.send", chat=r.chat, text="meanwhile")
    events, off = [], None
    for moment in await within(LONG, r.ann):
        if moment.frame["t"] == "ev":
            events.append(moment.frame["kind"])
        else:
            off = moment
    assert events == ["assigned", "msg"]
    assert off is not None
    assert off.after > 5


async def test_the_end_of_the_chat_ends_it(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True)
    await r.ann.next()
    await r.bob.ask("chat.end", chat=r.chat)
    moments = await within(LONG, r.ann)
    others = [m.frame for m in moments if m.frame.get("kind") not in AT_THE_END]
    assert [frame["t"] for frame in others] == ["eph"]
    assert all(moment.after < 0.01 for moment in moments)


async def test_the_last_connection_lost_ends_it(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.phone.cut()
    await r.sara.say("typing", chat=r.chat, on=True)
    await r.ann.next()
    await r.sara.cut()
    (off,) = await within(LONG, r.ann)
    assert heard(off.frame) == typing(r.sara.who, on=False)
    assert off.after < 0.01


async def test_one_of_two_connections_lost_does_not_end_it(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True)
    await r.ann.next()
    await r.phone.cut()
    (off,) = await within(LONG, r.ann)
    assert off.after > 5


async def test_who_opens_the_chat_sees_what_is_still_fresh(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat, on=True)
    await trio.sleep(2)
    cem = await quick_shop.agent("cem")
    await opened(cem, r.chat)
    assert heard(await cem.next()) == typing(r.sara.who, on=True)
    await trio.sleep(LONG)
    dan = await quick_shop.agent("dan")
    await opened(dan, r.chat)
    assert await within(LONG, dan) == []


async def test_typing_in_a_chat_out_of_reach_is_ignored(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    omar = await quick_shop.shopper("omar")
    visitor = await quick_shop.visitor()
    for client in (omar, visitor):
        for chat in (r.chat, "x", "06H079PCDM000RKW4VK9G9JKRR"):
            await client.say("typing", chat=chat, on=True)
        assert await within(LONG, client) == []
    assert await within(LONG, r.ann) == []


async def test_a_malformed_sign_is_ignored(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.sara.say("typing", chat=r.chat)
    await r.sara.say("typing", on=True)
    await r.sara.say("typing", chat=r.chat, on="yes")
    assert await within(1, r.sara) == []
    assert (await r.sara.ask("msg.send", chat=r.chat, text="hi"))["t"] == "ok"


async def test_typing_is_never_journaled(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    before = await quick_shop.size()
    for client in (r.sara, r.ann):
        await client.say("typing", chat=r.chat, on=True)
        await client.say("view", chat=r.chat, on=True)
    await trio.sleep(LONG)
    assert await quick_shop.size() == before


async def test_turning_to_a_note_ends_what_the_shopper_sees(quick_shop: Shop) -> None:
    r = await room(quick_shop)
    await r.ann.say("typing", chat=r.chat, on=True)
    assert (await r.sara.next())["on"] is True
    await r.ann.say("typing", chat=r.chat, on=True, note=True)
    (off,) = await within(LONG, r.sara)
    assert off.frame["on"] is False
    assert off.after <= 6
