"""Chats handed over to the help desk of another, in virtual time (F36)."""

from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from actors.settings.ai import (
    AiSettings,
    GorgiasSettings,
    ScriptLine,
    ScriptSettings,
    ZendeskSettings,
)
from actors.settings.document import Settings
from broker.outward.ai.cases import Case
from broker.outward.ai.elsewhere import Heard, NotTaken, Standing
from tests.system.client import Client
from tests.system.shop import Shop, in_memory

MAIL = "bot@shop.example"
AI = AiSettings(
    enabled=True,
    responder="script",
    script=ScriptSettings((ScriptLine("complaint", hand_over=True),)),
    handoff="zendesk",
    zendesk=ZendeskSettings("https://shop.zendesk.com", MAIL),
    gorgias=GorgiasSettings("https://shop.gorgias.com", MAIL, "help@shop.example"),
)


class FakeElsewhere:
    """A help desk that does as it is told, and remembers what it was given."""

    def __init__(self) -> None:
        self.down = False
        self.loses_answers = 0
        """How often what was done is not said."""
        self.attempts = 0
        self.tickets: dict[str, Case] = {}
        self.messages: dict[str, str] = {}
        """Texts by key, in the order in which they came."""
        self.heard: list[Heard] = []
        self.over = False

    async def open(self, case: Case, ai: AiSettings) -> str:
        del ai
        await self._work()
        self.tickets.setdefault(case.chat, case)
        self._answer()
        return "77"

    async def add(self, case: Case, ai: AiSettings, key: str, *, again: bool) -> None:
        del ai
        await self._work()
        assert again or key not in self.messages
        self.messages[key] = case.text
        self._answer()

    async def standing(self, ai: AiSettings, refs: list[str]) -> list[Standing]:
        del ai
        await self._work()
        return [
            Standing(ref, self.over, f"{len(self.heard)}{self.over}") for ref in refs
        ]

    async def said(self, ai: AiSettings, ref: str) -> list[Heard]:
        del ai, ref
        await trio.lowlevel.checkpoint()
        return self.heard

    async def close(self) -> None:
        await trio.lowlevel.checkpoint()

    async def _work(self) -> None:
        await trio.sleep(0.2)
        self.attempts += 1
        if self.down:
            raise NotTaken("status 500", 500)

    def _answer(self) -> None:
        if self.loses_answers:
            self.loses_answers -= 1
            raise NotTaken("no answer in time")


async def handing_over(shop: Shop, ai: AiSettings = AI) -> FakeElsewhere:
    fake = shop.broker.outward.handoffs.elsewhere.made = FakeElsewhere()
    await shop.settle(Settings(ai=ai))
    return fake


async def handed_over(sara: Client) -> str:
    chat: str = (await sara.ask("chat.start", text="I have a complaint"))["chat"]
    await sara.until(kind="handoff")
    assert (await sara.ask("handoff.answer", chat=chat, yes=True))["t"] == "ok"
    return chat


async def states(shop: Shop, chat: str) -> list[str]:
    journal = await shop.journal(chat)
    return [entry.body["state"] for entry in journal if entry.kind == "handoff"]


async def test_words_go_both_ways_while_zendesk_has_the_chat(quick_shop: Shop) -> None:
    fake = await handing_over(quick_shop)
    sara = await quick_shop.shopper()
    chat = await handed_over(sara)
    await sara.until(kind="handoff", by="system")
    case = fake.tickets[chat]
    assert "Customer: I have a complaint" in case.text
    await sara.ask("msg.send", chat=chat, text="it is about a lamp")
    fake.heard = [Heard("5", "Which lamp?")]
    said = await sara.until(kind="msg", by="agent:zendesk")
    assert said["body"] == {"text": "Which lamp?"}
    assert list(fake.messages.values()) == ["it is about a lamp"]
    ann = await quick_shop.agent()
    refused = await ann.ask("msg.send", chat=chat, text="me too")
    assert (refused["code"], refused["holder"]) == ("conflict", "external")
    fake.over = True
    closed = await sara.until(kind="closed")
    assert closed["body"]["reason"] == "handoff"
    assert [e.by for e in await quick_shop.journal(chat)].count("agent:zendesk") == 2


async def test_a_hand_off_that_nobody_can_read_keeps_no_other_waiting(
    quick_shop: Shop,
) -> None:
    fake = await handing_over(quick_shop)
    sara, tom = await quick_shop.shopper("sara"), await quick_shop.shopper("tom")
    await handed_over(sara)
    await sara.until(kind="handoff", by="system")
    damage = "UPDATE event SET body = x'c1' WHERE kind = 'handoff'"
    await quick_shop.broker.change(lambda db: db.execute(damage))
    await handed_over(tom)
    await tom.until(kind="handoff", by="system")
    fake.heard = [Heard("5", "Which lamp?")]
    said = await tom.until(kind="msg", by="agent:zendesk")
    assert said["body"] == {"text": "Which lamp?"}


async def test_gorgias_answers_by_mail_and_the_chat_closes(quick_shop: Shop) -> None:
    await handing_over(quick_shop, replace(AI, handoff="gorgias"))
    sara = await quick_shop.shopper()
    chat = await handed_over(sara)
    closed = await sara.until(kind="closed")
    assert closed["body"]["reason"] == "handoff"
    assert await states(quick_shop, chat) == ["offered", "accepted", "done"]


async def test_after_three_attempts_it_is_a_ticket_of_ours(quick_shop: Shop) -> None:
    fake = await handing_over(quick_shop)
    fake.down = True
    sara, ann = await quick_shop.shopper(), await quick_shop.agent()
    await ann.ask("inbox.open", view="unassigned")
    began = trio.current_time()
    chat = await handed_over(sara)
    await sara.ask("msg.send", chat=chat, text="hello?")
    while (await ann.until(t="ix")).get("row", {}).get("control") != "humans":
        pass
    assert trio.current_time() - began < 60
    assert (fake.attempts, fake.tickets) == (3, {})
    assert await states(quick_shop, chat) == ["offered", "accepted", "failed"]
    fake.down = False
    await trio.sleep(3600)
    assert (fake.tickets, fake.messages) == ({}, {})


async def test_after_an_hour_of_failures_everything_arrives_once_and_in_order(
    quick_shop: Shop,
) -> None:
    fake = await handing_over(quick_shop)
    sara = await quick_shop.shopper()
    chat = await handed_over(sara)
    await sara.until(kind="handoff", by="system")
    fake.down = True
    texts = [f"message {number}" for number in range(5)]
    for text in texts:
        await sara.ask("msg.send", chat=chat, text=text)
    await trio.sleep(3600)
    assert fake.messages == {}
    fake.down, fake.loses_answers = False, 2
    await trio.sleep(3600)
    assert list(fake.messages.values()) == texts
    assert len(fake.tickets) == 1
    assert await states(quick_shop, chat) == ["offered", "accepted", "done"]


async def test_a_ticket_whose_answer_got_lost_is_not_made_again(
    quick_shop: Shop,
) -> None:
    fake = await handing_over(quick_shop)
    fake.loses_answers = 1
    sara = await quick_shop.shopper()
    chat = await handed_over(sara)
    await sara.until(kind="handoff", by="system")
    assert list(fake.tickets) == [chat]
    assert fake.attempts == 2


async def test_a_hand_off_goes_on_after_a_restart(
    tmp_path: Path, virtual_time: None
) -> None:
    del virtual_time
    async with in_memory(tmp_path) as shop:
        fake = await handing_over(shop)
        fake.down = True
        chat = await handed_over(await shop.shopper())
    async with in_memory(tmp_path) as shop:
        fake = await handing_over(shop)
        await trio.sleep(60)
        assert list(fake.tickets) == [chat]
        assert await states(shop, chat) == ["offered", "accepted", "done"]


@pytest.mark.parametrize("op", ["control.take", "msg.send"])
async def test_an_agent_may_step_in_before_the_ticket_is_there(
    quick_shop: Shop, op: str
) -> None:
    fake = await handing_over(quick_shop)
    fake.down = True
    sara, ann = await quick_shop.shopper(), await quick_shop.agent()
    chat = await handed_over(sara)
    fields = {"text": "I am here"} if op == "msg.send" else {}
    assert (await ann.ask(op, chat=chat, **fields))["t"] == "ok"
    fake.down = False
    await trio.sleep(60)
    opened = await ann.ask("chat.open", chat=chat)
    assert opened["ticket"]["control"] == "humans"
