"""Many at once: whatever comes of it is legal."""

import random
import sqlite3
import sys

import pytest
import trio

from tests.system.client import Client, Frame
from tests.system.shop import Shop
from tests.system.test_writes import started

RACES = 1000


async def asked_together(
    asks: list[tuple[Client, str, Frame]], chance: random.Random
) -> list[Frame]:
    """Have everybody ask at once, in an order of chance; return the answers."""
    ids = [""] * len(asks)

    async def ask(index: int) -> None:
        client, op, fields = asks[index]
        for _ in range(chance.randrange(4)):
            await trio.lowlevel.checkpoint()
        ids[index] = await client.say(op, **fields)

    async with trio.open_nursery() as nursery:
        order = [*range(len(asks))]
        chance.shuffle(order)
        for index in order:
            nursery.start_soon(ask, index)
    return [
        await client.answer(id_) for (client, _, _), id_ in zip(asks, ids, strict=True)
    ]


@pytest.mark.slow
async def test_twenty_starts_on_ten_connections_make_one_chat(shop: Shop) -> None:
    tabs = [await shop.shopper() for _ in range(10)]
    asks: list[tuple[Client, str, Frame]] = [
        (tab, "chat.start", {"text": f"hello {number}"})
        for number in range(2)
        for tab in tabs
    ]
    answers = await asked_together(asks, random.Random(1))
    assert {answer["t"] for answer in answers} == {"ok"}
    (chat,) = {answer["chat"] for answer in answers}
    assert sorted(answer["existing"] for answer in answers) == [False] + [True] * 19
    assert sorted(answer["seq"] for answer in answers) == [*range(4, 24)]
    kinds = [entry.kind for entry in await shop.journal(chat)]
    assert kinds == ["opened", "legal"] + ["msg"] * 21


async def test_the_same_start_on_ten_connections_makes_one_message(
    shop: Shop,
) -> None:
    tabs = [await shop.shopper() for _ in range(10)]
    asks: list[tuple[Client, str, Frame]] = [
        (tab, "chat.start", {"id": "go", "text": "hello"}) for tab in tabs
    ]
    answers = await asked_together(asks, random.Random(2))
    first = next(answer for answer in answers if "dup" not in answer)
    for answer in answers:
        if answer is not first:
            assert answer == first | {"dup": True}
    assert len(await shop.journal(first["chat"])) == 4


@pytest.mark.slow
async def test_starts_and_ends_at_once_leave_one_chat_at_most(
    quick_shop: Shop,
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown if the test fails
    chance = random.Random(seed)
    for number in range(50):
        tabs = [await quick_shop.shopper(f"s{number}") for _ in range(3)]
        first = await tabs[0].ask("chat.start", text="hello")
        asks: list[tuple[Client, str, Frame]] = [
            (tab, "chat.start", {"text": "again"}) for tab in tabs
        ]
        asks.append((tabs[0], "chat.end", {"chat": first["chat"]}))
        answers = await asked_together(asks, chance)
        assert {answer["t"] for answer in answers} == {"ok"}
        assert await unclosed(quick_shop, tabs[0]) <= 1
        for chat in {answer["chat"] for answer in answers}:
            kinds = [entry.kind for entry in await quick_shop.journal(chat)]
            assert "closed" not in kinds[:-1]
            assert kinds[:2] == ["opened", "legal"]
        for tab in tabs:
            await tab.cut()


async def unclosed(shop: Shop, client: Client) -> int:
    """Return how many of a shopper's chats have not ended."""
    sql = "SELECT count(*) FROM ticket WHERE status <> 'closed' AND profile = ?"
    profile = client.who.removeprefix("shopper:")

    def count(db: sqlite3.Connection) -> int:
        return int(db.execute(sql, (profile,)).fetchone()[0])

    return await shop.broker.query(count)


@pytest.mark.slow
async def test_a_thousand_races_of_end_against_message_all_end_legally(
    quick_shop: Shop,
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown if the test fails
    chance = random.Random(seed)
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    sara, chat = await started(quick_shop)
    outcomes: set[tuple[str, ...]] = set()
    for number in range(RACES):
        asks: list[tuple[Client, str, Frame]] = [
            (ann, "msg.send", {"chat": chat, "text": f"answer {number}"}),
            (sara, "msg.send", {"chat": chat, "text": f"question {number}"}),
            (chance.choice([sara, ann]), "chat.end", {"chat": chat}),
            (bob, "note.add", {"chat": chat, "text": "hm"}),
        ]
        answers = await asked_together(asks, chance)
        outcomes.add(await legal(quick_shop, chat, answers))
        began = await sara.ask("chat.start", text="next")
        assert began["existing"] is False
        assert began["chat"] != chat
        chat = began["chat"]
        for client in (sara, ann, bob):
            client.unread()
    # Not only one and the same race, a thousand times.
    assert len(outcomes) > 3


async def legal(shop: Shop, chat: str, answers: list[Frame]) -> tuple[str, ...]:
    """Make sure that what came of a race is what the journal says; return it."""
    entries = await shop.journal(chat)
    assert [entry.kind for entry in entries].count("closed") == 1
    assert entries[-1].kind == "closed"
    by_id = {entry.id: entry for entry in entries if entry.id}
    for answer in answers:
        if answer["t"] == "ok":
            entry = by_id[answer["re"]]
            assert (entry.seq, entry.at) == (answer["seq"], answer["at"])
        else:
            assert answer["code"] == "chat_closed"
            assert answer["re"] not in by_id
    return tuple(answer["t"] for answer in answers)
