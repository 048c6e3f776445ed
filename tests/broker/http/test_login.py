from pathlib import Path

import jwt
import pytest
import trio
from argon2 import PasswordHasher, extract_parameters

from broker.config import Config, LimitsConfig, ServerConfig
from broker.http.attempts import Attempts
from broker.office import passwords
from broker.office.agents import change_agent
from broker.office.clerk import carry_out
from broker.office.requests import AddAgent, ChangeAgent, Denied
from tests.broker.http.web import Web, asked, refusal

EMAIL, PASSWORD = "ann@shop.example", "correct horse battery"
GOOD = {"email": EMAIL, "password": PASSWORD}


async def hire(web: Web) -> None:
    ask = AddAgent(id="ann", email=EMAIL, password=PASSWORD)
    assert not isinstance(await carry_out(web.shop.broker, ask), Denied)


async def log_in(web: Web, **fields: str) -> tuple[int, str]:
    return refusal(await web.client.post("/v1/login", json=GOOD | fields))


async def test_an_agent_gets_a_token_for_twelve_hours(web: Web) -> None:
    await hire(web)
    got = await web.client.post("/v1/login", json=GOOD)
    assert got.status_code == 200
    token, exp = got.json()["token"], got.json()["exp"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["role"]) == ("ann", "agent")
    assert claims["exp"] == exp == claims["iat"] + 12 * 3600
    ann = await web.shop.connect()
    assert (await ann.hello(token=token))["who"] == "agent:ann"


async def test_whatever_is_wrong_the_answer_is_the_same(web: Web) -> None:
    await hire(web)
    wrong = [
        {"password": PASSWORD + "!"},
        {"email": "nobody@shop.example"},
        {"site": "elsewhere"},
        {"email": ""},
    ]
    answers = [
        await web.client.post("/v1/login", json=GOOD | fields) for fields in wrong
    ]
    await carry_out(web.shop.broker, ChangeAgent(id="ann", disabled=True))
    answers.append(await web.client.post("/v1/login", json=GOOD))
    assert {refusal(answer) for answer in answers} == {(401, "auth_failed")}
    assert len({answer.content for answer in answers}) == 1


async def test_an_account_without_a_password_has_no_login(web: Web) -> None:
    await carry_out(web.shop.broker, AddAgent(id="ann", email=EMAIL))
    assert await log_in(web) == (401, "auth_failed")


async def test_the_case_of_the_address_does_not_matter(web: Web) -> None:
    await hire(web)
    got = await web.client.post("/v1/login", json=GOOD | {"email": EMAIL.upper()})
    assert got.status_code == 200


async def test_one_who_was_disabled_while_the_password_was_looked_at_stays_out(
    web: Web,
) -> None:
    await hire(web)
    broker = web.shop.broker
    async with trio.open_nursery() as nursery:
        nursery.start_soon(change_agent, broker, ChangeAgent(id="ann", disabled=True))
        assert await log_in(web) == (401, "auth_failed")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"email":1,"password":"x"}', b'{"a":1}', b"\xff"],
)
async def test_what_is_no_login_is_refused(web: Web, body: bytes) -> None:
    answer = await web.client.post("/v1/login", content=body)
    assert refusal(answer)[0] == 400


@pytest.mark.slow
async def test_the_sixth_login_of_an_address_in_five_minutes_has_to_wait(
    tmp_path: Path,
) -> None:
    async with asked(tmp_path, Config()) as web:
        for _ in range(5):
            assert await log_in(web) == (401, "auth_failed")
        answer = await web.client.post("/v1/login", json=GOOD)
        assert refusal(answer) == (429, "rate_limited")
        assert answer.json()["retry"] is True
        assert 0 < answer.json()["retry_ms"] <= 300_000
        assert 0 < int(answer.headers["retry-after"]) <= 300


@pytest.mark.slow
async def test_an_account_that_many_addresses_try_has_to_wait(tmp_path: Path) -> None:
    config = Config(
        server=ServerConfig(trusted_proxies=("127.0.0.1/32",)),
        limits=LimitsConfig(logins_per_account=2),
    )
    async with asked(tmp_path, config) as web:
        await hire(web)
        for email in (EMAIL, "nobody@shop.example"):
            codes = []
            for number in range(4):
                headers = {"X-Forwarded-For": f"203.0.113.{number}"}
                body = GOOD | {"email": email.upper() if number % 2 else email}
                body |= {"password": "wrong horse battery"} if number < 2 else {}
                answer = await web.client.post("/v1/login", json=body, headers=headers)
                codes.append(answer.status_code)
            # The same whether there is such an account or not.
            assert codes == [401, 401, 429, 429]
        assert web.shop.broker.tally.limited["logins_per_account"] == 4


@pytest.mark.slow
async def test_behind_a_proxy_each_client_is_counted_for_itself(tmp_path: Path) -> None:
    config = Config(
        server=ServerConfig(trusted_proxies=("127.0.0.1/32",)),
        limits=LimitsConfig(logins=1),
    )
    async with asked(tmp_path, config) as web:
        codes = []
        for told in ("203.0.113.1", "203.0.113.2", "203.0.113.1", "x, 203.0.113.2"):
            headers = {"X-Forwarded-For": told}
            answer = await web.client.post("/v1/login", json=GOOD, headers=headers)
            codes.append(answer.status_code)
    assert codes == [401, 401, 429, 429]


@pytest.mark.slow
async def test_who_is_no_proxy_is_not_believed(tmp_path: Path) -> None:
    async with asked(tmp_path, Config(limits=LimitsConfig(logins=1))) as web:
        codes = []
        for told in ("203.0.113.1", "203.0.113.2"):
            headers = {"X-Forwarded-For": told}
            answer = await web.client.post("/v1/login", json=GOOD, headers=headers)
            codes.append(answer.status_code)
    assert codes == [401, 429]


def test_attempts_are_forgotten_after_their_time() -> None:
    attempts = Attempts(2, 300.0)
    assert attempts.wait("a", 0.0) == 0
    assert attempts.wait("a", 100.0) == 0
    assert attempts.wait("a", 200.0) == 100.0
    assert attempts.wait("b", 200.0) == 0
    # What was refused does not count: one may come back when told.
    assert attempts.wait("a", 300.0) == 0
    assert attempts.wait("a", 301.0) == 99.0


def test_the_hash_of_nobody_costs_what_a_new_one_does() -> None:
    fresh = PasswordHasher().hash("x")
    assert extract_parameters(passwords.NOBODY) == extract_parameters(fresh)


@pytest.mark.slow
async def test_too_many_passwords_at_once_are_refused_at_once() -> None:
    busy = 0

    async def hash_one() -> None:
        nonlocal busy
        try:
            await passwords.hashed("x")
        except passwords.Busy:
            busy += 1

    async with trio.open_nursery() as nursery:
        for _ in range(passwords.MOST_WAITING + passwords.AT_ONCE + 3):
            nursery.start_soon(hash_one)
        with trio.fail_after(1):
            while busy < 3:  # noqa: ASYNC110  # as long as nobody tells
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert busy == 3
