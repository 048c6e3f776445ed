"""Coming back: every visible event once, then live (protocol section 3, spec U2)."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.system.client import Client, Form, Frame
from tests.system.shop import Shop, serving
from tests.system.test_writes import opened, started


class Past(NamedTuple):
    """A chat with visible and hidden events, and how each role sees it."""

    shop: Shop
    chat: str
    head: int
    seen: dict[str, list[Frame]]


@pytest.fixture
async def past(shop: Shop) -> Past:
    sara, chat = await started(shop)
    ann = await shop.agent()
    for number in range(3):
        await ann.ask("note.add", chat=chat, text="hm")
        await ann.ask("msg.send", chat=chat, text=f"answer {number}")
        await ann.ask("ticket.assign", chat=chat, to=None)
        await sara.ask("msg.send", chat=chat, text=f"question {number}")
    await ann.ask("note.add", chat=chat, text="phew")
    seen = {
        "shopper": await shop.visible(chat, insider=False),
        "agent": await shop.visible(chat, insider=True),
    }
    return Past(shop, chat, len(seen["agent"]), seen)


async def come(past: Past, role: str, resume: Frame | None = None) -> Client:
    hello: Frame = {} if resume is None else {"resume": resume}
    if role == "shopper":
        return await past.shop.shopper(**hello)
    return await past.shop.agent(**hello)


async def missed(client: Client) -> tuple[list[Frame], Frame]:
    """Return the events up to the next `live`, and that."""
    events: list[Frame] = []
    while (frame := await client.next())["t"] == "ev":
        events.append(frame)
    return events, frame


@pytest.mark.slow
@pytest.mark.parametrize("role", ["shopper", "agent"])
async def test_from_every_position_the_rest_comes_once_and_in_order(
    past: Past, role: str
) -> None:
    for position in range(past.head + 1):
        rest = [event for event in past.seen[role] if event["seq"] > position]
        live = {"t": "live", "chat": past.chat, "upto": past.head}
        client = await come(past, role, {"chats": {past.chat: position}})
        assert await missed(client) == (rest, live)
        other = await come(past, role)
        ok = await other.ask("chat.open", chat=past.chat, after=position)
        assert (ok["chat"], ok["head"]) == (past.chat, past.head)
        assert await missed(other) == (rest, live)
        await client.cut()
        await other.cut()


@pytest.mark.parametrize("role", ["shopper", "agent"])
async def test_what_comes_after_is_live(past: Past, role: str) -> None:
    client = await come(past, role, {"chats": {past.chat: past.head}})
    bob = await past.shop.agent("bob")
    events, live = await missed(client)
    assert (events, live["upto"]) == ([], past.head)
    said = await bob.ask("msg.send", chat=past.chat, text="Anything else?")
    event = await client.until(kind="msg")
    assert event["seq"] == said["seq"]
    assert event["prev"] == (
        said["prev"] if role == "agent" else past.seen["shopper"][-1]["seq"]
    )


async def test_an_opening_tells_what_the_ticket_is(past: Past) -> None:
    ann = await past.shop.agent()
    ticket = (await ann.ask("chat.open", chat=past.chat, after=past.head))["ticket"]
    assert set(ticket) >= {
        *("chat", "site", "channel", "icon", "status", "profile", "name", "preview"),
        *("unread", "assignee", "tags", "control", "waiting_since", "last_at"),
        *("opened_at", "flags"),
    }
    assert (ticket["channel"], ticket["icon"]) == ("chat", "chat")
    assert (ticket["status"], ticket["control"]) == ("open", "humans")
    assert ticket["preview"] == "question 2"
    assert ticket["assignee"] is None
    assert ticket["unread"] is True


@pytest.mark.parametrize(
    ("after", "epoch"), [(None, "another"), (99, None), (0, "another")]
)
async def test_another_epoch_or_a_place_beyond_the_head_starts_anew(
    past: Past, after: int | None, epoch: str | None
) -> None:
    after = past.head if after is None else after
    resume = {"chats": {past.chat: after}} | ({"epoch": epoch} if epoch else {})
    sara = await past.shop.shopper(resume=resume)
    refused = await sara.next()
    assert (refused["t"], refused["code"]) == ("err", "resync_required")
    assert refused["re"] == sara.welcome["re"]
    assert (refused["chat"], refused["head"]) == (past.chat, past.head)
    asked: Frame = {"after": after} | ({"epoch": epoch} if epoch else {})
    refused = await sara.ask("chat.open", chat=past.chat, **asked)
    assert (refused["code"], refused["head"]) == ("resync_required", past.head)
    assert await opened(sara, past.chat) == past.seen["shopper"]


async def test_the_right_epoch_is_no_obstacle(past: Past) -> None:
    sara = await past.shop.shopper()
    epoch = sara.welcome["epoch"]
    again = await past.shop.shopper(
        resume={"epoch": epoch, "chats": {past.chat: past.head}}
    )
    assert (await again.next())["t"] == "live"
    ok = await again.ask("chat.open", chat=past.chat, after=0, epoch=epoch)
    assert ok["t"] == "ok"


@pytest.mark.parametrize("chat", ["x", "06H079PCDM000RKW4VK9G9JKRR"])
async def test_a_chat_out_of_reach_is_not_found_and_the_others_resume(
    past: Past, chat: str
) -> None:
    sara = await past.shop.shopper(
        resume={"chats": {chat: 0, past.chat: past.head - 1}}
    )
    frames = [await sara.next(), await sara.next()]
    (refused,) = [frame for frame in frames if frame["t"] == "err"]
    assert (refused["code"], refused["chat"]) == ("not_found", chat)
    assert refused["re"] == sara.welcome["re"]
    assert [f["t"] for f in frames if f["t"] != "err"] == ["live"]


async def test_a_visitor_resumes_nothing(past: Past) -> None:
    visitor = await past.shop.visitor(resume={"chats": {past.chat: 0}})
    refused = await visitor.next()
    assert (refused["code"], refused["chat"]) == ("not_found", past.chat)


async def test_another_shopper_resumes_nothing(past: Past) -> None:
    omar = await past.shop.shopper("omar", resume={"chats": {past.chat: 0}})
    refused = await omar.next()
    assert (refused["code"], refused["chat"]) == ("not_found", past.chat)


async def test_who_leaves_hears_nothing_more(past: Past) -> None:
    sara = await past.shop.shopper()
    bob = await past.shop.agent("bob")
    await opened(sara, past.chat)
    left = await sara.ask("chat.leave", chat=past.chat)
    assert (left["t"], left["chat"]) == ("ok", past.chat)
    await bob.ask("msg.send", chat=past.chat, text="Anything else?")
    await sara.ask("chat.history", chat=past.chat, before=2)
    assert sara.unread() == []
    # To leave what one is not in is no mistake.
    assert (await sara.ask("chat.leave", chat="x"))["t"] == "ok"


async def test_who_leaves_at_once_hears_nothing_after_the_ok(past: Past) -> None:
    sara = await past.shop.shopper()
    await sara.say("chat.open", chat=past.chat)
    await sara.ask("chat.leave", chat=past.chat)
    # Opening it is answered first.
    assert sara.unread()[0]["head"] == past.head
    await sara.ask("chat.history", chat=past.chat, before=2)
    assert sara.unread() == []


async def test_opening_twice_sends_everything_once_for_the_last(past: Past) -> None:
    sara = await past.shop.shopper()
    bob = await past.shop.agent("bob")
    await opened(sara, past.chat)
    assert await opened(sara, past.chat, after=past.head - 2) == [
        event for event in past.seen["shopper"] if event["seq"] > past.head - 2
    ]
    said = await bob.ask("msg.send", chat=past.chat, text="Anything else?")
    assert (await sara.next())["seq"] == said["seq"]
    await sara.ask("chat.history", chat=past.chat, before=2)
    assert sara.unread() == []


async def test_opening_twice_at_once_leaves_one_subscription(past: Past) -> None:
    ann = await past.shop.agent()
    sara = await past.shop.shopper()
    first = await sara.say("chat.open", chat=past.chat)
    second = await sara.say("chat.open", chat=past.chat, after=past.head)
    assert (await sara.answer(first))["t"] == "ok"
    assert (await sara.answer(second))["t"] == "ok"
    assert (await sara.until(t="live"))["upto"] == past.head
    said = await ann.ask("msg.send", chat=past.chat, text="Anything else?")
    assert (await sara.until(kind="msg", seq=said["seq"]))["by"] == "agent:ann"
    await sara.ask("chat.history", chat=past.chat, before=2)
    assert sara.unread() == []


async def test_an_answer_is_not_lost_if_the_chat_is_opened_again_meanwhile(
    past: Past,
) -> None:
    sara = await past.shop.shopper()
    asked = [
        await sara.say("chat.open", chat=past.chat),
        await sara.say("msg.send", chat=past.chat, text="one"),
        await sara.say("chat.open", chat=past.chat),
        await sara.say("msg.send", chat=past.chat, text="two"),
        await sara.say("chat.leave", chat=past.chat),
        await sara.say("msg.send", chat=past.chat, text="three"),
    ]
    for id_ in asked:
        assert (await sara.answer(id_))["t"] == "ok"


async def test_several_chats_resume_together(shop: Shop) -> None:
    chats: list[str] = []
    for sub in ("sara", "omar", "lea"):
        client = await shop.shopper(sub)
        chats.append((await client.ask("chat.start", text="hello"))["chat"])
    ann = await shop.agent(resume={"chats": dict.fromkeys(chats, 2)})
    frames = await ann.take(9)
    for chat in chats:
        own = [frame for frame in frames if frame["chat"] == chat]
        assert [(f["t"], f.get("seq")) for f in own] == [
            *(("ev", 3), ("ev", 4), ("live", None)),
        ]


async def test_what_happened_while_the_broker_was_away_is_nothing(
    tmp_path: Path, form: Form
) -> None:
    async with serving(tmp_path, form) as shop:
        sara, chat = await started(shop)
        said = await sara.ask("msg.send", chat=chat, text="hello?")
    async with serving(tmp_path, form) as shop:
        sara = await shop.shopper(
            resume={"epoch": sara.welcome["epoch"], "chats": {chat: said["seq"]}}
        )
        assert await missed(sara) == (
            [],
            {"t": "live", "chat": chat, "upto": said["seq"]},
        )
