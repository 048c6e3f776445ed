"""A shop changes its keys while its customers go on chatting."""

from functools import partial

import jwt
import pytest
import trio

from actors.settings.document import Settings
from broker.chores import EXPIRY_S
from broker.gate import AUDIENCE
from broker.office.keys import MOST_KEYS, remove_key
from broker.office.requests import RemoveKey
from tests.broker.http.web import Answer, Web, refusal
from tests.system.moments import VIRTUAL
from tests.system.shop import MONTH, Shop, in_memory

KEYS = "/v1/sites/default/keys"


async def make(web: Web) -> Answer:
    answer = await web.client.post(KEYS, headers=await web.bearer())
    assert answer.status_code == 201, answer.text
    made: Answer = answer.json()
    return made


async def kids(web: Web) -> list[str]:
    answer = await web.client.get(KEYS, headers=await web.bearer())
    assert answer.status_code == 200
    return [key["kid"] for key in answer.json()["keys"]]


def signed(shop: Shop, kid: str, secret: str) -> str:
    """Return what a shop's backend makes of a key."""
    who = {"aud": AUDIENCE, "site": "default", "role": "shopper", "sub": "sara"}
    expires = {"exp": shop.broker.clock() / 1000 + MONTH}
    return jwt.encode(who | expires, secret, "HS256", headers={"kid": kid})


async def welcomed(shop: Shop, token: str) -> str:
    answer = await (await shop.connect()).hello(token=token)
    return str(answer.get("who", answer.get("code")))


async def test_a_key_is_made_used_beside_the_old_one_and_the_old_one_ends(
    web: Web,
) -> None:
    (old,) = await kids(web)
    before = web.shop.token("shopper", "sara")
    made = await make(web)
    assert await kids(web) == [old, made["kid"]]
    after = signed(web.shop, made["kid"], made["secret"])
    who = await welcomed(web.shop, before)
    assert who.startswith("shopper:")
    assert await welcomed(web.shop, after) == who
    path = f"{KEYS}/{old}"
    answer = await web.client.delete(path, headers=await web.bearer())
    assert (answer.status_code, answer.json()["kid"]) == (200, old)
    assert await kids(web) == [made["kid"]]
    assert await welcomed(web.shop, before) == "auth_failed"
    assert await welcomed(web.shop, after) == who


async def test_no_secret_is_told_twice(web: Web) -> None:
    made = await make(web)
    answer = await web.client.get(KEYS, headers=await web.bearer())
    assert made["secret"] not in answer.text
    assert {*answer.json()["keys"][0]} == {"kid", "alg", "created_at"}


async def test_a_site_is_never_left_without_a_key(web: Web) -> None:
    (only,) = await kids(web)
    headers = await web.bearer()
    answer = await web.client.delete(f"{KEYS}/{only}", headers=headers)
    assert refusal(answer) == (409, "conflict")
    second = (await make(web))["kid"]
    delete = partial(web.client.delete, headers=headers)
    codes: list[int] = []

    async def end(kid: str) -> None:
        codes.append((await delete(f"{KEYS}/{kid}")).status_code)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(end, only)
        nursery.start_soon(end, second)
    assert sorted(codes) == [200, 409]
    assert len(await kids(web)) == 1


async def test_there_are_so_many_keys_and_no_more(web: Web) -> None:
    for _ in range(MOST_KEYS - 1):
        await make(web)
    answer = await web.client.post(KEYS, headers=await web.bearer())
    assert refusal(answer) == (409, "conflict")
    assert len(await kids(web)) == MOST_KEYS


async def test_other_sites_keys_and_the_staffs_are_not_there(web: Web) -> None:
    await web.shop.open_site("outlet", Settings())
    gate, headers = web.shop.broker.gate, await web.bearer()
    await make(web)
    for use, site in (("shop", "outlet"), ("staff", None)):
        key = gate.key_for(use, site)
        assert key is not None
        answer = await web.client.delete(f"{KEYS}/{key.kid}", headers=headers)
        assert refusal(answer) == (404, "not_found")
        assert gate.knows(key.kid)
    answer = await web.client.get("/v1/sites/outlet/keys", headers=headers)
    assert refusal(answer) == (404, "not_found")


@VIRTUAL
async def test_who_is_here_with_a_key_that_ends_is_sent_away_within_a_minute() -> None:
    async with in_memory() as shop:
        await shop.open_site("outlet", Settings())
        sara, ann = await shop.shopper(), await shop.agent()
        key = shop.broker.gate.key_for("shop", "default")
        outlet = shop.broker.gate.key_for("shop", "outlet")
        assert key is not None
        assert outlet is not None
        # Of one alone nothing can be taken; and what is refused ends nobody's socket.
        await remove_key(shop.broker, RemoveKey(kid=key.kid))
        await trio.sleep(2 * EXPIRY_S)
        assert (await sara.ask("chat.start", text="hello"))["t"] == "ok"
        await shop.another_key()
        await remove_key(shop.broker, RemoveKey(kid=key.kid))
        with trio.fail_after(60):
            assert (await sara.until(t="closing"))["code"] == 4001
            assert await sara.read_to_the_end() == 4001
        assert (await ann.ask("presence.set", state="away"))["t"] == "ok"
        assert shop.broker.gate.knows(outlet.kid)


@pytest.mark.parametrize("kid", ["", "x", "%00", "a%2Fb", "%ff", "x" * 3000])
async def test_a_key_that_is_not_there_is_not_found(web: Web, kid: str) -> None:
    path = f"{KEYS}/{kid}"
    answer = await web.client.delete(path, headers=await web.bearer())
    assert answer.status_code in ({405} if not kid else {404})
