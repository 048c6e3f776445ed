"""The same id never makes a second event (protocol sections 3 and 7, spec F8)."""

from pathlib import Path

import pytest

from tests.system.client import Form, Frame
from tests.system.shop import Shop, serving
from tests.system.test_writes import opened, started

WRITES: dict[str, Frame] = {
    "msg.send": {"text": "I am here."},
    "note.add": {"text": "a regular"},
    "ticket.assign": {"to": "bob", "force": True},
    "ticket.transfer": {"to": "bob", "note": "yours", "force": True},
    "ticket.snooze": {"preset": "next_reply"},
    "ticket.tag": {"add": ["vip"]},
    "chat.end": {},
}


@pytest.mark.parametrize("op", WRITES)
async def test_a_repeat_gets_the_first_answer_again(shop: Shop, op: str) -> None:
    _, chat = await started(shop)
    ann = await shop.agent()
    await shop.hire("bob")
    first = await ann.ask(op, id="once", chat=chat, **WRITES[op])
    size = await shop.size()
    again = await ann.ask(op, id="once", chat=chat, **WRITES[op])
    assert again == first | {"dup": True}
    assert await shop.size() == size


async def test_a_repeat_of_a_wake_gets_the_first_answer_again(shop: Shop) -> None:
    _, chat = await started(shop)
    ann = await shop.agent()
    await ann.ask("ticket.snooze", chat=chat, preset="one_week")
    first = await ann.ask("ticket.wake", id="once", chat=chat)
    await ann.ask("ticket.snooze", chat=chat, preset="one_week")
    again = await ann.ask("ticket.wake", id="once", chat=chat)
    assert again == first | {"dup": True}


async def test_a_repeat_right_behind_the_first_waits_for_its_commit(shop: Shop) -> None:
    sara, chat = await started(shop)
    for _ in range(3):
        await sara.say("msg.send", id="once", chat=chat, text="hello?")
    first, second, third = await sara.take(3)
    assert second == third == first | {"dup": True}
    assert len(await shop.journal(chat)) == 5


async def test_a_repeat_on_another_connection_is_known(shop: Shop) -> None:
    sara, chat = await started(shop)
    first = await sara.ask("msg.send", id="once", chat=chat, text="hello?")
    await sara.cut()
    again = await (await shop.shopper()).ask(
        "msg.send", id="once", chat=chat, text="hello?"
    )
    assert again == first | {"dup": True}


async def test_a_repeat_after_a_restart_is_known(tmp_path: Path, form: Form) -> None:
    async with serving(tmp_path, form) as shop:
        sara, chat = await started(shop)
        first = await sara.ask("msg.send", id="once", chat=chat, text="hello?")
        ann = await shop.agent()
        noted = await ann.ask("note.add", id="once", chat=chat, text="hm")
    async with serving(tmp_path, form) as shop:
        sara, ann = await shop.shopper(), await shop.agent()
        again = await sara.ask("msg.send", id="once", chat=chat, text="hello?")
        assert again == first | {"dup": True}
        again = await ann.ask("note.add", id="once", chat=chat, text="hm")
        assert again == noted | {"dup": True}
        assert len(await shop.journal(chat)) == 6


async def test_a_repeat_after_the_end_is_known(shop: Shop) -> None:
    sara, chat = await started(shop)
    first = await sara.ask("msg.send", id="once", chat=chat, text="bye")
    ended = await sara.ask("chat.end", id="end", chat=chat)
    again = await sara.ask("msg.send", id="once", chat=chat, text="bye")
    assert again == first | {"dup": True}
    assert await sara.ask("chat.end", id="end", chat=chat) == ended | {"dup": True}


@pytest.mark.parametrize("op", ["msg.send", "note.add"])
async def test_another_body_does_not_replace_the_first(shop: Shop, op: str) -> None:
    _, chat = await started(shop)
    ann = await shop.agent()
    first = await ann.ask(op, id="once", chat=chat, text="the first")
    again = await ann.ask(op, id="once", chat=chat, text="the second")
    assert again == first | {"dup": True, "body_differs": True}
    assert (await shop.journal(chat))[-1].body == {"text": "the first"}


async def test_another_operation_with_a_used_id_is_no_new_event(shop: Shop) -> None:
    _, chat = await started(shop)
    ann = await shop.agent()
    first = await ann.ask("msg.send", id="once", chat=chat, text="hello")
    ended = await ann.ask("chat.end", id="once", chat=chat)
    assert (ended["seq"], ended["dup"]) == (first["seq"], True)
    assert (await ann.ask("msg.send", chat=chat, text="open still"))["t"] == "ok"


async def test_ids_are_each_persons_own(shop: Shop) -> None:
    sara, chat = await started(shop)
    ann, bob = await shop.agent("ann"), await shop.agent("bob")
    oks = [
        await client.ask("msg.send", id="1", chat=chat, text="hello")
        for client in (sara, ann, bob)
    ]
    assert len({ok["seq"] for ok in oks}) == 3
    assert not any("dup" in ok for ok in oks)


async def test_a_repeated_start_leads_to_the_same_chat(shop: Shop) -> None:
    sara = await shop.shopper()
    first = await sara.ask("chat.start", id="go", text="hello")
    phone = await shop.shopper()
    again = await phone.ask("chat.start", id="go", text="hello")
    assert again == first | {"dup": True}
    assert len(await shop.journal(first["chat"])) == 4


async def test_a_repeated_start_that_found_a_chat_says_so_again(shop: Shop) -> None:
    sara, _ = await started(shop)
    second = await sara.ask("chat.start", id="again", text="more")
    assert second["existing"] is True
    repeated = await sara.ask("chat.start", id="again", text="more")
    assert repeated == second | {"dup": True}


async def test_a_repeated_start_finds_its_chat_when_that_is_long_over(
    tmp_path: Path, form: Form
) -> None:
    async with serving(tmp_path, form) as shop:
        sara = await shop.shopper()
        first = await sara.ask("chat.start", id="go", text="hello")
        await sara.ask("chat.end", chat=first["chat"])
        other = await sara.ask("chat.start", id="go on", text="me again")
        assert other["chat"] != first["chat"]
    async with serving(tmp_path, form) as shop:
        sara = await shop.shopper()
        again = await sara.ask("chat.start", id="go", text="hello")
        assert again == first | {"dup": True}
        assert sara.welcome["chat"] == other["chat"]


async def test_a_start_with_other_words_does_not_replace_the_first(shop: Shop) -> None:
    sara = await shop.shopper()
    first = await sara.ask("chat.start", id="go", text="hello")
    again = await sara.ask("chat.start", id="go", text="good-bye")
    assert again == first | {"dup": True, "body_differs": True}


async def test_a_refused_id_is_judged_anew(shop: Shop) -> None:
    sara, chat = await started(shop)
    refused = await sara.ask("msg.send", id="once", chat=chat, text=" ")
    assert refused["code"] == "bad_frame"
    said = await sara.ask("msg.send", id="once", chat=chat, text="now really")
    assert said["seq"] == 5
    assert "dup" not in said


async def test_cursors_ids_are_no_keys(shop: Shop) -> None:
    sara, chat = await started(shop)
    first = await sara.ask("read", id="r", chat=chat, seq=2)
    second = await sara.ask("read", id="r", chat=chat, seq=4)
    assert (first["seq"], second["seq"]) == (2, 4)
    assert "dup" not in second
    said = await sara.ask("msg.send", id="r", chat=chat, text="hello")
    assert "dup" not in said


async def test_two_repeats_are_both_answered_while_the_chat_is_caught_up_with(
    shop: Shop,
) -> None:
    sara, chat = await started(shop)
    first = await sara.ask("msg.send", id="once", chat=chat, text="hello?")
    await sara.ask("msg.send", chat=chat, text="are you there?")
    phone = await shop.shopper()
    open_ = await phone.say("chat.open", chat=chat)
    for _ in range(2):
        await phone.say("msg.send", id="once", chat=chat, text="hello?")
    assert (await phone.answer(open_))["head"] == 6
    for _ in range(2):
        again = await phone.answer("once")
        assert again == first | {"dup": True}


async def test_an_event_is_not_sent_to_whom_its_ok_was_repeated(shop: Shop) -> None:
    sara, chat = await started(shop)
    await sara.ask("msg.send", id="once", chat=chat, text="hello?")
    phone = await shop.shopper()
    await opened(phone, chat)
    assert [f["seq"] for f in phone.events(chat)] == [1, 2, 3, 4, 5]
