"""Tickets, read as a backend reads them."""

from typing import Any

import pytest

from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings
from tests.broker.http.web import Web, refusal
from tests.system.client import Client
from tests.system.shop import MONTH

TICKETS = "/v1/sites/default/tickets"
Row = dict[str, Any]
ANN = "agent:ann"
RESTRICTED = Settings(
    assignment=AssignmentSettings(
        on_reply="always",
        teams=(Team("vip", "VIP", ("ben",), restricted=True),),
        rules=(Rule(Condition(lang="pl"), "vip"),),
    )
)


async def asks(web: Web, sub: str, text: str, **claims: str) -> tuple[Client, str]:
    token = web.shop.token("shopper", sub, lasts=MONTH, **claims)
    shopper = await web.shop.connect()
    assert (await shopper.hello(token=token))["t"] == "welcome"
    chat: str = (await shopper.ask("chat.start", text=text))["chat"]
    return shopper, chat


async def page(web: Web, who: str = ANN, /, **query: str | int) -> Row:
    role, _, sub = who.partition(":")
    headers = await web.bearer(role, sub)
    answer = await web.client.get(TICKETS, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    found: Row = answer.json()
    return found


async def chats(web: Web, who: str = ANN, /, **query: str | int) -> list[str]:
    return [row["chat"] for row in (await page(web, who, **query))["tickets"]]


async def paged(web: Web, /, **query: str | int) -> list[str]:
    """Return all chats, page by page."""
    found: list[str] = []
    while True:
        got = await page(web, ANN, **query)
        found += [row["chat"] for row in got["tickets"]]
        if "cursor" not in got:
            return found
        query["cursor"] = str(got["cursor"])


async def test_a_row_is_that_of_the_inbox(web: Web) -> None:
    _, first = await asks(web, "sara", "where is it?")
    tim, second = await asks(web, "tim", "hello")
    ann = await web.shop.agent()
    await ann.ask("msg.send", chat=first, text="on its way")
    await tim.cut()
    rows = (await ann.ask("inbox.open", view="all"))["rows"]
    here = {row["chat"]: row for row in rows}
    told = (await page(web))["tickets"]
    # One who has left is shown as here for a while: not to those who ask just once.
    here[second]["flags"] = []
    assert told == [here[second], here[first]]
    for row in told:
        path, headers = f"/v1/tickets/{row['chat']}", await web.bearer("agent", "ann")
        assert (await web.client.get(path, headers=headers)).json() == row
    (mine, others) = (row["preview"] for row in reversed(told))
    assert (mine, others) == ("You: on its way", "hello")


async def test_what_is_read_or_flagged_is_so_here_too(web: Web) -> None:
    _, chat = await asks(web, "sara", "where is it?")
    ann = await web.shop.agent()
    assert (await page(web))["tickets"][0]["unread"] is True
    await ann.ask("ticket.unread", chat=chat)
    await ann.ask("chat.open", chat=chat)
    await ann.ask("msg.send", chat=chat, text="on its way")
    (row,) = (await page(web, "agent:ben"))["tickets"]
    assert row["unread"] is True
    await ann.ask("ticket.snooze", chat=chat, preset="tomorrow")
    (row,) = (await page(web, status="snoozed"))["tickets"]
    assert (row["unread"], row["status"]) == (False, "snoozed")
    assert (await page(web))["tickets"] == []


async def test_lists_are_narrowed_by_status_channel_and_holder(web: Web) -> None:
    ann = await web.shop.agent()
    opened = [(await asks(web, f"s{n}", "hello"))[1] for n in range(4)]
    await ann.ask("ticket.assign", chat=opened[0], to="ann")
    await ann.ask("chat.end", chat=opened[1])
    await ann.ask("chat.end", chat=opened[2])
    assert await chats(web) == [opened[3], opened[0]]
    assert await chats(web, assignee="ann") == [opened[0]]
    assert await chats(web, assignee="-") == [opened[3]]
    assert await chats(web, assignee="ben") == []
    # Those that ended last come first.
    assert await chats(web, status="closed") == [opened[2], opened[1]]
    assert await chats(web, channel="sms") == []
    assert await chats(web, channel="chat", assignee="ann") == [opened[0]]


@pytest.mark.parametrize("status", ["open", "closed"])
async def test_pages_repeat_nothing_and_pass_over_nothing(
    web: Web, status: str
) -> None:
    ann = await web.shop.agent()
    people = [await asks(web, f"s{n}", "hello") for n in range(7)]
    opened = [chat for _, chat in people]
    if status == "closed":
        for chat in opened:
            await ann.ask("chat.end", chat=chat)
    first = await page(web, status=status, limit=3)
    assert len(first["tickets"]) == 3
    # What is said meanwhile moves nothing, and who is new is on no later page.
    if status == "open":
        for shopper, chat in people:
            await shopper.ask("msg.send", chat=chat, text="still there?")
    _, late = await asks(web, "late", "hello")
    await ann.ask("chat.end", chat=late) if status == "closed" else None
    rest = await paged(web, status=status, limit=3, cursor=first["cursor"])
    shown = [row["chat"] for row in first["tickets"]] + rest
    assert shown == opened[::-1]
    assert await paged(web, status=status, limit=1) == [late, *shown]


async def test_words_are_found_in_whatever_was_said(web: Web) -> None:
    ann = await web.shop.agent()
    _, first = await asks(web, "sara", "where is my parcel?")
    _, second = await asks(web, "tim", "a parcel came", name="Tim Parcel")
    _, third = await asks(web, "una", "hello")
    await ann.ask("note.add", chat=third, text="asks for the parcels of her mother")
    await ann.ask("chat.end", chat=first)
    assert await chats(web, q="parcel") == [third, second, first]
    assert await chats(web, q="parcel", status="closed") == [first]
    assert await chats(web, q="PARCEL moth") == [third]
    assert await chats(web, q="nothing of it") == []
    assert await chats(web, q="") == []
    assert {*await paged(web, q="parcel", limit=1)} == {first, second, third}


async def test_what_a_restricted_team_has_is_for_its_members(web: Web) -> None:
    await web.shop.settle(RESTRICTED)
    _, chat = await asks(web, "sara", "gdzie paczka?", locale="pl")
    _, other = await asks(web, "tim", "hello")
    for who, seen in (("agent:ann", False), ("agent:ben", True), ("admin:boss", True)):
        role, _, sub = who.partition(":")
        expected = [other, chat] if seen else [other]
        assert await chats(web, who) == expected
        assert await chats(web, who, q="paczka") == ([chat] if seen else [])
        headers = await web.bearer(role, sub)
        answer = await web.client.get(f"/v1/tickets/{chat}", headers=headers)
        assert answer.status_code == (200 if seen else 404)
    boss = await web.shop.agent("boss", "admin")
    await boss.ask("ticket.assign", chat=chat, to="ann", force=True)
    assert await chats(web) == [other, chat]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"status": "lost"}, "$.status"),
        ({"channel": "fax"}, "$.channel"),
        ({"limit": "0"}, "$.limit"),
        ({"limit": "201"}, "$.limit"),
        ({"limit": "many"}, "$.limit"),
        ({"q": "x" * 201}, "$.q"),
        ({"assignee": ""}, "$.assignee"),
        ({"cursor": "x"}, "$.cursor"),
        ({"cursor": ""}, "$.cursor"),
        ({"cursor": "o"}, "$.cursor"),
        ({"cursor": "o.-1"}, "$.cursor"),
        ({"cursor": "o.1.1"}, "$.cursor"),
        ({"cursor": "o.99999999999999999999"}, "$.cursor"),
        ({"cursor": "o.٣"}, "$.cursor"),
        ({"cursor": "c.1.1"}, "$.cursor"),
        ({"cursor": "o.1", "q": "hello"}, "$.cursor"),
        ({"cursor": "o.1", "status": "closed"}, "$.cursor"),
    ],
)
async def test_a_bad_parameter_is_named(
    web: Web, query: dict[str, str], path: str
) -> None:
    headers = await web.bearer("agent", "ann")
    answer = await web.client.get(TICKETS, headers=headers, params=query)
    assert refusal(answer) == (400, "bad_frame")
    assert answer.json()["path"] == path


@pytest.mark.parametrize("chat", ["x", "06H079PCDM000RKW4VK9G9JKRR", "%00", "a%2Fb"])
async def test_a_ticket_that_is_not_there_is_not_found(web: Web, chat: str) -> None:
    headers = await web.bearer("agent", "ann")
    answer = await web.client.get(f"/v1/tickets/{chat}", headers=headers)
    assert refusal(answer) == (404, "not_found")
