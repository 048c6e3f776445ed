from functools import partial

import pytest
import trio

from actors.settings import Settings
from tests.broker.http.web import AGENTS, SETTINGS, Answer, Web, refusal
from tests.system.client import FORMS, Form

ANN = {"id": "ann", "name": "Ann", "email": "ann@shop.example"}


async def add(web: Web, **fields: object) -> Answer:
    headers = await web.bearer()
    answer = await web.client.post(AGENTS, json=ANN | fields, headers=headers)
    assert answer.status_code == 201, answer.text
    shown: Answer = answer.json()
    return shown


async def change(web: Web, sub: str = "ann", **fields: object) -> Answer:
    headers = await web.bearer()
    path = f"{AGENTS}/{sub}"
    answer = await web.client.patch(path, json=fields, headers=headers)
    assert answer.status_code == 200, answer.text
    shown: Answer = answer.json()
    return shown


async def test_an_account_is_added_shown_and_listed(web: Web) -> None:
    shown = await add(web, password="correct horse battery")
    assert shown == ANN | {
        "site": "default",
        "role": "agent",
        "login": True,
        "disabled": False,
        "created_at": shown["created_at"],
    }
    headers = await web.bearer()
    one = await web.client.get(f"{AGENTS}/ann", headers=headers)
    assert one.json() == shown
    every = await web.client.get(AGENTS, headers=headers)
    assert shown in every.json()["agents"]
    assert "password" not in every.text
    assert "argon" not in every.text


async def test_what_a_patch_does_not_name_stays(web: Web) -> None:
    before = await add(web, password="correct horse battery")
    assert await change(web) == before
    assert await change(web, name="Anna") == before | {"name": "Anna"}
    assert await change(web, email=None) == before | {"name": "Anna", "email": None}
    assert (await change(web, password=None))["login"] is False


async def test_ids_and_addresses_are_not_given_twice(web: Web) -> None:
    await add(web)
    await add(web, id="ben", email="ben@shop.example")
    headers = await web.bearer()
    for fields, path in (({"email": None}, "$.id"), ({"id": "x"}, "$.email")):
        answer = await web.client.post(AGENTS, json=ANN | fields, headers=headers)
        assert refusal(answer) == (409, "conflict")
        assert answer.json()["path"] == path
    taken = {"email": "ANN@shop.example"}
    answer = await web.client.patch(f"{AGENTS}/ben", json=taken, headers=headers)
    assert refusal(answer) == (409, "conflict")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"id": ""}, "$.id"),
        ({"id": "a b"}, "$.id"),
        ({"id": "a/b"}, "$.id"),
        ({"id": "x" * 65}, "$.id"),
        ({"id": "ann\n"}, "$.id"),
        ({"email": "ann"}, "$.email"),
        ({"email": "a@b\nc"}, "$.email"),
        ({"name": "A\nB"}, "$.name"),
        ({"role": "shopper"}, "$.role"),
        ({"password": "short"}, "$.password"),
        ({"disabled": True}, "$"),
    ],
)
async def test_a_bad_field_is_named(
    web: Web, fields: dict[str, object], path: str
) -> None:
    headers = await web.bearer()
    answer = await web.client.post(AGENTS, json=ANN | fields, headers=headers)
    assert refusal(answer) == (400, "bad_frame")
    assert answer.json()["path"] == path
    assert "short" not in answer.text


async def test_accounts_are_for_admins_of_their_site_alone(web: Web) -> None:
    await add(web)
    await web.shop.open_site("outlet", Settings())
    for method, path in (("GET", AGENTS), ("POST", AGENTS), ("PATCH", f"{AGENTS}/ann")):
        headers = await web.bearer("agent", "ann")
        answer = await web.client.request(method, path, headers=headers)
        assert refusal(answer) == (403, "forbidden")
        elsewhere = path.replace("default", "outlet")
        for role, sub in (("admin", "boss"), ("agent", "ann")):
            headers = await web.bearer(role, sub)
            answer = await web.client.request(method, elsewhere, headers=headers)
            assert refusal(answer) == (404, "not_found")


async def test_an_agent_who_is_not_there_is_not_found(web: Web) -> None:
    headers = await web.bearer()
    for method in ("GET", "PATCH"):
        for sub in ("nobody", "..", "%00", "a%2Fb"):
            path = f"{AGENTS}/{sub}"
            answer = await web.client.request(method, path, headers=headers, json={})
            assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
async def test_who_is_disabled_is_out_within_a_second(web: Web, form: Form) -> None:
    web.shop.form = form
    await add(web)
    ann, again = await web.shop.agent("ann"), await web.shop.agent("ann")
    ben, sara = await web.shop.agent("ben"), await web.shop.shopper()
    token = web.shop.token("agent", "ann")
    with trio.fail_after(1):
        await change(web, disabled=True)
        for client in (ann, again):
            closing = await client.until(t="closing")
            assert closing["code"] == 4001
            assert await client.read_to_the_end() == 4001
    refused = await (await web.shop.connect()).hello(token=token)
    assert refused["code"] == "auth_failed"
    answer = await web.client.get(AGENTS, headers={"Authorization": f"Bearer {token}"})
    assert refusal(answer) == (401, "auth_failed")
    # Nobody else notices.
    assert (await sara.ask("chat.start", text="hello"))["t"] == "ok"
    assert (await ben.ask("presence.set", state="away"))["t"] == "ok"
    await change(web, disabled=False)
    assert (await (await web.shop.connect()).hello(token=token))["t"] == "welcome"


async def test_an_admin_who_becomes_an_agent_is_sent_away(web: Web) -> None:
    await add(web, role="admin")
    ann = await web.shop.agent("ann", "admin")
    token = web.shop.token("admin", "ann")
    await change(web, role="agent")
    assert await ann.read_to_the_end() == 4001
    refused = await (await web.shop.connect()).hello(token=token)
    assert refused["code"] == "auth_failed"
    headers = {"Authorization": f"Bearer {token}"}
    assert refusal(await web.client.get(SETTINGS, headers=headers))[0] == 401
    assert (await web.shop.agent("ann")).who == "agent:ann"


async def test_two_changes_at_the_same_time_both_hold(web: Web) -> None:
    await add(web)
    await web.bearer()
    async with trio.open_nursery() as nursery:
        for number in range(8):
            name = partial(change, web, name=f"Ann {number}")
            disabled = partial(change, web, disabled=True)
            nursery.start_soon(name if number % 2 else disabled)
    kept = await change(web)
    assert kept["disabled"] is True
    assert kept["name"].startswith("Ann ")
    known = web.shop.broker.sites.agent("default", "ann")
    assert known is not None
    assert (known.name, known.disabled_at is not None) == (kept["name"], True)
