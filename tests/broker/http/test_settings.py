import httpx
import pytest
import trio

from actors.settings.document import Settings
from broker import founding
from broker.office.clerk import carry_out
from broker.office.requests import ChangeAgent
from tests.broker.http.web import SETTINGS, Answer, Web, refusal
from tests.system.client import Client


async def put(web: Web, version: int, settings: Answer, **more: str) -> httpx.Response:
    headers = await web.bearer(**more)
    body = {"if_version": version, "settings": settings}
    return await web.client.put(SETTINGS, json=body, headers=headers)


async def test_a_fresh_site_has_the_defaults(web: Web) -> None:
    got = await web.settings()
    assert got["version"] == 0
    assert got["settings"]["check_in"]["remind_s"] == 180


async def test_a_put_swaps_the_whole_document(web: Web) -> None:
    first = await put(
        web, 0, {"chat": {"welcome": "Hi"}, "legal": {"ack_required": True}}
    )
    assert (first.status_code, first.json()) == (200, {"version": 1})
    second = await put(web, 1, {"chat": {"locale": "pl"}})
    assert second.json() == {"version": 2}
    got = await web.settings()
    assert got["version"] == 2
    assert got["settings"]["chat"]["locale"] == "pl"
    # What was not named has its default again: nothing of the first is left.
    assert got["settings"]["chat"]["welcome"] == "Hi! How can we help?"
    assert got["settings"]["legal"]["ack_required"] is False


async def test_a_stale_version_is_a_conflict_that_names_the_current_one(
    web: Web,
) -> None:
    await put(web, 0, {"chat": {"welcome": "one"}})
    late = await put(web, 0, {"chat": {"welcome": "two"}})
    assert refusal(late) == (409, "conflict")
    assert late.json()["version"] == 1
    assert late.json()["settings"]["chat"]["welcome"] == "one"
    ahead = await put(web, 7, {"chat": {"welcome": "two"}})
    assert refusal(ahead) == (409, "conflict")
    assert (await web.settings())["version"] == 1


async def test_of_ten_at_the_same_time_one_wins(web: Web) -> None:
    statuses: list[int] = []

    async def one(number: int) -> None:
        answer = await put(web, 0, {"chat": {"welcome": f"I am {number}"}})
        statuses.append(answer.status_code)

    await web.bearer()
    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(one, number)
    assert sorted(statuses) == [200] + [409] * 9
    assert (await web.settings())["version"] == 1


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"check_in": {"remind_s": 4}}, "$.settings.check_in.remind_s"),
        ({"check_in": {"remind_s": "180"}}, "$.settings.check_in.remind_s"),
        ({"check_in": {"remind_s": 300}}, "$.settings.check_in.breach_s"),
        (
            {"check_in": {"auto_s": 270, "auto_text": " "}},
            "$.settings.check_in.auto_text",
        ),
        ({"chat": {"allowed_origins": ["shop"]}}, "$.settings.chat.allowed_origins[0]"),
        ({"chat": {"colour": "red"}}, "$.settings.chat"),
        ({"hours": {"zone": "Moon/Base"}}, "$.settings.hours.zone"),
        ({"hours": {"zone": "../UTC"}}, "$.settings.hours.zone"),
        ({"legal": {"terms_url": "javascript:x"}}, "$.settings.legal.terms_url"),
        ({"chat": None}, "$.settings.chat"),
    ],
)
async def test_an_invalid_field_is_named_and_nothing_is_saved(
    web: Web, settings: Answer, path: str
) -> None:
    answer = await put(web, 0, {"receipts": {"show_agent_read": True}} | settings)
    assert refusal(answer) == (400, "bad_frame")
    assert answer.json()["path"] == path
    assert answer.json()["reason"]
    got = await web.settings()
    assert got["version"] == 0
    assert got["settings"]["receipts"]["show_agent_read"] is False


async def test_a_body_that_is_none_is_refused(web: Web) -> None:
    headers = await web.bearer()
    for body in (b"", b"{}", b"[1]", b'{"if_version":-1,"settings":{}}', b"\x00"):
        answer = await web.client.put(SETTINGS, content=body, headers=headers)
        assert refusal(answer) == (400, "bad_frame")


async def test_settings_are_for_admins_alone(web: Web) -> None:
    for method in ("GET", "PUT"):
        for role, sub in (("agent", "ann"), ("shopper", "sara")):
            answer = await web.client.request(
                method, SETTINGS, headers=await web.bearer(role, sub)
            )
            assert refusal(answer) == (403, "forbidden")
        visitor = {"Authorization": "Bearer anon:0123456789"}
        answer = await web.client.request(method, SETTINGS, headers=visitor)
        assert refusal(answer) == (403, "forbidden")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Basic x", "Bearer a.b.c"]
)
async def test_without_a_good_token_nobody_is_let_in(
    web: Web, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await web.client.get(SETTINGS, headers=headers)
    assert refusal(answer) == (401, "auth_failed")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_that_has_run_out_is_none(web: Web) -> None:
    await web.shop.hire("boss", "admin")
    token = web.shop.token("admin", "boss", lasts=-1)
    headers = {"Authorization": f"Bearer {token}"}
    assert refusal(await web.client.get(SETTINGS, headers=headers))[0] == 401


async def test_another_site_is_out_of_reach_whether_it_is_there_or_not(
    web: Web,
) -> None:
    await web.shop.open_site("outlet", Settings())
    for role, sub in (("admin", "boss"), ("agent", "ann"), ("shopper", "sara")):
        headers = await web.bearer(role, sub)
        for site in ("outlet", "nowhere"):
            path = f"/v1/sites/{site}/settings"
            for method in ("GET", "PUT"):
                answer = await web.client.request(method, path, headers=headers)
                assert refusal(answer) == (404, "not_found")


async def test_an_admin_who_was_made_an_agent_is_one_at_once(web: Web) -> None:
    headers = await web.bearer()
    # The last admin stays one.
    await web.shop.hire("second", "admin")
    await carry_out(web.shop.broker, ChangeAgent(id="boss", role="agent"))
    answer = await web.client.get(SETTINGS, headers=headers)
    assert refusal(answer) == (401, "auth_failed")


async def next_config(client: Client) -> Answer:
    push = await client.until(t="push", kind="config")
    config: Answer = push["config"]
    return config


async def test_shoppers_and_visitors_hear_of_it_at_once(web: Web) -> None:
    sara, visitor = await web.shop.shopper(), await web.shop.visitor()
    ann = await web.shop.agent()
    await put(web, 0, {"chat": {"login_status": "hide_logged_out", "welcome": "Ahoy"}})
    for client, tab in ((sara, True), (visitor, False)):
        config = await next_config(client)
        assert (config["welcome"], config["tab"], config["version"]) == ("Ahoy", tab, 1)
    assert [frame for frame in ann.unread() if frame.get("kind") == "config"] == []
    started = await sara.ask("chat.start", text="hello")
    said = [e.body for e in await web.shop.journal(started["chat"]) if e.kind == "msg"]
    assert said[0]["text"] == "Ahoy"


async def test_the_next_start_of_the_broker_knows_them(web: Web) -> None:
    await put(web, 0, {"chat": {"welcome": "Ahoy"}})
    known = await web.shop.broker.query(founding.learn)
    assert known.sites[0].rules.settings.chat.welcome == "Ahoy"
    assert known.sites[0].rules.version == 1
