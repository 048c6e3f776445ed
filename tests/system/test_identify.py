"""A visitor signs in: what they said to the bot is the shopper's from there on (F2)."""

import pytest
import trio

from actors.ids import Person
from actors.settings.ai import AiSettings, ScriptLine, ScriptSettings
from actors.settings.document import Settings
from broker.office.blocking import block
from tests.system.client import Client, Frame
from tests.system.shop import Shop

BOT_FOR_ALL = Settings(
    ai=AiSettings(
        enabled=True,
        responder="script",
        script=ScriptSettings((ScriptLine("hello", hand_over=True),)),
    )
)
BOT = Settings(ai=AiSettings(enabled=True, responder="script", script=ScriptSettings()))


@pytest.fixture
async def bot_shop(quick_shop: Shop) -> Shop:
    await quick_shop.settle(BOT)
    return quick_shop


async def begun(client: Client, id_: str = "begin") -> str:
    started = await client.ask("chat.start", id=id_, text="hello")
    assert started["t"] == "ok", started
    chat: str = started["chat"]
    return chat


async def sign_in(shop: Shop, client: Client, sub: str = "sara") -> str | None:
    answer = await client.ask("identify", token=shop.token("shopper", sub, name=sub))
    assert answer["t"] == "ok", answer
    await client.until(kind="config")
    chat: str | None = answer.get("chat")
    return chat


async def test_a_visitors_chat_becomes_the_shoppers(bot_shop: Shop) -> None:
    visitor, ann = await bot_shop.visitor(), await bot_shop.agent()
    chat = await begun(visitor)
    await ann.ask("chat.open", chat=chat)
    assert await sign_in(bot_shop, visitor) == chat
    sara = await bot_shop.shopper()
    assert sara.welcome["chat"] == chat
    signed_in = await ann.until(kind="identified")
    assert signed_in["body"] == {"from": visitor.who, "to": sara.who}
    # Here it goes on, without a gap, and for the shopper's other connections, too.
    await sara.ask("chat.open", chat=chat)
    said = await visitor.ask("msg.send", chat=chat, text="it is me")
    assert (await sara.until(kind="msg", seq=said["seq"]))["by"] == sara.who
    assert [e for e in sara.events(chat) if e["kind"] == "identified"] == []
    assert (await ann.ask("profile.get", chat=chat))["profile"]["name"] == "sara"
    listed = await ann.ask("inbox.open", view="bot", status="open")
    assert [(row["chat"], row["name"]) for row in listed["rows"]] == [(chat, "sara")]


async def test_what_is_sent_once_more_is_known_as_theirs(bot_shop: Shop) -> None:
    visitor = await bot_shop.visitor()
    chat = await begun(visitor)
    first = await visitor.ask("msg.send", id="one", chat=chat, text="where is it?")
    await visitor.ask("read", chat=chat, seq=2)
    await sign_in(bot_shop, visitor)
    again = await visitor.ask("msg.send", id="one", chat=chat, text="where is it?")
    assert (again["seq"], again["dup"]) == (first["seq"], True)
    start = await visitor.ask("chat.start", id="begin", text="hello")
    assert (start["chat"], start["dup"]) == (chat, True)
    await trio.sleep(2)
    reads = [e.body for e in await bot_shop.journal(chat) if e.kind == "read"]
    sara = (await bot_shop.shopper()).who
    assert [(body["who"], body["upto"]) for body in reads] == [(sara, 2)]


async def test_of_two_chats_the_visitors_is_over(bot_shop: Shop) -> None:
    sara, visitor = await bot_shop.shopper(), await bot_shop.visitor()
    own, other = await begun(sara), await begun(visitor)
    assert await sign_in(bot_shop, visitor) == own
    over = await visitor.until(kind="closed")
    assert (over["chat"], over["body"]) == (other, {"reason": "merged"})
    kinds = [entry.kind for entry in await bot_shop.journal(other)]
    assert kinds[-2:] == ["identified", "closed"]
    # It is the shopper's to look at, and nobody's to write in.
    opened = await sara.ask("chat.open", chat=other)
    assert opened["ticket"]["status"] == "closed"
    late = await sara.ask("msg.send", chat=other, text="hm")
    assert late["code"] == "chat_closed"
    assert (await visitor.ask("msg.send", chat=own, text="on"))["t"] == "ok"


async def test_it_happens_once_and_to_one_person(bot_shop: Shop) -> None:
    visitor = await bot_shop.visitor()
    tab = await bot_shop.visitor(anon=visitor.welcome["anon"])
    chat = await begun(visitor)
    await tab.ask("chat.open", chat=chat)
    await sign_in(bot_shop, visitor)
    token = bot_shop.token("shopper", "omar")
    assert (await visitor.ask("identify", token=token))["code"] == "conflict"
    # A tab that is still a visitor's has no part in it any more, and may begin anew.
    await visitor.ask("msg.send", chat=chat, text="a secret")
    for op, fields in (("msg.send", {"text": "hm"}), ("chat.open", {})):
        assert (await tab.ask(op, chat=chat, **fields))["code"] == "not_found"
    assert "a secret" not in str(tab.heard)
    assert await begun(tab, "anew") != chat
    assert await sign_in(bot_shop, tab, "omar") != chat
    kinds = [entry.kind for entry in await bot_shop.journal(chat)]
    assert kinds.count("identified") == 1


async def test_who_had_no_chat_signs_in_to_the_one_they_have(bot_shop: Shop) -> None:
    visitor = await bot_shop.visitor()
    assert await sign_in(bot_shop, visitor) is None
    sara = await bot_shop.shopper()
    chat = await begun(sara)
    tab = await bot_shop.visitor()
    assert await sign_in(bot_shop, tab) == chat


async def test_all_tabs_of_a_visitor_may_sign_in_at_once(bot_shop: Shop) -> None:
    visitor = await bot_shop.visitor()
    tabs = [visitor] + [
        await bot_shop.visitor(anon=visitor.welcome["anon"]) for _ in range(3)
    ]
    chat = await begun(visitor)
    token = bot_shop.token("shopper", "sara")
    asked = [(tab, await tab.say("identify", token=token)) for tab in tabs]
    said = [(tab, await tab.say("chat.start", text="and now?")) for tab in tabs]
    for tab, id_ in asked:
        assert (await tab.answer(id_))["chat"] == chat
    for tab, id_ in said:
        started = await tab.answer(id_)
        assert (started["chat"], started["existing"]) == (chat, True)
    kinds = [entry.kind for entry in await bot_shop.journal(chat)]
    assert kinds.count("identified") == 1


@pytest.mark.parametrize("own", [False, True], ids=["nothing", "a chat of their own"])
async def test_who_is_blocked_brings_no_chat_with_them(
    bot_shop: Shop, *, own: bool
) -> None:
    sara, visitor = await bot_shop.shopper(), await bot_shop.visitor()
    if own:
        await begun(sara)
    chat = await begun(visitor)
    await block(bot_shop.broker, "default", "sara", "swears", by=Person("agent:boss"))
    assert await sign_in(bot_shop, visitor) is None
    assert (await visitor.until(kind="closed"))["body"]["reason"] == "agent"
    late = await visitor.ask("msg.send", chat=chat, text="hm")
    assert late["code"] == "forbidden"
    assert (await bot_shop.shopper()).welcome["chat"] is None
    entries = await bot_shop.journal(chat)
    assert [entry.kind for entry in entries[-2:]] == ["identified", "closed"]
    assert entries[-1].body["reason"] == "blocked"


async def in_queue(ann: Client, chat: str) -> Frame:
    """Return the row of a chat that has just become a ticket."""
    while True:
        row: Frame = (await ann.until(t="ix")).get("row", {})
        if row.get("chat") == chat:
            return row


async def test_who_has_to_sign_in_for_a_person_does_and_gets_one(shop: Shop) -> None:
    await shop.settle(BOT_FOR_ALL)
    visitor, ann = await shop.visitor(), await shop.agent()
    await ann.ask("inbox.open", view="unassigned", status="open")
    chat = await begun(visitor)
    await visitor.until(kind="handoff")
    refused = await visitor.ask("handoff.answer", id="yes", chat=chat, yes=True)
    assert (refused["code"], refused["retry"]) == ("login_required", False)
    await sign_in(shop, visitor)
    # The same question, asked again under the same id, is the shopper's now.
    accepted = await visitor.ask("handoff.answer", id="yes", chat=chat, yes=True)
    assert accepted["t"] == "ok"
    row = await in_queue(ann, chat)
    assert (row["control"], row["name"], row["unread"]) == ("humans", "sara", True)
    assert row["profile"] == (await shop.shopper()).who.removeprefix("shopper:")
    again = await visitor.ask("handoff.answer", id="yes", chat=chat, yes=True)
    assert (again["seq"], again["dup"]) == (accepted["seq"], True)
    await ann.ask("chat.open", chat=chat)
    assert (await ann.ask("msg.send", chat=chat, text="I am Ann."))["t"] == "ok"
    said = await visitor.until(kind="msg", by="agent:ann")
    assert said["body"] == {"text": "I am Ann."}
    assert (await visitor.ask("msg.send", chat=chat, text="Hi!"))["t"] == "ok"
    states = [e.body["state"] for e in await shop.journal(chat) if e.kind == "handoff"]
    assert states == ["offered", "accepted", "done"]


async def test_an_offer_waits_ten_minutes_for_who_has_to_sign_in(
    quick_shop: Shop,
) -> None:
    await quick_shop.settle(BOT_FOR_ALL)
    visitor, late = await quick_shop.visitor(), await quick_shop.visitor()
    chats = [await begun(each) for each in (visitor, late)]
    for each in (visitor, late):
        await each.until(kind="handoff")
    await trio.sleep(9 * 60)
    await sign_in(quick_shop, visitor)
    answered = await visitor.ask("handoff.answer", chat=chats[0], yes=True)
    assert answered["t"] == "ok"
    await trio.sleep(2 * 60)
    withdrawn = await late.until(kind="handoff")
    assert withdrawn["body"]["state"] == "withdrawn"
    await sign_in(quick_shop, late, "omar")
    refused = await late.ask("handoff.answer", chat=chats[1], yes=True)
    assert refused["code"] == "conflict"


async def test_who_has_a_chat_of_their_own_goes_on_with_that(shop: Shop) -> None:
    await shop.settle(BOT_FOR_ALL)
    sara, visitor = await shop.shopper(), await shop.visitor()
    own, chat = await begun(sara), await begun(visitor)
    await visitor.until(kind="handoff", chat=chat)
    assert await sign_in(shop, visitor) == own
    refused = await visitor.ask("handoff.answer", chat=chat, yes=True)
    assert refused["code"] == "chat_closed"
    answered = await visitor.ask("handoff.answer", chat=own, yes=True)
    assert answered["t"] == "ok", answered
    states = [e.body["state"] for e in await shop.journal(chat) if e.kind == "handoff"]
    assert states == ["offered", "withdrawn"]


async def test_signing_in_outlives_the_broker(bot_shop: Shop) -> None:
    visitor = await bot_shop.visitor()
    chat = await begun(visitor)
    await sign_in(bot_shop, visitor)
    await visitor.cut()
    chats = bot_shop.broker.house.chats
    cell = chats.get(chat)
    assert cell is not None
    chats.forget(cell)
    sara = await bot_shop.shopper()
    assert (await sara.ask("msg.send", chat=chat, text="still me"))["t"] == "ok"
