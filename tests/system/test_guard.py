"""A reply that was written before somebody else stepped in is not sent (spec U7)."""

from tests.system.client import Client
from tests.system.shop import Shop
from tests.system.test_writes import started


async def scene(shop: Shop) -> tuple[Client, Client, Client, str]:
    """Return a shopper, two agents and a chat that ann has answered last, at 6."""
    sara, chat = await started(shop)
    ann, bob = await shop.agent("ann"), await shop.agent("bob")
    assert (await ann.ask("msg.send", chat=chat, text="Hello Sara."))["seq"] == 6
    return sara, ann, bob, chat


async def test_a_reply_to_an_old_head_is_refused_with_what_is_new(shop: Shop) -> None:
    _, ann, bob, chat = await scene(shop)
    await ann.ask("note.add", chat=chat, text="hm")
    before = await shop.size()
    refused = await bob.ask("msg.send", chat=chat, text="Hello!", if_head=4)
    assert (refused["code"], refused["retry"]) == ("stale_head", False)
    assert refused["head"] == 7
    assert refused["events"] == (await shop.visible(chat, insider=True))[4:]
    assert await shop.size() == before
    again = await bob.ask("msg.send", chat=chat, text="Hello!", if_head=7)
    assert again["t"] == "ok"


async def test_ones_own_messages_do_not_count(shop: Shop) -> None:
    _, ann, _, chat = await scene(shop)
    assert (await ann.ask("msg.send", chat=chat, text="And", if_head=4))["t"] == "ok"


async def test_the_shoppers_messages_and_notes_do_not_count(shop: Shop) -> None:
    sara, ann, bob, chat = await scene(shop)
    await sara.ask("msg.send", chat=chat, text="Thanks.")
    await bob.ask("note.add", chat=chat, text="nice")
    await sara.say("typing", chat=chat, on=True)
    await sara.ask("read", chat=chat, seq=6)
    assert (await ann.ask("msg.send", chat=chat, text="Bye", if_head=6))["t"] == "ok"


async def test_an_assignment_to_somebody_else_counts(shop: Shop) -> None:
    _, ann, bob, chat = await scene(shop)
    await bob.ask("ticket.assign", chat=chat, to="bob")
    refused = await ann.ask("msg.send", chat=chat, text="And", if_head=6)
    assert refused["code"] == "stale_head"
    assert [event["kind"] for event in refused["events"]] == ["assigned"]


async def test_a_repeat_is_known_whatever_came_since(shop: Shop) -> None:
    _, ann, bob, chat = await scene(shop)
    first = await ann.ask("msg.send", id="once", chat=chat, text="And", if_head=6)
    await bob.ask("msg.send", chat=chat, text="Me too.")
    again = await ann.ask("msg.send", id="once", chat=chat, text="And", if_head=6)
    assert again == first | {"dup": True}


async def test_who_has_not_read_the_shoppers_last_word_closes_and_snoozes_nothing(
    shop: Shop,
) -> None:
    sara, ann, bob, chat = await scene(shop)
    await sara.ask("msg.send", chat=chat, text="One more thing.")
    for leaving in (
        {"op": "ticket.snooze", "preset": "next_reply"},
        {"op": "chat.end"},
    ):
        refused = await ann.ask(**leaving, chat=chat, if_head=6)
        assert (refused["code"], refused["head"]) == ("stale_head", 7)
        assert [event["seq"] for event in refused["events"]] == [7]
    assert (await ann.ask("chat.open", chat=chat))["ticket"]["status"] == "open"
    await bob.ask("msg.send", chat=chat, text="Yes?")
    assert (await ann.ask("chat.end", chat=chat, if_head=7))["t"] == "ok"
