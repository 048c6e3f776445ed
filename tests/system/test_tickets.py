"""What becomes of a ticket between agents, and after its end."""

from pathlib import Path

import pytest
import trio

from actors.settings.assignment import AssignmentSettings, Team
from actors.settings.attention import IdleSettings
from actors.settings.document import Settings
from actors.settings.storefront import RatingSettings
from tests.system.client import Client, Frame
from tests.system.moments import within
from tests.system.shop import Shop, in_memory
from tests.system.test_writes import opened, started

ROOM_FOR_ONE = AssignmentSettings(max_chats=1, teams=(Team("sales", "Sales"),))


def pushed(frames: list[Frame], kind: str) -> list[Frame]:
    return [f for f in frames if f["t"] == "push" and f["kind"] == kind]


async def owned(shop: Shop) -> tuple[Client, Client, str]:
    """Return Ann, Ben, and a chat that is Ann's."""
    _, chat = await started(shop)
    ann, ben = await shop.agent("ann"), await shop.agent("ben")
    await ann.ask("msg.send", chat=chat, text="hello")
    return ann, ben, chat


async def owner(agent: Client, chat: str) -> object:
    return (await agent.ask("chat.open", chat=chat))["ticket"]["assignee"]


@pytest.mark.parametrize("op", ["ticket.assign", "ticket.transfer"])
async def test_who_is_away_or_full_is_given_nothing_unless_one_insists(
    shop: Shop, op: str
) -> None:
    await shop.settle(Settings(assignment=ROOM_FOR_ONE))
    ann, ben, chat = await owned(shop)
    await shop.hire("cat")
    refused = await ann.ask(op, chat=chat, to="cat")
    assert (refused["code"], refused["path"]) == ("agent_offline", "$.to")
    other = (await (await shop.shopper("omar")).ask("chat.start", text="hi"))["chat"]
    assert (await ben.ask("ticket.assign", chat=other, to="ben"))["t"] == "ok"
    assert (await ann.ask(op, chat=chat, to="ben"))["code"] == "agent_full"
    assert await owner(ann, chat) == "ann"
    assert (await ann.ask(op, chat=chat, to="cat", force=True))["t"] == "ok"
    assert await owner(ann, chat) == "cat"


async def test_a_team_is_always_there_and_an_unknown_one_never(shop: Shop) -> None:
    await shop.settle(Settings(assignment=ROOM_FOR_ONE))
    ann, _, chat = await owned(shop)
    for to in ("team:none", "team:", "nobody"):
        refused = await ann.ask("ticket.transfer", chat=chat, to=to)
        assert (refused["code"], refused["path"]) == ("not_found", "$.to")
    assert (await ann.ask("ticket.transfer", chat=chat, to="team:sales"))["t"] == "ok"
    ticket = (await ann.ask("chat.open", chat=chat))["ticket"]
    assert (ticket["assignee"], ticket["team"]) == (None, "sales")


async def test_an_offer_is_made_to_one_and_its_refusal_told_to_the_other(
    shop: Shop,
) -> None:
    ann, ben, chat = await owned(shop)
    offer = {"to": "ben", "note": "speaks Polish", "accept": True}
    made = await ann.ask("ticket.transfer", chat=chat, **offer)
    push = await ben.until(t="push", kind="transfer_offer")
    assert (push["chat"], push["from"], push["to"]) == (chat, "ann", "ben")
    assert push["until"] == made["at"] + 30_000
    await ben.ask("transfer.answer", chat=chat, yes=False)
    failed = await ann.until(t="push", kind="transfer_failed")
    assert (failed["chat"], failed["why"]) == (chat, "declined")
    assert await owner(ann, chat) == "ann"


@pytest.mark.usefixtures("virtual_time")
async def test_an_offer_runs_out_across_a_restart(tmp_path: Path) -> None:
    async with in_memory(tmp_path) as shop:
        ann, _, chat = await owned(shop)
        await ann.ask("ticket.transfer", chat=chat, to="ben", accept=True)
    await trio.sleep(60)
    async with in_memory(tmp_path) as shop:
        ann, ben = await shop.agent("ann"), await shop.agent("ben")
        await within(5, ann)
        states = [
            e.body["state"] for e in await shop.journal(chat) if e.kind == "transfer"
        ]
        assert states == ["offered", "expired"]
        refused = await ben.ask("transfer.answer", chat=chat, yes=True)
        assert (refused["code"], refused["holder"]) == ("conflict", "ann")


@pytest.mark.usefixtures("virtual_time")
async def test_a_silence_is_counted_across_a_restart(tmp_path: Path) -> None:
    async with in_memory(tmp_path) as shop:
        await shop.settle(Settings(idle=IdleSettings(close_min=10, warn_min=2)))
        _, _, chat = await owned(shop)
    await trio.sleep(7 * 60)
    async with in_memory(tmp_path) as shop:
        # Whose agent has left waits in the queue, and is not closed.
        await shop.agent("ann")
        sara = await shop.shopper()
        await opened(sara, chat)
        moments = await within(4 * 60, sara)
        words = [(m.frame["kind"], m.frame["body"]) for m in moments]
        assert [kind for kind, _ in words] == ["msg", "closed"]
        assert words[0][1]["auto"] == "idle"
        assert words[1][1] == {"reason": "idle"}


async def test_a_shopper_is_asked_rates_and_changes_their_mind(shop: Shop) -> None:
    await shop.settle(Settings(rating=RatingSettings(ask=True)))
    sara, chat = await started(shop)
    ann = await shop.agent()
    early = await sara.ask("rate", chat=chat, score=5)
    assert early["code"] == "bad_status"
    await ann.ask("chat.end", chat=chat)
    await sara.until(t="push", kind="rate_ask")
    first = await sara.ask("rate", id="r", chat=chat, score=2, text="slow")
    assert await sara.ask("rate", id="r", chat=chat, score=2) == first | {"dup": True}
    assert (await sara.ask("rate", chat=chat, score=4))["seq"] == first["seq"] + 1
    assert (await ann.ask("rate", chat=chat, score=1))["code"] == "forbidden"
    omar = await shop.shopper("omar")
    assert (await omar.ask("rate", chat=chat, score=1))["code"] == "not_found"
    for score in (0, 6, "5", 4.5, None):
        refused = await sara.ask("rate", chat=chat, score=score)
        assert (refused["code"], refused["path"]) == ("bad_frame", "$.score")


async def test_an_agent_may_have_nobody_asked(shop: Shop) -> None:
    await shop.settle(Settings(rating=RatingSettings(ask=True)))
    sara, chat = await started(shop)
    ann = await shop.agent()
    await ann.ask("chat.end", chat=chat, no_csat=True)
    closed = await sara.until(kind="closed")
    assert closed["body"] == {"reason": "agent"}
    await sara.ask("chat.history", chat=chat, before=2)
    assert pushed(sara.heard, "rate_ask") == []


@pytest.mark.parametrize("op", ["ticket.assign", "ticket.transfer"])
async def test_a_repeat_is_known_whatever_has_become_of_the_agent(
    quick_shop: Shop, op: str
) -> None:
    ann, ben = await quick_shop.agent("ann"), await quick_shop.agent("ben")
    sara = await quick_shop.shopper()
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    first = await ann.ask(op, id="once", chat=chat, to="ben")
    assert first["t"] == "ok"
    await ben.cut()
    await trio.sleep(60)
    again = await ann.ask(op, id="once", chat=chat, to="ben")
    assert again == first | {"dup": True}
    assert (await ann.ask(op, chat=chat, to="ann"))["t"] == "ok"
    assert (await ann.ask(op, chat=chat, to="ben"))["code"] == "agent_offline"
    await sara.ask("chat.end", chat=chat)
    assert (await ann.ask(op, chat=chat, to="ben"))["code"] == "chat_closed"
