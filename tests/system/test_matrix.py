"""Every operation, by everybody, on a chat that is theirs to reach or is not.

The cells come from the broker's own table: a new operation is asked by all of them the
day it is written. What a cell may not do must change nothing, tell nobody, and read as
if there were no such chat.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from actors.settings.document import Settings
from broker.office.agents import change_agent
from broker.office.requests import ChangeAgent
from broker.wire import frames
from tests.system.client import UNANSWERED, Client, Closed, Frame
from tests.system.shop import Shop
from tests.system.test_roles import EXAMPLES, NOBODYS, OPERATIONS

STRANGERS = ("visitor", "other shopper", "agent elsewhere", "admin elsewhere")
INSIDERS = ("agent", "admin")
OWNER = "owner"
NAMESAKE = "namesake elsewhere"
"""A shopper of the other shop whose id there is the owner's here."""
KEPT_OUT = ("disabled agent", "expired agent", "expired owner")
"""Whose token is good for nothing."""
ROLE = {
    "visitor": "visitor",
    OWNER: "shopper",
    "other shopper": "shopper",
    NAMESAKE: "shopper",
    "agent": "agent",
    "admin": "admin",
    "agent elsewhere": "agent",
    "admin elsewhere": "admin",
}
HARMLESS = frozenset({"chat.leave"})
"""To listen no longer where one never did is granted, whatever the id."""
DENIALS = {"forbidden", "login_required"}


class Cast(NamedTuple):
    """One shop's chat, everybody who might want to have to do with it, and it."""

    shop: Shop
    chat: str
    people: dict[str, Client]


@asynccontextmanager
async def cast(shop: Shop) -> AsyncGenerator[Cast]:
    """Bring everybody together."""
    await shop.open_site("other", Settings())
    for site, sub, role in (
        ("default", "ann", "agent"),
        ("default", "boss", "admin"),
        ("other", "eve", "agent"),
        ("other", "eva", "admin"),
        ("default", "dis", "agent"),
    ):
        await shop.hire(sub, role, site)
    await change_agent(shop.broker, ChangeAgent(id="dis", disabled=True))
    people = {
        "visitor": await shop.visitor(),
        OWNER: await shop.shopper("sara"),
        "other shopper": await shop.shopper("omar"),
        "agent": await shop.agent("ann"),
        "admin": await shop.agent("boss", "admin"),
        NAMESAKE: await elsewhere(shop, "shopper", "sara"),
        "agent elsewhere": await elsewhere(shop, "agent", "eve"),
        "admin elsewhere": await elsewhere(shop, "admin", "eva"),
    }
    for name in ("agent", "admin", "agent elsewhere", "admin elsewhere"):
        await people[name].ask("inbox.open", view="all")
    started = await people[OWNER].ask("chat.start", text="where is my parcel?")
    yield Cast(shop, started["chat"], people)


async def elsewhere(shop: Shop, role: str, sub: str) -> Client:
    client = await shop.connect()
    token = shop.token(role, sub, site="other")
    assert (await client.hello(token=token))["t"] == "welcome"
    return client


def fields_of(op: str, chat: str) -> Frame:
    """Return what `op` is asked with, about `chat` if it is about one."""
    about = {"chat": chat} if names_a_chat(op) else {}
    return about | EXAMPLES.get(op, {})


def names_a_chat(op: str) -> bool:
    return "chat" in frames.OPERATIONS[op].__struct_fields__


def reaches(who: str) -> bool:
    return who in {OWNER, *INSIDERS}


@pytest.mark.parametrize("op", sorted(OPERATIONS))
async def test_who_may_not_gets_nothing_and_leaves_no_trace(
    quick_shop: Shop, op: str
) -> None:
    async with cast(quick_shop) as scene:
        before = await quick_shop.size()
        for who, client in scene.people.items():
            allowed = ROLE[who] in OPERATIONS[op].roles
            if allowed and (reaches(who) or not names_a_chat(op) or op in HARMLESS):
                continue
            if op in UNANSWERED:
                await client.say(op, **fields_of(op, scene.chat))
                continue
            there, nowhere = [
                await client.ask(op, id="same", **fields_of(op, chat))
                for chat in (scene.chat, NOBODYS)
            ]
            # Each may name the chat that was asked for, and no other thing.
            assert (there | {"chat": ""}) == (nowhere | {"chat": ""})
            assert there["t"] == "err"
            expected = {"not_found"} if allowed else DENIALS
            assert there["code"] in expected, (who, there)
        assert await quick_shop.size() == before
        await nobody_else_heard(scene)


@pytest.mark.parametrize("op", sorted(OPERATIONS))
@pytest.mark.parametrize("who", [OWNER, *INSIDERS])
async def test_who_may_is_not_sent_away(quick_shop: Shop, who: str, op: str) -> None:
    if ROLE[who] not in OPERATIONS[op].roles:
        return
    async with cast(quick_shop) as scene:
        client = scene.people[who]
        if op in UNANSWERED:
            await client.say(op, **fields_of(op, scene.chat))
            assert (await client.ask("bye"))["t"] == "ok"
        else:
            answer = await client.ask(op, **fields_of(op, scene.chat))
            assert answer["t"] == "ok" or answer["code"] not in {
                *DENIALS,
                "bad_frame",
            }, answer
        await nobody_else_heard(scene)


@pytest.mark.parametrize("op", sorted(OPERATIONS))
@pytest.mark.parametrize("who", KEPT_OUT)
async def test_whose_token_is_good_for_nothing_can_do_nothing(
    quick_shop: Shop, who: str, op: str
) -> None:
    async with cast(quick_shop) as scene:
        before = await quick_shop.size()
        role, sub = {
            "disabled agent": ("agent", "dis"),
            "expired agent": ("agent", "ann"),
            "expired owner": ("shopper", "sara"),
        }[who]
        lasts = -1.0 if who.startswith("expired") else 60.0
        client = await quick_shop.connect()
        await client.say("hello", token=quick_shop.token(role, sub, lasts=lasts))
        asked = ""
        try:
            asked = await client.say(op, **fields_of(op, scene.chat))
        except Closed as closed:
            assert closed.code == 4001  # noqa: PT017  # there may be no time to ask
        assert await client.read_to_the_end() == 4001
        assert [f["code"] for f in client.heard if f["t"] == "err"] == ["auth_failed"]
        assert not any(frame.get("re") == asked for frame in client.heard if asked)
        assert await quick_shop.size() == before


async def nobody_else_heard(scene: Cast) -> None:
    """See that to strangers the chat was never named, but in answers to themselves."""
    for who in (*STRANGERS, NAMESAKE):
        client = scene.people[who]
        if ROLE[who] != "visitor":
            # All that was on its way has come before the answer.
            await client.ask("got", chat=NOBODYS, seq=0)
        for frame in client.heard:
            if "re" not in frame:
                assert scene.chat not in str(frame), (who, frame)


def test_the_table_has_more_than_four_hundred_cells() -> None:
    cells = [
        (who, op, chat)
        for op in OPERATIONS
        for who in (*ROLE, *KEPT_OUT)
        for chat in (("there", "nowhere") if names_a_chat(op) else ("none",))
    ]
    assert len(cells) >= 400
