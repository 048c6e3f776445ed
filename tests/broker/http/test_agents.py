from functools import partial

import pytest
import trio

from actors.settings.document import Settings
from tests.broker.http.web import AGENTS, SETTINGS, Answer, Web, refusal
from tests.system.client import FORMS, Form

MACROS = "/v1/sites/default/macros"
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


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_an_account_is_added_shown_and_listed(web: Web) -> None:
    shown = await add(web, password="correct horse battery")
    assert shown == ANN | {
        "site": "default",
        "role": "agent",
        "login": True,
        "disabled": False,
        "created_at": shown["created_at"],
        "notify": [],
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


async def test_an_account_says_what_its_agent_is_mailed_of(web: Web) -> None:
    assert (await add(web))["notify"] == []
    assert (await change(web, notify=["mine", "new", "new"]))["notify"] == [
        "mine",
        "new",
    ]
    assert (await change(web, name="Anna"))["notify"] == ["mine", "new"]


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


async def test_an_agent_who_becomes_an_admin_needs_a_token_that_says_so(
    web: Web,
) -> None:
    await add(web)
    ann, old = await web.shop.agent("ann"), web.shop.token("agent", "ann")
    with trio.fail_after(1):
        await change(web, role="admin")
        assert (await ann.until(t="closing"))["code"] == 4001
        assert await ann.read_to_the_end() == 4001
    headers = {"Authorization": f"Bearer {old}"}
    assert refusal(await web.client.get(SETTINGS, headers=headers))[0] == 403
    assert (await web.shop.agent("ann", "admin")).who == "agent:ann"


async def test_a_new_password_ends_what_was_signed_before(web: Web) -> None:
    await add(web, password="correct horse battery")
    good = {"email": ANN["email"], "password": "correct horse battery"}
    old = (await web.client.post("/v1/login", json=good)).json()["token"]
    ann, ben = await web.shop.connect(), await web.shop.agent("ben")
    assert (await ann.hello(token=old))["t"] == "welcome"
    assert (await web.client.get(MACROS, headers=bearing(old))).status_code == 200
    await change(web, password="another horse battery")
    with trio.fail_after(1):
        assert (await ann.until(t="closing"))["code"] == 4001
        assert await ann.read_to_the_end() == 4001
    refused = await (await web.shop.connect()).hello(token=old)
    assert refused["code"] == "auth_failed"
    answer = await web.client.get(MACROS, headers=bearing(old))
    assert refusal(answer) == (401, "auth_failed")
    assert refusal(await web.client.post("/v1/login", json=good))[0] == 401
    good |= {"password": "another horse battery"}
    # Within the same second: it is not the clock that tells old from new.
    new = (await web.client.post("/v1/login", json=good)).json()["token"]
    assert (await web.client.get(MACROS, headers=bearing(new))).status_code == 200
    assert (await ben.ask("presence.set", state="away"))["t"] == "ok"


async def test_what_is_no_new_password_ends_no_token(web: Web) -> None:
    await add(web, password="correct horse battery")
    ann = await web.shop.agent("ann")
    await change(web, name="Anna", email="anna@shop.example", role="agent")
    assert (await ann.ask("presence.set", state="away"))["t"] == "ok"


@pytest.mark.parametrize("fields", [{"disabled": True}, {"role": "agent"}])
async def test_the_last_admin_stays(web: Web, fields: dict[str, object]) -> None:
    boss = await web.shop.agent("boss", "admin")
    headers = await web.bearer()
    answer = await web.client.patch(f"{AGENTS}/boss", json=fields, headers=headers)
    assert refusal(answer) == (409, "conflict")
    assert (await boss.ask("presence.set", state="away"))["t"] == "ok"
    # An admin who is shut out, or of another site, is none to rely on.
    await add(web, role="admin")
    await change(web, disabled=True)
    await web.shop.open_site("outlet", Settings())
    await web.shop.hire("eva", "admin", "outlet")
    answer = await web.client.patch(f"{AGENTS}/boss", json=fields, headers=headers)
    assert refusal(answer) == (409, "conflict")
    await change(web, disabled=False)
    await change(web, "boss", **fields)


async def test_of_two_admins_who_disable_each_other_one_stays(web: Web) -> None:
    await add(web, role="admin")
    codes: list[int] = []

    async def disable(who: str, by: str) -> None:
        headers, path = await web.bearer("admin", by), f"{AGENTS}/{who}"
        body = {"disabled": True}
        answer = await web.client.patch(path, json=body, headers=headers)
        codes.append(answer.status_code)

    await web.bearer()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(disable, "ann", "boss")
        nursery.start_soon(disable, "boss", "ann")
    assert 200 in codes
    assert set(codes) <= {200, 401, 409}
    assert codes.count(200) == 1


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
