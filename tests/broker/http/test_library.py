"""FAQ, macros and knowledge: three lists that are swapped whole."""

import msgspec
import pytest
import trio

from actors.library import MACROS_BYTES, FaqItem, Macro, Macros
from actors.settings.document import Settings
from broker import founding
from tests.broker.http.web import Answer, Web, refusal

NAMES = ("faq", "macros", "knowledge")
GOOD: dict[str, Answer] = {
    "faq": {"id": "f1", "question": "Where?", "answer": "There.", "published": True},
    "macros": {
        "id": "m1",
        "name": "Hello",
        "category": "Greetings",
        "shortcut": "hi",
        "text": "Hi {{profile.first_name|there}}",
    },
    "knowledge": {"id": "k1", "title": "Returns", "text": "Within 30 days."},
}


def path(name: str, site: str = "default") -> str:
    return f"/v1/sites/{site}/{name}"


async def put(web: Web, name: str, version: int, *items: Answer) -> tuple[int, Answer]:
    body = {"if_version": version, "items": items}
    headers = await web.bearer()
    answer = await web.client.put(path(name), json=body, headers=headers)
    return answer.status_code, answer.json()


async def got(web: Web, name: str) -> Answer:
    headers = await web.bearer("agent", "ann")
    answer = await web.client.get(path(name), headers=headers)
    assert answer.status_code == 200
    found: Answer = answer.json()
    return found


@pytest.mark.parametrize("name", NAMES)
async def test_a_put_swaps_the_whole_list(web: Web, name: str) -> None:
    assert await got(web, name) == {"version": 0, "items": []}
    other = GOOD[name] | {
        "id": "other",
        **({"shortcut": "ho"} if name == "macros" else {}),
    }
    assert await put(web, name, 0, GOOD[name], other) == (200, {"version": 1})
    first = await got(web, name)
    assert [item["id"] for item in first["items"]] == [GOOD[name]["id"], "other"]
    assert first["items"][0].items() >= GOOD[name].items()
    assert await put(web, name, 1) == (200, {"version": 2})
    assert await got(web, name) == {"version": 2, "items": []}
    for another in NAMES:
        assert (await got(web, another))["version"] == (2 if another == name else 0)


async def test_a_stale_version_is_a_conflict_with_the_current_one(web: Web) -> None:
    await put(web, "macros", 0, GOOD["macros"])
    for version in (0, 7):
        status, late = await put(web, "macros", version)
        assert (status, late["code"], late["version"]) == (409, "conflict", 1)
        assert late["items"][0]["id"] == "m1"
    assert len((await got(web, "macros"))["items"]) == 1


async def test_of_ten_at_the_same_time_one_wins(web: Web) -> None:
    statuses: list[int] = []

    async def one(number: int) -> None:
        item = GOOD["faq"] | {"id": f"f{number}"}
        statuses.append((await put(web, "faq", 0, item))[0])

    await web.bearer()
    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(one, number)
    assert sorted(statuses) == [200] + [409] * 9
    assert len((await got(web, "faq"))["items"]) == 1


WRONG: list[tuple[str, Answer, str]] = [
    ("faq", {"id": ""}, "id"),
    ("faq", {"id": "x" * 65}, "id"),
    ("faq", {"id": "a b"}, "id"),
    ("faq", {"id": "ab\n"}, "id"),
    ("faq", {"id": "f0"}, "id"),
    ("faq", {"question": ""}, "question"),
    ("faq", {"question": "x" * 301}, "question"),
    ("faq", {"answer": " \n"}, "answer"),
    ("faq", {"answer": "a\x00b"}, "answer"),
    ("faq", {"answer": "x" * 8193}, "answer"),
    ("faq", {"published": "yes"}, "published"),
    ("faq", {"publish": True}, ""),
    ("macros", {"text": "Hi {{profile.nam}}"}, "text"),
    ("macros", {"text": "Hi {{"}, "text"),
    ("macros", {"text": ""}, "text"),
    ("macros", {"text": " ", "then": {"close": True}}, "text"),
    ("macros", {"text": "\U0001f600" * 2049}, "text"),
    ("macros", {"text": "a\x00b"}, "text"),
    ("macros", {"id": "f0"}, "id"),
    ("macros", {"shortcut": "F0"}, "shortcut"),
    ("macros", {"shortcut": "a b"}, "shortcut"),
    ("macros", {"then": {"close": True, "snooze": "one_week"}}, "then.snooze"),
    ("macros", {"then": {"snooze": "for ever"}}, "then.snooze"),
    ("macros", {"then": {"explode": True}}, "then"),
    ("macros", {"then": {"tag": [""]}}, "then.tag[0]"),
    ("macros", {"hold": 1}, "hold"),
    ("knowledge", {"url": "javascript:x"}, "url"),
    ("knowledge", {"text": ""}, "text"),
    ("knowledge", {"title": "a\nb"}, "title"),
]


@pytest.mark.parametrize(("name", "field", "at"), WRONG)
async def test_what_is_wrong_is_named_and_nothing_is_saved(
    web: Web, name: str, field: Answer, at: str
) -> None:
    first = GOOD[name] | {"id": "f0"}
    if name == "macros":
        first["shortcut"] = "f0"
    status, problem = await put(web, name, 0, first, GOOD[name] | field)
    assert (status, problem["code"]) == (400, "bad_frame")
    assert problem["path"] == "$.items[1]" + (f".{at}" if at else "")
    assert problem["reason"]
    assert (await got(web, name))["version"] == 0


async def test_a_body_with_half_a_pair_is_refused(web: Web) -> None:
    body = rb'{"if_version":0,"items":[{"id":"a","question":"\ud800","answer":"b"}]}'
    headers = await web.bearer()
    answer = await web.client.put(path("faq"), content=body, headers=headers)
    assert answer.status_code == 400
    assert (await got(web, "faq"))["version"] == 0


async def test_lists_are_bounded_in_number_and_in_all(web: Web) -> None:
    many = [GOOD["faq"] | {"id": f"f{number}"} for number in range(201)]
    status, problem = await put(web, "faq", 0, *many)
    assert (status, problem["path"]) == (400, "$.items")
    assert (await put(web, "faq", 0, *many[:200]))[0] == 200
    large = {"id": "", "name": "Large", "text": "x" * 8000}
    count = MACROS_BYTES // 8000 + 1
    status, problem = await put(
        web, "macros", 0, *(large | {"id": f"m{n}"} for n in range(count))
    )
    assert (status, problem["path"]) == (400, "$.items")


async def test_agents_read_and_admins_write(web: Web) -> None:
    for name in NAMES:
        body = {"if_version": 0, "items": [GOOD[name]]}
        for role, sub in (("agent", "ann"), ("shopper", "sara")):
            headers = await web.bearer(role, sub)
            answer = await web.client.put(path(name), json=body, headers=headers)
            assert refusal(answer) == (403, "forbidden")
        headers = await web.bearer("shopper", "sara")
        answer = await web.client.get(path(name), headers=headers)
        assert refusal(answer) == (403, "forbidden")
        visitor = {"Authorization": "Bearer anon:0123456789"}
        answer = await web.client.get(path(name), headers=visitor)
        assert refusal(answer) == (403, "forbidden")
        assert refusal(await web.client.get(path(name)))[0] == 401
        assert (await got(web, name))["version"] == 0


async def test_another_site_is_out_of_reach_and_keeps_its_own(web: Web) -> None:
    await web.shop.open_site("outlet", Settings())
    await put(web, "macros", 0, GOOD["macros"])
    for site in ("outlet", "nowhere"):
        for method in ("GET", "PUT"):
            answer = await web.client.request(
                method, path("macros", site), headers=await web.bearer()
            )
            assert refusal(answer) == (404, "not_found")
    assert web.shop.broker.sites.library_of("outlet").macros == Macros()


async def test_the_next_start_of_the_broker_knows_them(web: Web) -> None:
    for name in NAMES:
        await put(web, name, 0, GOOD[name])
    known = await web.shop.broker.query(founding.learn)
    library = known.sites[0].library
    assert library == web.shop.broker.sites.library_of("default")
    assert library.faq.items == (msgspec.convert(GOOD["faq"], FaqItem),)
    assert library.macro("m1") == msgspec.convert(GOOD["macros"], Macro)
    assert library.macro("m2") is None


async def test_who_changed_what_and_when_is_kept(web: Web) -> None:
    await put(web, "faq", 0, GOOD["faq"])
    await put(web, "faq", 1)
    sql = "SELECT version, by, at > 0 FROM document WHERE name = 'faq' ORDER BY version"
    rows = await web.shop.broker.query(lambda db: db.execute(sql).fetchall())
    assert rows == [(1, "agent:boss", 1), (2, "agent:boss", 1)]


async def test_the_lists_are_described(web: Web) -> None:
    described = (await web.client.get("/schema/openapi.json")).json()
    for name in NAMES:
        operations = described["paths"][f"/v1/sites/{{site}}/{name}"]
        assert set(operations) == {"get", "put"}


async def test_all_versions_stay_with_who_made_them_and_when(web: Web) -> None:
    for version in range(3):
        await put(web, "faq", version, GOOD["faq"] | {"answer": f"no. {version}"})
    headers = await web.bearer("agent", "ann")
    listed = (await web.client.get(path("faq/versions"), headers=headers)).json()
    assert listed["more"] is False
    assert [v["version"] for v in listed["versions"]] == [3, 2, 1]
    assert {v["by"] for v in listed["versions"]} == {"agent:boss"}
    ats = [v["at"] for v in listed["versions"]]
    assert ats == sorted(ats, reverse=True)
    where = path("faq/versions?limit=1&before=3")
    page = (await web.client.get(where, headers=headers)).json()
    assert (page["versions"][0]["version"], page["more"]) == (2, True)
    old = (await web.client.get(path("faq/versions/2"), headers=headers)).json()
    assert old | {"at": 0} == {
        "version": 2,
        "at": 0,
        "by": "agent:boss",
        "document": [GOOD["faq"] | {"answer": "no. 1"}],
    }


@pytest.mark.parametrize("version", ["0", "2", "-1", "one", "\u0661", "9" * 99, "1e0"])
async def test_a_version_that_never_was_is_not_found(web: Web, version: str) -> None:
    await put(web, "macros", 0, GOOD["macros"])
    headers = await web.bearer("agent", "ann")
    for name in (f"macros/versions/{version}", "faq/versions/1"):
        answer = await web.client.get(path(name), headers=headers)
        assert refusal(answer) == (404, "not_found")


async def test_old_settings_are_the_admins_alone(web: Web) -> None:
    document = {"chat": {"welcome": "Hello"}}
    body = {"if_version": 0, "settings": document}
    await web.client.put(path("settings"), json=body, headers=await web.bearer())
    for name in ("settings/versions", "settings/versions/1", "faq/usage"):
        denied = await web.client.get(
            path(name), headers=await web.bearer("agent", "ann")
        )
        assert refusal(denied) == (403, "forbidden")
        granted = await web.client.get(path(name), headers=await web.bearer())
        assert granted.status_code == 200
    old = await web.client.get(path("settings/versions/1"), headers=await web.bearer())
    assert old.json()["document"]["chat"]["welcome"] == "Hello"


async def test_what_became_of_each_question_is_counted(web: Web) -> None:
    hidden = GOOD["faq"] | {"id": "f2", "published": False}
    await put(web, "faq", 0, GOOD["faq"], hidden)
    visitor, sara = await web.shop.visitor(), await web.shop.shopper()
    await visitor.ask("faq.pick", faq="f1")
    await sara.ask("faq.done", helped=True)
    for _ in range(2):
        await sara.ask("faq.pick", faq="f1")
        await sara.ask("faq.done", helped=True)
    await sara.ask("faq.pick", faq="f2")
    await put(web, "faq", 1, hidden | {"published": True}, GOOD["faq"])
    await web.shop.visitor()
    usage = await web.client.get(path("faq/usage"), headers=await web.bearer())
    assert usage.json()["items"] == {
        "f2": {"shown": 1, "picked": 0, "helped": 0},
        "f1": {"shown": 3, "picked": 3, "helped": 1},
    }
    metrics = (await web.client.get("/metrics")).text
    for name, number in (("shown", 3.0), ("picked", 3.0), ("helped", 1.0)):
        assert (
            f'shopwire_faq_{name}_total{{faq="f1",site="default"}} {number}' in metrics
        )
