"""Tickets find their agents through the whole broker (spec F25 to F28)."""

import random
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from actors.ids import AgentId, SiteId
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings
from broker.office.agents import change_agent
from broker.office.requests import ChangeAgent
from broker.office.settings import put_settings
from broker.sites import DEFAULT_SITE
from broker.standing import Standing, online_at
from tests.system.client import Client, Frame
from tests.system.moments import within
from tests.system.shop import Shop, in_memory

ANN = AgentId("ann")
ROUND = AssignmentSettings(routing="round_robin", max_chats=1)
POLISH = Rule(Condition(lang="pl"), "polish")
LOCKED = Team("polish", "Polish", ("ann",), restricted=True)


async def save(shop: Shop, assignment: AssignmentSettings) -> None:
    version = shop.broker.sites.rules_of(DEFAULT_SITE).version
    settings = Settings(assignment=assignment)
    saved = await put_settings(shop.broker, DEFAULT_SITE, version, settings, by="me")
    assert saved == version + 1


async def start(shop: Shop, sub: str, text: str = "hello") -> tuple[Client, str]:
    shopper = await shop.shopper(sub)
    answer = await shopper.ask("chat.start", text=text)
    assert answer["t"] == "ok", answer
    return shopper, answer["chat"]


async def owner(shop: Shop, chat: str) -> str | None:
    """Return whose a ticket is, by the journal."""
    await trio.sleep(0.1)
    journal = await shop.journal(chat)
    changes = [entry.body["to"] for entry in journal if entry.kind == "assigned"]
    return changes[-1] if changes else None


async def test_a_ticket_is_given_to_who_is_there_and_then_to_the_next(
    quick_shop: Shop,
) -> None:
    await save(quick_shop, ROUND)
    ann, ben = await quick_shop.agent("ann"), await quick_shop.agent("ben")
    _, one = await start(quick_shop, "sara")
    _, two = await start(quick_shop, "bob")
    _, three = await start(quick_shop, "eve")
    owners = [await owner(quick_shop, chat) for chat in (one, two, three)]
    assert owners == ["ann", "ben", None]
    assert (await ann.ask("chat.end", chat=one))["t"] == "ok"
    assert await owner(quick_shop, three) == "ann"
    standing = quick_shop.broker.house.standing(DEFAULT_SITE, ANN)
    assert standing == Standing("online", 1)
    await ben.cut()
    await trio.sleep(120)
    assert await owner(quick_shop, two) is None
    elsewhere = quick_shop.broker.house.standing(SiteId("other"), AgentId("ben"))
    assert elsewhere == Standing("offline", 0)


async def test_who_was_welcomed_a_moment_ago_is_there(quick_shop: Shop) -> None:
    broker, hello = quick_shop.broker, {"op": "hello", "id": "hello"}
    await quick_shop.hire("ann")
    connection = broker.connect_memory()
    # No actor has had its turn yet: the agent's mail and the desk's are on the way.
    await connection.send(hello | {"token": quick_shop.token("agent", "ann")})
    assert broker.system.mail
    assert online_at(broker.house, DEFAULT_SITE) == {"ann"}
    assert broker.house.standing(DEFAULT_SITE, ANN) == Standing("online", 0)
    await trio.sleep(1)
    for state in ("away", "online", "offline"):
        await connection.ask({"op": "presence.set", "id": state, "state": state})
        await trio.sleep(1)
        assert broker.house.standing(DEFAULT_SITE, ANN).presence == state
    assert online_at(broker.house, DEFAULT_SITE) == set()
    await connection.ask({"op": "presence.set", "id": "back", "state": "online"})
    connection.close_now()
    await trio.sleep(1)
    # A reload of the page is no reason to refuse them a ticket.
    assert broker.house.standing(DEFAULT_SITE, ANN).presence == "online"
    await trio.sleep(60)
    assert broker.house.standing(DEFAULT_SITE, ANN).presence == "offline"


async def test_shoppers_in_the_queue_hear_how_far_they_are(quick_shop: Shop) -> None:
    await save(quick_shop, replace(ROUND, show_queue=True))
    sara, chat = await start(quick_shop, "sara")
    first = await sara.until(t="push", kind="queue")
    assert (first["chat"], first["position"], first["ahead"]) == (chat, 1, 0)
    bob, other = await start(quick_shop, "bob")
    second = await bob.until(t="push", kind="queue")
    assert (second["position"], second["ahead"]) == (2, 1)
    # Another of bob's devices hears it when it opens the chat.
    phone = await quick_shop.shopper("bob")
    await phone.ask("chat.open", chat=other)
    assert (await phone.until(t="push", kind="queue"))["position"] == 2
    await quick_shop.agent("ann")
    assert (await sara.until(t="push", kind="queue"))["position"] == 0
    assert (await bob.until(kind="queue", position=1))["ahead"] == 0


async def test_who_was_served_while_away_learns_that_the_wait_is_over(
    quick_shop: Shop,
) -> None:
    await save(quick_shop, replace(ROUND, show_queue=True))
    sara, chat = await start(quick_shop, "sara")
    assert (await sara.until(t="push", kind="queue"))["position"] == 1
    await sara.cut()
    await quick_shop.agent("ann")
    await trio.sleep(20)
    sara = await quick_shop.shopper("sara", resume={"chats": {chat: 4}})
    assert (await sara.until(t="push", kind="queue"))["position"] == 0


async def test_a_queue_that_moves_fast_is_told_of_seldom(quick_shop: Shop) -> None:
    await save(quick_shop, replace(ROUND, show_queue=True))
    waiting = [await start(quick_shop, f"s{number}") for number in range(8)]
    last, _ = waiting[-1]
    for shopper, chat in waiting[:-1]:
        await shopper.ask("chat.end", chat=chat)
        await trio.sleep(1)
    moments = await within(30, last)
    pushes = [m for m in moments if m.frame.get("kind") == "queue"]
    assert len(pushes) <= 4
    assert pushes[-1].frame["position"] == 1


async def test_only_members_open_the_tickets_of_a_restricted_team(
    quick_shop: Shop,
) -> None:
    teams = replace(ROUND, rules=(POLISH,), teams=(LOCKED,))
    await save(quick_shop, teams)
    sara = await quick_shop.connect()
    await sara.hello(token=quick_shop.token("shopper", "sara", locale="pl-PL"))
    chat = (await sara.ask("chat.start", text="cześć"))["chat"]
    ann, ben = await quick_shop.agent("ann"), await quick_shop.agent("ben")
    boss = await quick_shop.agent("boss", "admin")
    assert await owner(quick_shop, chat) == "ann"
    opened = await ann.ask("chat.open", chat=chat)
    assert opened["ticket"]["team"] == "polish"
    assert (await boss.ask("chat.open", chat=chat))["t"] == "ok"
    for op, fields in (
        ("chat.open", {}),
        ("chat.history", {"before": 9, "limit": 5}),
        ("msg.send", {"text": "hi"}),
        ("note.add", {"text": "hi"}),
        ("ticket.assign", {"to": "ben"}),
        ("read", {"seq": 1}),
    ):
        refused = await ben.ask(op, chat=chat, **fields)
        assert refused["code"] == "not_found", op
    # The shopper hears nothing of teams.
    assert b"polish" not in b"".join(sara.raw)


async def test_who_may_not_open_a_ticket_any_more_hears_nothing_more_of_it(
    quick_shop: Shop,
) -> None:
    assigned = AssignmentSettings(rules=(POLISH,), teams=(LOCKED,))
    await save(quick_shop, assigned)
    sara = await quick_shop.connect()
    await sara.hello(token=quick_shop.token("shopper", "sara", locale="pl"))
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    ann, ben = await quick_shop.agent("ann"), await quick_shop.agent("ben")
    await ann.ask("ticket.assign", chat=chat, to="ben")
    # Whoever a ticket was given to may open it.
    assert (await ben.ask("chat.open", chat=chat))["t"] == "ok"
    await ann.ask("ticket.assign", chat=chat, to="ann")
    out = await ben.until(t="push", kind="attention")
    assert (out["chat"], out["why"]) == (chat, "out_of_reach")
    await ann.ask("note.add", chat=chat, text="between us")
    assert await within(1, ben) == []


async def polish_chat(shop: Shop, *members: str) -> tuple[Client, str]:
    """Return a shopper, and their chat with a restricted team of these."""
    team = replace(LOCKED, members=members)
    await save(shop, AssignmentSettings(rules=(POLISH,), teams=(team,)))
    sara = await shop.connect()
    await sara.hello(token=shop.token("shopper", "sara", locale="pl"))
    return sara, (await sara.ask("chat.start", text="hello"))["chat"]


async def told(agent: Client, seconds: float = 1) -> list[Frame]:
    """Return what an agent gets of chats, whatever is told of the shop."""
    moments = await within(seconds, agent)
    return [m.frame for m in moments if m.frame.get("kind") != "desk"]


async def test_who_a_team_loses_hears_nothing_more_of_its_tickets(
    quick_shop: Shop,
) -> None:
    sara, chat = await polish_chat(quick_shop, "ann", "ben", "cem")
    _, other = await start(quick_shop, "omar")
    ann, ben = await quick_shop.agent("ann"), await quick_shop.agent("ben")
    cem, boss = await quick_shop.agent("cem"), await quick_shop.agent("boss", "admin")
    for agent in (ann, ben, cem, boss):
        for each in (chat, other):
            await agent.ask("chat.open", chat=each)
    # Whom a ticket was given to keeps it.
    await ann.ask("ticket.assign", chat=chat, to="cem")
    for agent in (ann, ben, cem, boss):
        await within(5, agent)
    kept = replace(LOCKED, members=("ann",))
    await save(quick_shop, AssignmentSettings(rules=(POLISH,), teams=(kept,)))
    out = {"t": "push", "kind": "attention", "chat": chat, "why": "out_of_reach"}
    assert await told(ben) == [out]
    assert (await ben.ask("chat.open", chat=chat))["code"] == "not_found"
    await sara.ask("msg.send", chat=chat, text="for three")
    for agent in (ann, cem, boss):
        (frame,) = await told(agent)
        assert frame["body"]["text"] == "for three"
    await ann.ask("msg.send", chat=other, text="for all")
    assert {m.frame["chat"] for m in await within(1, ben)} == {other}


async def test_who_a_team_loses_is_not_listed_its_tickets_any_more(
    quick_shop: Shop,
) -> None:
    await polish_chat(quick_shop, "ann", "ben")
    ann, ben = await quick_shop.agent("ann"), await quick_shop.agent("ben")
    for agent in (ann, ben):
        assert (await agent.ask("inbox.open", view="all", status="open"))["rows"]
    kept = replace(LOCKED, members=("ann",))
    await save(quick_shop, AssignmentSettings(rules=(POLISH,), teams=(kept,)))
    # What they have cannot be mended: they come back and open the inbox anew.
    assert await ben.read_to_the_end() == 1012
    ben = await quick_shop.agent("ben")
    answer = await ben.ask("inbox.open", view="all", status="open")
    assert (answer["rows"], answer["badge"]) == ([], 0)
    assert await told(ann) == []


@pytest.mark.parametrize("how", ["assign", "save"])
async def test_who_is_shut_out_while_catching_up_does_not_go_live(
    quick_shop: Shop, how: str
) -> None:
    sara, chat = await polish_chat(quick_shop, "ann", "ben")
    for number in range(60):
        await sara.ask("msg.send", chat=chat, text=f"{number:02} {'x' * 3000}")
    ann, ben = await quick_shop.agent("ann"), await quick_shop.agent("ben")
    # Ben reads no more than fits: the rest of the past is still to come.
    await ben.say("chat.open", chat=chat)
    await trio.sleep(1)
    if how == "save":
        kept = replace(LOCKED, members=("ann",))
        await save(quick_shop, AssignmentSettings(rules=(POLISH,), teams=(kept,)))
    else:
        team = replace(LOCKED, id="other", members=("ann",))
        both = (replace(LOCKED, members=("ann", "ben")), team)
        await save(quick_shop, AssignmentSettings(rules=(POLISH,), teams=both))
        await ann.ask("ticket.assign", chat=chat, to="team:other")
    await sara.ask("msg.send", chat=chat, text="not for Ben")
    frames = await told(ben, 5)
    assert frames[-1].get("why") == "out_of_reach"
    assert "live" not in {frame["t"] for frame in frames}
    assert 0 < len(ben.events(chat)) < 60


async def test_a_disabled_agent_gets_no_ticket_from_that_moment_on(
    quick_shop: Shop,
) -> None:
    await save(quick_shop, ROUND)
    await quick_shop.agent("ann")
    ask = ChangeAgent(site=DEFAULT_SITE, id="ann", disabled=True)
    await change_agent(quick_shop.broker, ask)
    _, chat = await start(quick_shop, "sara")
    assert await owner(quick_shop, chat) is None


async def test_widgets_learn_whether_anybody_is_there_and_not_who(
    quick_shop: Shop,
) -> None:
    visitor = await quick_shop.visitor()
    assert visitor.welcome["config"]["team_online"] is False
    ann = await quick_shop.agent("ann")
    await within(1, visitor)
    assert visitor.staffings == [True]
    assert (await quick_shop.shopper()).welcome["config"]["team_online"] is True
    await ann.ask("presence.set", state="away")
    await within(5, visitor)
    assert visitor.staffings == [True, False]
    assert b"ann" not in b"".join(visitor.raw)


async def test_what_one_site_does_is_not_for_another(quick_shop: Shop) -> None:
    await save(quick_shop, ROUND)
    await quick_shop.open_site("other", Settings(assignment=ROUND))
    await quick_shop.hire("oli", site="other")
    oli = await quick_shop.connect()
    await oli.hello(token=quick_shop.token("agent", "oli", site="other"))
    _, chat = await start(quick_shop, "sara")
    assert await owner(quick_shop, chat) is None
    assert len(quick_shop.broker.house.desks) == 2


async def test_supervisors_hear_of_a_wait_that_nobody_ends(quick_shop: Shop) -> None:
    ann = await quick_shop.agent("ann")
    boss = await quick_shop.agent("boss", "admin")
    _, chat = await start(quick_shop, "sara")
    attention = await boss.until(t="push", kind="attention")
    assert (attention["chat"], attention["why"]) == (chat, "overdue")
    kinds = {m.frame.get("kind") for m in await within(1, ann)}
    assert "checkin" in kinds
    assert "attention" not in kinds


async def test_the_desk_of_a_broker_that_starts_anew_gives_all_a_minute(
    tmp_path: Path, virtual_time: None
) -> None:
    del virtual_time
    async with in_memory(tmp_path) as shop:
        await save(shop, ROUND)
        await shop.agent("ann")
        _, chat = await start(shop, "sara")
        assert await owner(shop, chat) == "ann"
    async with in_memory(tmp_path) as shop:
        await trio.sleep(55)
        assert await owner(shop, chat) == "ann"
        await trio.sleep(10)
        assert await owner(shop, chat) is None
        await shop.agent("ben")
        assert await owner(shop, chat) == "ben"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_a_busy_day_is_counted_right(quick_shop: Shop, seed: int) -> None:
    """Whatever people do: the desk's table is a recount, and nobody waits in vain."""
    chance = random.Random(seed)
    await save(quick_shop, replace(ROUND, max_chats=2))
    agents = {sub: await quick_shop.agent(sub) for sub in ("ann", "ben", "cid")}
    chats: list[tuple[Client, str]] = []
    for number in range(60):
        if chance.random() < 0.5 or not chats:
            chats.append(await start(quick_shop, f"s{number}"))
        shopper, chat = chance.choice(chats)
        agent = agents[chance.choice([*agents])]
        what = chance.randrange(6)
        if what == 0:
            await shopper.ask("chat.end", chat=chat)
        elif what == 1:
            await agent.ask("msg.send", chat=chat, text="hi")
        elif what == 2:
            await agent.ask("ticket.snooze", chat=chat, preset="next_reply")
        elif what == 3:
            await shopper.ask("msg.send", chat=chat, text="well?")
        elif what == 4:
            state = chance.choice(("online", "away", "online"))
            await agent.ask("presence.set", state=state)
        else:
            await trio.sleep(chance.choice((1, 10)))
        await trio.sleep(0.1)
        await check(quick_shop)


async def check(shop: Shop) -> None:
    """Compare the desk with the tickets, and with what it should have done."""
    query = """
    SELECT chat, assignee FROM ticket WHERE status = 'open' AND control = 'humans'"""
    rows = await shop.broker.query(lambda db: db.execute(query).fetchall())
    desk = shop.broker.house.desks.find(SiteId(DEFAULT_SITE))
    ledger, router = desk.router.ledger, desk.router
    held = {(chat, agent) for agent, chats in ledger.held.items() for chat in chats}
    assert held == {(chat, agent) for chat, agent in rows if agent}
    waiting = sum(agent is None for _, agent in rows)
    assert ledger.waiting == waiting
    there = [who for who, seen in router.present.items() if seen == "online"]
    free = [who for who in there if router.load(who) < router.room]
    assert not (waiting and free)
