"""Closed is final (protocol section 7, spec F14, F15)."""

import pytest

from tests.system.client import Client, Frame
from tests.system.shop import Shop
from tests.system.test_writes import opened, started

REFUSED: dict[str, Frame] = {
    "msg.send": {"text": "one more thing"},
    "note.add": {"text": "for the record"},
    "ticket.assign": {"to": None},
    "ticket.snooze": {"preset": "one_week"},
    "ticket.wake": {},
    "ticket.transfer": {"to": None},
    "transfer.answer": {"yes": True},
    "ticket.tag": {"add": ["late"]},
    "control.take": {},
    "control.release": {},
}


async def ended(shop: Shop, by: str = "shopper") -> tuple[Client, str]:
    sara, chat = await started(shop)
    client = sara if by == "shopper" else await shop.agent()
    assert (await client.ask("chat.end", chat=chat))["t"] == "ok"
    return sara, chat


@pytest.mark.parametrize("op", REFUSED)
@pytest.mark.parametrize("who", ["shopper", "agent", "admin"])
async def test_nobody_changes_a_closed_chat(shop: Shop, who: str, op: str) -> None:
    sara, chat = await ended(shop)
    client = sara if who == "shopper" else await shop.agent("bea", who)
    before = await shop.size()
    refused = await client.ask(op, chat=chat, **REFUSED[op])
    outside = who == "shopper" and op != "msg.send"
    assert refused["code"] == ("forbidden" if outside else "chat_closed")
    assert refused.get("start_new", False) is (op == "msg.send")
    assert await shop.size() == before


@pytest.mark.parametrize("by", ["shopper", "agent"])
async def test_the_end_says_who_ended_it(shop: Shop, by: str) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    await opened(ann, chat)
    ending, other = (sara, ann) if by == "shopper" else (ann, sara)
    ok = await ending.ask("chat.end", chat=chat)
    event = await other.next()
    assert (event["kind"], event["body"]) == ("closed", {"reason": by})
    assert event["seq"] == ok["seq"] == 5
    assert event["by"] == ending.who


async def test_a_second_end_is_granted_and_changes_nothing(shop: Shop) -> None:
    _, chat = await ended(shop)
    ann = await shop.agent()
    again = await ann.ask("chat.end", chat=chat)
    assert (again["t"], again["already"]) == ("ok", True)
    assert "seq" not in again
    assert len(await shop.journal(chat)) == 5


async def test_a_snoozed_chat_can_be_ended(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    await ann.ask("ticket.snooze", chat=chat, preset="one_week")
    assert (await sara.ask("chat.end", chat=chat))["seq"] == 6
    assert (await shop.journal(chat))[-1].kind == "closed"


@pytest.mark.slow
async def test_cursors_still_move_in_a_closed_chat(shop: Shop) -> None:
    sara, chat = await ended(shop, "agent")
    assert (await sara.ask("read", chat=chat, seq=5))["seq"] == 5
    read = await sara.until(kind="read")
    assert read["body"]["upto"] == 5
    kinds = [entry.kind for entry in await shop.journal(chat)]
    assert kinds[kinds.index("closed") + 1 :] == ["read"]


async def test_the_next_start_makes_a_new_chat_that_names_the_old(shop: Shop) -> None:
    sara, chat = await ended(shop)
    sara.unread()
    next_ = await sara.ask("chat.start", text="one more thing")
    assert next_["chat"] != chat
    assert next_["existing"] is False
    first = await sara.next()
    assert (first["kind"], first["seq"]) == ("opened", 1)
    assert first["body"]["previous"] == chat
    ann = await shop.agent()
    ticket = (await ann.ask("chat.open", chat=next_["chat"]))["ticket"]
    assert ticket["previous"] == chat
    assert sorted([chat, next_["chat"]]) == [chat, next_["chat"]]


async def test_a_closed_chat_can_be_read(shop: Shop) -> None:
    sara, chat = await ended(shop)
    events = await opened(sara, chat)
    assert [event["kind"] for event in events] == [
        *("opened", "legal", "msg", "msg", "closed"),
    ]
    page = await sara.ask("chat.history", chat=chat, before=6, limit=200)
    assert page["events"] == events


async def test_typing_in_a_closed_chat_reaches_nobody(shop: Shop) -> None:
    sara, chat = await ended(shop)
    ann = await shop.agent()
    await opened(ann, chat)
    await sara.say("typing", chat=chat, on=True)
    await sara.ask("chat.history", chat=chat, before=2)
    await ann.ask("chat.history", chat=chat, before=2)
    assert ann.unread() == []
