"""What a shop tells of its customers, and of what they do."""

from typing import Any

import msgspec
import pytest

from actors.settings.document import Settings
from storage import accounts, people
from storage.people import FIRST, Window
from tests.broker.http.web import Answer, Web, refusal
from tests.system.client import Client

SARA = "/v1/sites/default/profiles/sara"
EVENTS = f"{SARA}/events"
FACTS: Answer = {
    "name": "Sara Lindt",
    "email": "sara@home.example",
    "phone": "+48 600 100 200",
    "place": "Kraków",
    "language": "pl",
    "customer_since": 1_600_000_000_000,
    "orders": 7,
    "spent": "1 234,50 zł",
    "last_order": {"number": "#1042", "at": 1_700_000_000_000, "total": 99.5},
    "consents": {"email": True, "sms": False},
    "tags": ["vip"],
    "segment": "loyal",
}
ORDERED: Answer = {
    "id": "o-1",
    "kind": "ordered",
    "at": 1_700_000_000_000,
    "data": {"number": "#1042", "lines": [{"sku": "A", "count": 2}]},
}


async def put(web: Web, facts: object, path: str = SARA) -> tuple[int, Answer]:
    answer = await web.client.put(path, json=facts, headers=await web.bearer())
    return answer.status_code, answer.json()


async def post(web: Web, told: object, path: str = EVENTS) -> tuple[int, Answer]:
    answer = await web.client.post(path, json=told, headers=await web.bearer())
    return answer.status_code, answer.json()


async def stored(web: Web, sub: str = "sara") -> tuple[accounts.Profile, Answer]:
    broker = web.shop.broker
    row = await broker.query(lambda db: accounts.profile_by_sub(db, "default", sub))
    assert row is not None
    text = await broker.query(lambda db: people.facts(db, "default", row.id))
    facts: Answer = msgspec.json.decode(text or "{}")
    return row, facts


async def history(web: Web, sub: str = "sara") -> list[str]:
    row, _ = await stored(web, sub)
    window = Window(FIRST, (), 1000)
    found = await web.shop.broker.query(
        lambda db: people.happenings(db, "default", row.id, window)
    )
    return [happening.id for happening in found]


async def pushed(client: Client) -> Answer:
    return await client.until(t="push", kind="profile_event")


async def test_a_person_is_as_the_shop_tells_and_nothing_stands_twice(
    web: Web,
) -> None:
    status, answer = await put(web, FACTS)
    row, facts = await stored(web)
    assert (status, answer) == (200, {"profile": row.id})
    assert (row.name, row.email, row.locale) == (
        "Sara Lindt",
        "sara@home.example",
        "pl",
    )
    assert row.phone == "+48 600 100 200"
    columns = ("name", "email", "phone", "language")
    assert facts == {k: v for k, v in FACTS.items() if k not in columns}
    assert (await put(web, {"name": "Sara"}))[1] == answer
    row, facts = await stored(web)
    assert (row.name, row.email, facts) == ("Sara", None, {})


async def test_a_person_who_comes_later_is_the_same(web: Web) -> None:
    _, answer = await put(web, FACTS)
    sara = await web.shop.shopper()
    assert sara.who == f"shopper:{answer['profile']}"
    assert (await stored(web))[0].name == "Sara Lindt"


async def test_a_person_who_is_there_keeps_what_the_shop_tells(web: Web) -> None:
    shop = web.shop
    token = shop.token("shopper", "sara", name="Old", locale="en")
    client = await shop.connect()
    await client.hello(token=token)
    _, answer = await put(web, FACTS)
    assert client.who == f"shopper:{answer['profile']}"
    again = await shop.connect()
    await again.hello(token=shop.token("shopper", "sara", phone="1"))
    row, facts = await stored(web)
    # What the token tells is newer; the rest stays as the shop has told it.
    assert (row.phone, row.name, row.locale) == ("1", "Sara Lindt", "pl")
    assert facts["segment"] == "loyal"


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({"name": ""}, "$.name"),
        ({"name": "a\x00b"}, "$.name"),
        ({"name": "x" * 301}, "$.name"),
        ({"email": "nobody"}, "$.email"),
        ({"orders": -1}, "$.orders"),
        ({"orders": 2**53}, "$.orders"),
        ({"customer_since": 253_402_300_800_000}, "$.customer_since"),
        ({"spent": -0.5}, "$.spent"),
        ({"last_order": {}}, "$.last_order"),
        ({"last_order": {"number": "1", "url": "javascript:x"}}, "$.last_order.url"),
        ({"consents": {"email": "yes"}}, "$.consents[...]"),
        ({"consents": {f"w{n}": True for n in range(51)}}, "$.consents"),
        ({"tags": [""]}, "$.tags[0]"),
        ({"tags": ["t"] * 101}, "$.tags"),
        ({"password": "x"}, "$"),
        ([], "$"),
    ],
)
async def test_what_cannot_be_is_named_and_nobody_is_made(
    web: Web, facts: object, path: str
) -> None:
    status, problem = await put(web, facts)
    assert (status, problem["code"], problem["path"]) == (400, "bad_frame", path)
    count = "SELECT count(*) FROM profile"
    assert await web.shop.broker.query(lambda db: db.execute(count).fetchone()) == (0,)


async def test_an_event_is_added_once_whatever_comes_under_its_id(web: Web) -> None:
    assert await post(web, ORDERED) == (200, {"added": 1})
    other = ORDERED | {"kind": "refunded", "at": 1}
    assert await post(web, other) == (200, {"added": 0})
    batch = [other, {"id": "o-2", "kind": "clicked", "at": 2}, other]
    assert await post(web, batch) == (200, {"added": 1})
    assert await history(web) == ["o-1", "o-2"]
    # The same id of somebody else's is another event.
    assert await post(web, ORDERED, EVENTS.replace("sara", "tom")) == (
        200,
        {"added": 1},
    )
    assert await history(web, "tom") == ["o-1"]


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("event", "status", "path"),
    [
        ({"id": ""}, 400, "id"),
        ({"id": "a b"}, 400, "id"),
        ({"id": "x" * 65}, 400, "id"),
        ({"id": "a\x00"}, 400, "id"),
        ({"kind": "chat_started"}, 400, "kind"),
        ({"kind": "a b"}, 400, "kind"),
        ({"at": -1}, 400, "at"),
        ({"at": "now"}, 400, "at"),
        ({"data": []}, 400, "data"),
        ({"data": {"a": 2**64}}, 400, "data"),
        ({"data": nested(33)}, 400, "data"),
        ({"data": {"a": "x" * 16_377}}, 413, "data"),
        ({"who": "me"}, 400, ""),
    ],
)
async def test_a_bad_event_is_named_and_none_of_its_batch_is_added(
    web: Web, event: Answer, status: int, path: str
) -> None:
    bad = ORDERED | {"id": "bad"} | event
    got, problem = await post(web, [ORDERED, bad])
    assert (got, problem["path"]) == (
        status,
        "$[1]" + (f".{path}" if path else ""),
    )
    sql = "SELECT count(*) FROM profile_event"
    assert await web.shop.broker.query(lambda db: db.execute(sql).fetchone()) == (0,)


async def test_what_just_fits_is_taken(web: Web) -> None:
    for data in ({"a": "x" * 16_376}, nested(32), {"a": 2**64 - 1, "b": "\0"}):
        event = ORDERED | {"id": str(len(str(data))), "data": data}
        assert await post(web, event) == (200, {"added": 1})
    many = [{"id": f"e{n}", "kind": "clicked", "at": n} for n in range(501)]
    assert (await post(web, many))[0] == 413
    assert await post(web, many[:500]) == (200, {"added": 500})


async def test_a_body_that_is_too_deep_is_refused(web: Web) -> None:
    deep = b'{"id":"a","kind":"b","at":1,"data":' + b'{"a":' * 50_000
    headers = await web.bearer()
    answer = await web.client.post(EVENTS, content=deep, headers=headers)
    assert refusal(answer) == (400, "bad_frame")


async def test_only_admins_of_the_site_may_tell(web: Web) -> None:
    await web.shop.open_site("outlet", Settings())
    for method, path in (("PUT", SARA), ("POST", EVENTS)):
        for role, sub in (("agent", "ann"), ("shopper", "sara")):
            headers = await web.bearer(role, sub)
            answer = await web.client.request(method, path, json={}, headers=headers)
            assert refusal(answer) == (403, "forbidden")
        assert refusal(await web.client.request(method, path))[0] == 401
        elsewhere = path.replace("default", "outlet")
        headers = await web.bearer()
        answer = await web.client.request(method, elsewhere, json={}, headers=headers)
        assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("sub", ["x" * 65, "a%00b", "%FF"])
async def test_whom_no_token_could_name_is_nobody(web: Web, sub: str) -> None:
    status, _ = await put(web, {}, f"/v1/sites/default/profiles/{sub}")
    assert status in {400, 404}


async def test_a_name_with_odd_characters_is_one(web: Web) -> None:
    await put(web, {"name": "Kim"}, "/v1/sites/default/profiles/kim%40home%20%C5%82")
    row, _ = await stored(web, "kim@home ł")
    assert row.name == "Kim"


async def test_agents_with_a_chat_of_theirs_open_hear_of_it(web: Web) -> None:
    shop = web.shop
    sara, tom = await shop.shopper(), await shop.shopper("tom")
    ann, bob, boss = (
        await shop.agent(),
        await shop.agent("bob"),
        await shop.agent("eve"),
    )
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    other = (await tom.ask("chat.start", text="hello"))["chat"]
    await ann.ask("chat.open", chat=chat)
    await bob.ask("chat.open", chat=other)
    await post(web, ORDERED)
    push = await pushed(ann)
    assert push["event"] == ORDERED
    assert (push["chat"], push["profile"]) == (chat, sara.who.removeprefix("shopper:"))
    # A repeat is no news, and nobody else hears of it, least of all the person.
    await post(web, ORDERED)
    await post(web, ORDERED | {"id": "o-2"})
    assert (await pushed(ann))["event"]["id"] == "o-2"
    for client in (bob, boss, sara, tom):
        await client.ask("bye")
        news = [f for f in client.heard if f.get("kind") == "profile_event"]
        assert news == []


async def test_of_a_large_import_the_newest_are_pushed(web: Web) -> None:
    sara, ann = await web.shop.shopper(), await web.shop.agent()
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    await ann.ask("chat.open", chat=chat)
    many = [{"id": f"e{n:03}", "kind": "clicked", "at": n} for n in range(100)]
    await post(web, many)
    ids = [(await pushed(ann))["event"]["id"] for _ in range(20)]
    assert ids == [f"e{n:03}" for n in range(80, 100)]
    await ann.ask("chat.leave", chat=chat)
    assert [f for f in ann.unread() if f.get("kind") == "profile_event"] == []
