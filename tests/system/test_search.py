import pytest

from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings
from storage import search
from tests.system.client import Client
from tests.system.shop import Shop


async def hits(client: Client, q: str, **more: object) -> list[dict[str, object]]:
    answer = await client.ask("search", q=q, **more)
    assert answer["t"] == "ok", answer
    found: list[dict[str, object]] = answer["hits"]
    return found


async def test_an_agent_finds_what_was_just_said(shop: Shop) -> None:
    sara = await shop.shopper(
        "sara", token=shop.token("shopper", "sara", name="Żaneta")
    )
    chat = (await sara.ask("chat.start", text="Mój kubek jest pęknięty"))["chat"]
    ann = await shop.agent()
    (hit,) = await hits(ann, "peknie kub")
    assert (hit["chat"], hit["kind"], hit["by"]) == (chat, "msg", sara.who)
    assert (hit["name"], hit["status"]) == ("Żaneta", "open")
    assert hit["snippet"] == ["Mój ", "kub", "ek jest ", "pęknię", "ty"]
    await ann.ask("note.add", chat=chat, text="wysłać nowy kubek")
    assert [hit["kind"] for hit in await hits(ann, "kubek")] == ["note", "msg"]
    assert [hit["kind"] for hit in await hits(ann, "zaneta")] == ["name"]
    assert await hits(ann, "kubek", status="closed") == []


async def test_search_is_for_agents_alone(shop: Shop) -> None:
    sara = await shop.shopper()
    await sara.ask("chat.start", text="hello")
    for client in (sara, await shop.visitor()):
        assert (await client.ask("search", q="hello"))["code"] == "forbidden"
    boss = await shop.agent("boss", "admin")
    assert len(await hits(boss, "hello")) == 1


async def test_an_agent_searches_their_own_site(shop: Shop) -> None:
    await shop.open_site("outlet", Settings())
    sara = await shop.shopper()
    await sara.ask("chat.start", text="hello")
    await shop.hire("eve", "agent", "outlet")
    eve = await shop.connect()
    await eve.hello(token=shop.token("agent", "eve", site="outlet"))
    assert await hits(eve, "hello") == []


async def test_what_a_restricted_team_has_is_found_by_its_members(
    shop: Shop,
) -> None:
    team = Team("vip", "VIP", members=("ann",), restricted=True)
    rules = (Rule(Condition(), "vip"),)
    await shop.settle(
        Settings(assignment=AssignmentSettings(rules=rules, teams=(team,)))
    )
    sara = await shop.shopper()
    chat = (await sara.ask("chat.start", text="a diamond"))["chat"]
    ann, ben = await shop.agent("ann"), await shop.agent("ben")
    boss = await shop.agent("boss", "admin")
    found = [len(await hits(agent, "diamond")) for agent in (ann, ben, boss)]
    assert found == [1, 0, 1]
    await ann.ask("ticket.assign", chat=chat, to="ben")
    assert len(await hits(ben, "diamond")) == 1


async def test_a_long_list_comes_in_pages(shop: Shop) -> None:
    sara = await shop.shopper()
    chat = (await sara.ask("chat.start", text="number 0"))["chat"]
    for number in range(1, 7):
        await sara.ask("msg.send", chat=chat, text=f"number {number}")
    ann = await shop.agent()
    first = await ann.ask("search", q="number", limit=5)
    rest = await ann.ask("search", q="number", limit=5, cursor=first["cursor"])
    seqs = [hit["seq"] for hit in first["hits"] + rest["hits"]]
    assert seqs == sorted(seqs, reverse=True)
    assert len(seqs) == 7
    assert "cursor" not in rest


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({}, "$.q"),
        ({"q": 1}, "$.q"),
        ({"q": "x" * 201}, "$.q"),
        ({"q": "x", "limit": 51}, "$.limit"),
        ({"q": "x", "status": "lost"}, "$.status"),
        ({"q": "x", "cursor": "-1"}, "$.cursor"),
        ({"q": "x", "cursor": "²"}, "$.cursor"),
        ({"q": "x", "from": -1}, "$.from"),
    ],
)
async def test_a_bad_field_is_named(
    shop: Shop, fields: dict[str, object], path: str
) -> None:
    ann = await shop.agent()
    refused = await ann.ask("search", **fields)
    assert (refused["code"], refused["path"]) == ("bad_frame", path)


async def test_a_damaged_index_is_made_anew(shop: Shop) -> None:
    sara, ann = await shop.shopper(), await shop.agent()
    await sara.ask("chat.start", text="hello")
    assert len(await hits(ann, "hello")) == 1
    await shop.broker.change(lambda db: db.execute("DELETE FROM search_data"))
    refused = await ann.ask("search", q="hello")
    assert (refused["code"], refused["retry"]) == ("unavailable", True)
    assert len(await hits(ann, "hello")) == 1


async def test_a_name_that_changes_is_found_by_the_new_one(shop: Shop) -> None:
    old = shop.token("shopper", "sara", name="Sara Old")
    sara = await shop.shopper("sara", token=old)
    await sara.ask("chat.start", text="hello")
    ann = await shop.agent()
    assert len(await hits(ann, "old")) == 1
    await shop.shopper("sara", token=shop.token("shopper", "sara", name="Sara New"))
    assert await hits(ann, "old") == []
    assert len(await hits(ann, "new")) == 1


async def test_the_index_follows_the_journal_by_itself(shop: Shop) -> None:
    sara = await shop.shopper()
    await sara.ask("chat.start", text="hello")
    finder = shop.broker.house.finder
    while await finder._step():
        pass
    assert await shop.broker.query(search.behind) is False
