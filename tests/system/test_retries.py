"""Order survives a retry: what was refused for now is not overtaken (protocol 6)."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import NamedTuple

import pytest
import trio

from tests.faults.disk import poisoned_text
from tests.faults.tables import read_only_table
from tests.system.client import Client
from tests.system.shop import Shop, in_memory
from tests.system.test_writes import started

pytestmark = pytest.mark.usefixtures("virtual_time")


class Refused(NamedTuple):
    """A shopper whose first message could not be written."""

    shop: Shop
    sara: Client
    chat: str
    journal: Path


@pytest.fixture
async def refused(virtual_time: None, tmp_path: Path) -> AsyncGenerator[Refused]:
    del virtual_time
    async with in_memory(tmp_path) as shop:
        sara, chat = await started(shop)
        journal = tmp_path / "journal.db"
        with poisoned_text(journal, "poison"):
            answer = await sara.ask("msg.send", id="1", chat=chat, text="poison")
        assert answer["code"] == "unavailable"
        assert answer["retry"] is True
        yield Refused(shop, sara, chat, journal)


async def test_later_writes_wait_until_the_refused_one_comes_again(
    refused: Refused,
) -> None:
    sara, chat = refused.sara, refused.chat
    for op in ("msg.send", "chat.end"):
        fields = {"text": "two"} if op == "msg.send" else {}
        answer = await sara.ask(op, chat=chat, **fields)
        assert (answer["code"], answer["retry"]) == ("unavailable", True)
    assert (await sara.ask("msg.send", id="1", chat=chat, text="poison"))["seq"] == 5
    assert (await sara.ask("msg.send", chat=chat, text="two"))["seq"] == 6
    texts = [entry.body.get("text") for entry in await refused.shop.journal(chat)]
    assert texts[-2:] == ["poison", "two"]


async def test_they_wait_no_longer_than_five_seconds(refused: Refused) -> None:
    sara, chat = refused.sara, refused.chat
    await trio.sleep(4.9)
    answer = await sara.ask("msg.send", chat=chat, text="two")
    assert answer["code"] == "unavailable"
    await trio.sleep(0.2)
    assert (await sara.ask("msg.send", chat=chat, text="two"))["seq"] == 5


async def test_what_was_sent_behind_it_is_refused_with_it(refused: Refused) -> None:
    sara, chat = refused.sara, refused.chat
    await trio.sleep(6)
    with poisoned_text(refused.journal, "poison"):
        ids = [
            await sara.say("msg.send", chat=chat, text=text)
            for text in ("fine", "poison", "after", "poison", "and after")
        ]
        answers = [await sara.answer(id_) for id_ in ids]
    assert [answer["t"] for answer in answers] == ["ok", "err", "err", "err", "err"]
    # The client sends again what was refused, in the order in which it was.
    for id_, text in zip(
        ids[1:], ("poison", "after", "poison", "and after"), strict=True
    ):
        answer = await sara.ask("msg.send", id=id_, chat=chat, text=text)
        assert answer["t"] == "ok", answer
    texts = [entry.body.get("text") for entry in await refused.shop.journal(chat)]
    assert texts[4:] == ["fine", "poison", "after", "poison", "and after"]


async def test_other_connections_and_other_chats_are_not_held_up(
    refused: Refused,
) -> None:
    shop, chat = refused.shop, refused.chat
    ann = await shop.agent()
    assert (await ann.ask("msg.send", chat=chat, text="hello"))["t"] == "ok"
    omar, other = await shop.shopper("omar"), await shop.agent("bob")
    theirs = (await omar.ask("chat.start", text="hi"))["chat"]
    with poisoned_text(refused.journal, "poison"):
        answer = await other.ask("msg.send", chat=chat, text="poison")
        assert answer["code"] == "unavailable"
    assert (await other.ask("msg.send", chat=theirs, text="hello"))["t"] == "ok"
    answer = await other.ask("msg.send", chat=chat, text="me too")
    assert answer["code"] == "unavailable"


async def test_reading_and_cursors_are_not_held_up(refused: Refused) -> None:
    sara, chat = refused.sara, refused.chat
    assert (await sara.ask("read", chat=chat, seq=4))["t"] == "ok"
    assert (await sara.ask("chat.history", chat=chat, before=9))["t"] == "ok"
    assert (await sara.ask("chat.open", chat=chat))["t"] == "ok"


async def test_a_refusal_for_good_holds_nothing_up(refused: Refused) -> None:
    sara, chat = refused.sara, refused.chat
    await trio.sleep(6)
    assert (await sara.ask("msg.send", chat=chat, text=" "))["code"] == "bad_frame"
    assert (await sara.ask("msg.send", chat=chat, text="two"))["t"] == "ok"


async def test_who_comes_while_nothing_can_be_written_is_sent_away_for_now(
    tmp_path: Path,
) -> None:
    async with in_memory(tmp_path) as shop:
        client = await shop.connect()
        token = shop.token("shopper", "sara")
        with read_only_table(tmp_path / "journal.db", "profile"):
            refused = await client.ask("hello", token=token)
        assert (refused["code"], refused["retry"]) == ("unavailable", True)
        assert (await client.next())["code"] == 1013
        assert await client.read_to_the_end() == 1013
        assert (await shop.shopper()).who


async def test_who_starts_while_nothing_can_be_written_may_try_again(
    tmp_path: Path,
) -> None:
    async with in_memory(tmp_path) as shop:
        sara = await shop.shopper()
        with poisoned_text(tmp_path / "journal.db", "poison"):
            refused = await sara.ask("chat.start", id="go", text="poison")
            assert (refused["code"], refused["retry"]) == ("unavailable", True)
            assert await shop.size() == 0
        again = await sara.ask("chat.start", id="go", text="poison")
        assert again["existing"] is False
        assert "dup" not in again
        assert [entry.seq for entry in await shop.journal(again["chat"])] == [
            1,
            2,
            3,
            4,
        ]
