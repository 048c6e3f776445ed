"""The bot answers first, and hands over: the whole broker, in virtual time (F35, F36).

The clock leaps, so that a responder which hangs takes no time at all here.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from actors.library import Faq, FaqItem
from actors.settings.ai import AiSettings, ScriptLine, ScriptSettings
from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from broker.outward.ai.knowledge import Knowledge
from broker.outward.ai.responders import NoAnswer, Outcome, Reply, Responder
from broker.outward.ai.views import View
from tests.system.client import Client, Frame
from tests.system.shop import Shop, in_memory

FAQ = Faq(
    items=(
        FAQ_ITEM := FaqItem(
            id="returns",
            question="Can I send it back?",
            answer="Yes, within 30 days.",
        ),
    )
)
SCRIPT = ScriptSettings(
    lines=(
        ScriptLine("hello", "Hello, what can I do for you?"),
        ScriptLine("complaint", hand_over=True),
    )
)
AI = AiSettings(enabled=True, responder="script", script=SCRIPT)
ON = Settings(ai=AI)


@pytest.fixture
async def bot_shop(quick_shop: Shop) -> Shop:
    await quick_shop.settle(ON)
    return quick_shop


async def begin(client: Client, text: str = "hello there") -> str:
    started = await client.ask("chat.start", text=text)
    assert started["t"] == "ok", started
    chat: str = started["chat"]
    return chat


async def bot_says(client: Client) -> str:
    while True:
        said = await client.until(kind="msg")
        if said["by"] == "bot":
            text: str = said["body"]["text"]
            return text


class Stub:
    """Answers as a test says, and remembers what it was shown."""

    def __init__(self, answer: Callable[[View], Awaitable[Outcome]]) -> None:
        self._answer = answer
        self.shown: list[View] = []

    async def answer(self, view: View) -> Outcome:
        self.shown.append(view)
        return await self._answer(view)


def answered_by(shop: Shop, answer: Callable[[View], Awaitable[Outcome]]) -> Stub:
    """Have `answer` in the place of the site's responder."""
    stub = Stub(answer)

    async def get(ai: AiSettings, knowledge: Knowledge) -> Responder:
        del ai, knowledge
        await trio.lowlevel.checkpoint()
        return stub

    shop.broker.outward.turns.responders.get = get  # type: ignore[method-assign]  # the seam
    return stub


async def hangs(view: View) -> Outcome:
    del view
    await trio.sleep_forever()


async def breaks(view: View) -> Outcome:
    del view
    await trio.lowlevel.checkpoint()
    raise NoAnswer("status 500")


async def has_a_bug(view: View) -> Outcome:
    await trio.lowlevel.checkpoint()
    raise LookupError(view.chat)


async def test_the_bot_answers_and_says_that_it_is_one(bot_shop: Shop) -> None:
    sara = await bot_shop.shopper()
    assert sara.welcome["config"]["bot"] is True
    chat = await begin(sara)
    said = await sara.until(kind="msg", by="bot")
    assert said["body"] == {
        "text": "Hello, what can I do for you?",
        "auto": "bot",
    }
    (row,) = (await listed(bot_shop, "bot"))["rows"]
    assert (row["chat"], row["control"], row["unread"]) == (chat, "bot", False)


async def listed(shop: Shop, view: str) -> Frame:
    ann = await shop.agent()
    return await ann.ask("inbox.open", view=view)


async def test_before_the_hand_off_there_is_no_ticket(bot_shop: Shop) -> None:
    sara, ann = await bot_shop.shopper(), await bot_shop.agent()
    inbox = await ann.ask("inbox.open", view="all")
    chat = await begin(sara)
    await bot_says(sara)
    await trio.sleep(3600)
    asked = await ann.ask("inbox.open", view="all")
    assert (asked["rows"], asked["badge"], inbox["badge"]) == ([], 0, 0)
    journal = await bot_shop.journal(chat)
    assert "checkin" not in {entry.kind for entry in journal}


async def test_a_ticket_is_born_with_a_yes(bot_shop: Shop) -> None:
    sara, ann = await bot_shop.shopper(), await bot_shop.agent()
    await ann.ask("inbox.open", view="all")
    chat = await begin(sara, "I have a complaint")
    offer = await sara.until(kind="handoff")
    assert offer["body"]["state"] == "offered"
    answer = await sara.ask("handoff.answer", id="yes", chat=chat, yes=True)
    assert answer["t"] == "ok"
    assert answer["seq"] > offer["seq"]
    row = (await ann.until(t="ix"))["row"]
    assert (row["chat"], row["control"], row["unread"]) == (chat, "humans", True)
    again = await sara.ask("handoff.answer", id="yes", chat=chat, yes=True)
    assert (again["t"], again["seq"], again["dup"]) == ("ok", answer["seq"], True)
    late = await sara.ask("handoff.answer", chat=chat, yes=False)
    assert late["code"] == "conflict"


async def test_who_asks_for_a_person_gets_one_unasked(bot_shop: Shop) -> None:
    sara, vic = await bot_shop.shopper(), await bot_shop.visitor()
    chat = await begin(sara, "Can I speak to a human, please?")
    states = [(await sara.until(kind="handoff"))["body"]["state"] for _ in range(2)]
    assert states == ["accepted", "done"]
    assert [row["chat"] for row in (await listed(bot_shop, "all"))["rows"]] == [chat]
    await begin(vic, "Can I speak to a human, please?")
    assert (await vic.until(kind="handoff"))["body"]["state"] == "offered"


async def test_those_who_listen_hear_that_the_bot_thinks(bot_shop: Shop) -> None:
    async def slowly(view: View) -> Outcome:
        await trio.sleep(5)
        return Reply((view.question.upper(),))

    answered_by(bot_shop, slowly)
    sara = await bot_shop.shopper()
    await begin(sara)
    on = await sara.until(t="eph")
    assert (on["what"], on["by"], on["on"]) == ("thinking", "bot", True)
    assert await bot_says(sara) == "HELLO THERE"
    off = await sara.until(t="eph")
    assert (off["what"], off["on"]) == ("thinking", False)


async def test_what_is_said_meanwhile_is_given_together_to_the_next_call(
    bot_shop: Shop,
) -> None:
    async def slowly(view: View) -> Outcome:
        await trio.sleep(2)
        return Reply((f"You said {view.question!r}",))

    stub = answered_by(bot_shop, slowly)
    sara = await bot_shop.shopper()
    chat = await begin(sara, "one")
    for text in ("two", "three"):
        await sara.ask("msg.send", chat=chat, text=text)
    assert [await bot_says(sara) for _ in range(2)] == [
        "You said 'one'",
        "You said 'two\\nthree'",
    ]
    assert [view.question for view in stub.shown] == ["one", "two\nthree"]
    assert stub.shown[1].before == ("one",)


@pytest.mark.parametrize("answer", [hangs, breaks, has_a_bug])
async def test_a_responder_that_fails_brings_the_offer_within_ten_seconds(
    bot_shop: Shop, answer: Callable[[View], Awaitable[Outcome]]
) -> None:
    answered_by(bot_shop, answer)
    sara = await bot_shop.shopper()
    began = trio.current_time()
    chat = await begin(sara)
    offer = await sara.until(kind="handoff")
    assert offer["body"]["state"] == "offered"
    assert trio.current_time() - began < 10
    await sara.ask("handoff.answer", chat=chat, yes=True)
    rows = (await listed(bot_shop, "all"))["rows"]
    assert [row["chat"] for row in rows] == [chat]


async def test_the_knowledge_steps_in_for_a_responder_that_fails(
    bot_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered_by(bot_shop, breaks)
    reply = Reply((FAQ_ITEM.answer,), ("faq:returns",))

    async def ask(*_: object) -> Outcome:
        await trio.lowlevel.checkpoint()
        return reply

    shelves = bot_shop.broker.outward.turns.shelves
    monkeypatch.setattr(shelves, "ask", ask)
    sara = await bot_shop.shopper()
    chat = await begin(sara, "Can I send it back?")
    assert await bot_says(sara) == FAQ_ITEM.answer
    (turn,) = [e for e in await bot_shop.journal(chat) if e.kind == "turn"]
    assert turn.body["responder"] == "knowledge"


async def test_who_hangs_is_asked_no_more_for_a_while(bot_shop: Shop) -> None:
    stub = answered_by(bot_shop, hangs)
    for number in range(4):
        sara = await bot_shop.shopper(f"sara{number}")
        await begin(sara)
        await sara.until(kind="handoff")
    assert len(stub.shown) == 3
    await trio.sleep(60)
    omar = await bot_shop.shopper("omar")
    await begin(omar)
    await omar.until(kind="handoff")
    assert len(stub.shown) == 4


async def test_an_answer_that_comes_too_late_is_dropped_and_counted(
    bot_shop: Shop,
) -> None:
    async def slowly(view: View) -> Outcome:
        del view
        await trio.sleep(5)
        return Reply(("late",))

    answered_by(bot_shop, slowly)
    sara, ann = await bot_shop.shopper(), await bot_shop.agent()
    chat = await begin(sara)
    assert (await ann.ask("control.take", chat=chat))["t"] == "ok"
    await trio.sleep(60)
    assert bot_shop.broker.hub.counts.dropped == 1
    assert "msg" not in [e.kind for e in await bot_shop.journal(chat) if e.by == "bot"]


async def test_a_visitor_talks_to_the_bot_and_to_nobody_else(bot_shop: Shop) -> None:
    vic = await bot_shop.visitor()
    assert vic.welcome["config"]["bot"] is True
    assert vic.welcome["config"]["can_start"] is False
    chat = await begin(vic)
    assert await bot_says(vic) == "Hello, what can I do for you?"
    assert (await vic.ask("msg.send", chat=chat, text="I have a complaint"))[
        "t"
    ] == "ok"
    await vic.until(kind="handoff")
    refused = await vic.ask("handoff.answer", chat=chat, yes=True)
    assert refused["code"] == "login_required"
    assert (await listed(bot_shop, "all"))["rows"] == []
    secret = vic.welcome["anon"]
    back = await bot_shop.visitor(anon=secret)
    assert back.welcome["chat"] == chat
    opened = await back.ask("chat.open", chat=chat)
    assert opened["ticket"]["control"] == "bot"


async def test_visitors_reach_no_chat_but_their_own(bot_shop: Shop) -> None:
    sara, vic = await bot_shop.shopper(), await bot_shop.visitor()
    other, chat = await bot_shop.visitor(), await begin(sara)
    own = await begin(vic)
    for client, where in ((vic, chat), (other, own), (sara, own)):
        for op, fields in (
            ("chat.open", {}),
            ("msg.send", {"text": "hi"}),
            ("handoff.answer", {"yes": True}),
            ("chat.end", {}),
        ):
            refused = await client.ask(op, chat=where, **fields)
            assert refused["code"] == "not_found", op


async def test_where_the_tab_is_hidden_visitors_do_not_reach_the_bot(
    quick_shop: Shop,
) -> None:
    hiding = ChatSettings(login_status="hide_logged_out")
    await quick_shop.settle(Settings(hiding, ai=AI))
    vic = await quick_shop.visitor()
    for op, fields in (("chat.start", {}), ("msg.send", {"chat": "x"})):
        assert (await vic.ask(op, text="hi", **fields))["code"] == "tab_hidden"


@pytest.mark.parametrize(
    "tightened",
    [
        Settings(ChatSettings(login_status="hide_logged_out"), ai=AI),
        Settings(ChatSettings(enabled=False), ai=AI),
    ],
    ids=["hidden", "off"],
)
async def test_a_visitors_chat_goes_on_where_no_new_one_may_begin(
    bot_shop: Shop, tightened: Settings
) -> None:
    vic, other = await bot_shop.visitor(), await bot_shop.visitor()
    chat = await begin(vic)
    await bot_says(vic)
    await bot_shop.save(tightened)
    pushed = await vic.until(kind="config")
    assert pushed["config"]["tab"] is False
    assert (await vic.ask("msg.send", chat=chat, text="hello again"))["t"] == "ok"
    assert await bot_says(vic) == "Hello, what can I do for you?"
    # On the next page, too; and it is in nobody else's reach.
    back = await bot_shop.visitor(anon=vic.welcome["anon"])
    assert (back.welcome["chat"], back.welcome["config"]["tab"]) == (chat, False)
    assert (await back.ask("chat.open", chat=chat))["t"] == "ok"
    code = "chat_disabled" if not tightened.chat.enabled else "tab_hidden"
    for op, fields in (("chat.open", {"chat": chat}), ("chat.start", {"text": "hi"})):
        assert (await other.ask(op, **fields))["code"] in {code, "not_found"}, op
    assert (await back.ask("chat.end", chat=chat))["t"] == "ok"
    assert (await back.ask("chat.start", text="hi"))["code"] == code
    after = await bot_shop.visitor(anon=vic.welcome["anon"])
    assert after.welcome["chat"] is None
    assert (await after.ask("chat.start", text="hi"))["code"] == code


async def test_a_turn_that_was_begun_is_taken_after_a_restart(
    tmp_path: Path, virtual_time: None
) -> None:
    del virtual_time
    async with in_memory(tmp_path) as shop:
        await shop.settle(ON)
        answered_by(shop, hangs)
        sara = await shop.shopper()
        chat = await begin(sara)
    async with in_memory(tmp_path) as shop:
        sara = await shop.shopper()
        await sara.ask("chat.open", chat=chat)
        assert await bot_says(sara) == "Hello, what can I do for you?"
        turns = [e for e in await shop.journal(chat) if e.kind == "turn"]
        assert len(turns) == 1


async def test_no_chat_ever_sees_the_words_of_another(bot_shop: Shop) -> None:
    async def nothing(view: View) -> Outcome:
        await trio.sleep(1)
        return Reply((f"noted {view.chat[-4:]}",))

    stub = answered_by(bot_shop, nothing)
    ann = await bot_shop.agent()
    chats: dict[str, str] = {}
    for number in range(6):
        client = await bot_shop.shopper(f"canary{number}")
        word = f"canary-{number}"
        chat = chats[word] = await begin(client, word)
        await ann.ask("note.add", chat=chat, text=f"secret note {number}")
        await client.ask("msg.send", chat=chat, text=f"{word} again")
    await trio.sleep(30)
    assert len(stub.shown) >= 6
    for view in stub.shown:
        said = " ".join(line.text for line in view.lines)
        foreign = [word for word, chat in chats.items() if chat != view.chat]
        assert not [word for word in foreign if word in said]
        assert "secret" not in said


async def test_switched_off_the_bot_hands_its_chats_over(bot_shop: Shop) -> None:
    sara = await bot_shop.shopper()
    chat = await begin(sara)
    await bot_says(sara)
    await bot_shop.settle(replace(ON, ai=replace(AI, enabled=False)))
    await sara.ask("msg.send", chat=chat, text="are you there?")
    done = await sara.until(kind="handoff")
    assert done["body"]["state"] == "accepted"
    assert [row["chat"] for row in (await listed(bot_shop, "all"))["rows"]] == [chat]
