"""From the first frame to the welcome (protocol section 3, spec F2)."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jwt
import pytest

from broker.config import Config, LimitsConfig
from broker.office.clerk import carry_out
from broker.office.requests import AddAgent
from storage import accounts
from storage.accounts import Agent, Key
from tests.system.client import Form
from tests.system.shop import Shop, serving

ALWAYS = {
    *("t", "re", "session", "epoch", "who", "role", "site", "server", "now"),
    *("heartbeat_s", "limits", "chat"),
}
STOREFRONT = {
    *("enabled", "tab", "can_start", "login_status", "faq", "welcome", "legal"),
    *("bot", "hours", "theme", "locale", "version"),
}


async def test_a_shopper_is_told_all_there_is_to_know(shop: Shop) -> None:
    welcome = (await shop.shopper()).welcome
    assert set(welcome) >= ALWAYS | {"config"}
    assert welcome["who"].startswith("shopper:")
    assert (welcome["role"], welcome["site"]) == ("shopper", "default")
    assert welcome["server"]["name"] == "shopwire"
    assert abs(welcome["now"] - time.time() * 1000) < 60_000
    assert welcome["heartbeat_s"] == 20
    assert (
        welcome["limits"] | {"frame_bytes": 65536, "text_bytes": 8192}
        == (welcome["limits"])
    )
    assert welcome["chat"] is None
    assert set(welcome["config"]) >= STOREFRONT
    assert welcome["config"]["can_start"] is True
    assert "anon" not in welcome


@pytest.mark.parametrize("role", ["agent", "admin"])
async def test_staff_is_told_less(shop: Shop, role: str) -> None:
    welcome = (await shop.agent("ann", role)).welcome
    assert set(welcome) >= ALWAYS
    assert (welcome["who"], welcome["role"]) == ("agent:ann", role)
    assert welcome["chat"] is None
    assert "config" not in welcome


async def test_staff_is_told_whom_and_what_it_works_with(shop: Shop) -> None:
    ann = await shop.agent("ann")
    desk = ann.welcome["desk"]
    assert "ann" in [agent["id"] for agent in desk["agents"]]
    assert desk["check_in"].items() >= {"remind_s": 180, "breach_s": 300}.items()
    await carry_out(shop.broker, AddAgent(site="default", id="eva", name="Eva"))
    told = (await ann.until(t="push", kind="desk"))["desk"]
    assert {"id": "eva", "name": "Eva", "role": "agent"} in told["agents"]
    assert "desk" not in (await shop.shopper()).welcome


async def test_a_visitor_is_given_a_secret_and_known_by_it_again(shop: Shop) -> None:
    first = (await shop.visitor()).welcome
    assert first["who"].startswith("anon:")
    assert first["role"] == "visitor"
    assert len(first["anon"]) * 5 >= 128
    assert first["config"]["can_start"] is False
    again = (await shop.visitor(anon=first["anon"])).welcome
    assert again["who"] == first["who"]
    assert "anon" not in again
    assert (await shop.visitor()).who != first["who"]


@pytest.mark.parametrize("secret", ["", "x" * 65])
async def test_a_secret_that_is_none_is_replaced(shop: Shop, secret: str) -> None:
    assert "anon" in (await shop.visitor(anon=secret)).welcome


async def test_the_welcome_names_the_open_chat(shop: Shop) -> None:
    sara = await shop.shopper()
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    assert (await shop.shopper()).welcome["chat"] == chat
    await sara.ask("chat.end", chat=chat)
    assert (await shop.shopper()).welcome["chat"] is None


async def test_sessions_differ_and_the_epoch_lasts(tmp_path: Path, form: Form) -> None:
    async with serving(tmp_path, form) as shop:
        one, two = await shop.shopper(), await shop.shopper()
        assert one.welcome["session"] != two.welcome["session"]
        assert one.welcome["epoch"] == two.welcome["epoch"]
    async with serving(tmp_path, form) as shop:
        assert (await shop.shopper()).welcome["epoch"] == one.welcome["epoch"]


async def test_a_shopper_keeps_their_name_over_a_restart(
    tmp_path: Path, form: Form
) -> None:
    async with serving(tmp_path, form) as shop:
        sara = await shop.shopper()
    async with serving(tmp_path, form) as shop:
        assert (await shop.shopper()).who == sara.who
        assert (await shop.shopper("omar")).who != sara.who


async def test_a_new_name_in_the_token_is_the_name_from_then_on(shop: Shop) -> None:
    for name in ("Sara", "Sara B.", "Sara B."):
        token = shop.token("shopper", "sara", name=name)
        await (await shop.connect()).hello(token=token)
    sara = await shop.shopper(token=shop.token("shopper", "sara", name="Sara C."))
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    ann = await shop.agent()
    assert (await ann.ask("chat.open", chat=chat))["ticket"]["name"] == "Sara C."


async def test_what_is_said_right_behind_the_hello_is_carried_out(shop: Shop) -> None:
    sara = await shop.connect()
    hello = await sara.say("hello", token=shop.token("shopper", "sara"))
    start = await sara.say("chat.start", text="hello")
    assert (await sara.answer(hello))["t"] == "welcome"
    assert (await sara.answer(start))["t"] == "ok"


async def test_a_second_hello_is_refused_and_nothing_else(shop: Shop) -> None:
    sara = await shop.shopper()
    again = await sara.ask("hello", token=shop.token("shopper", "omar"))
    assert (again["t"], again["code"]) == ("err", "forbidden")
    assert (await sara.ask("chat.start", text="still here"))["t"] == "ok"


async def test_a_hello_with_a_bad_field_may_be_said_again(shop: Shop) -> None:
    sara = await shop.connect()
    refused = await sara.ask("hello", token=7)
    assert (refused["code"], refused["path"]) == ("bad_frame", "$.token")
    assert (await sara.hello(token=shop.token("shopper", "sara")))["t"] == "welcome"


async def test_the_first_frame_must_be_a_hello(shop: Shop) -> None:
    sara = await shop.connect()
    refused = await sara.ask("chat.start", text="let me in")
    assert (refused["t"], refused["code"]) == ("err", "hello_timeout")
    closing = await sara.next()
    assert (closing["t"], closing["code"]) == ("closing", 4001)
    assert await sara.read_to_the_end() == 4001


async def test_a_first_frame_that_cannot_be_answered_just_closes(shop: Shop) -> None:
    sara = await shop.connect()
    await sara.say("typing", chat="x", on=True)
    assert await sara.read_to_the_end() == 4001
    assert [frame["t"] for frame in sara.heard] == ["closing"]


@pytest.mark.slow
async def test_who_says_nothing_is_sent_away(tmp_path: Path, form: Form) -> None:
    config = Config(limits=LimitsConfig(hello_s=0.5))
    async with serving(tmp_path, form, config) as shop:
        silent, talking = await shop.connect(), await shop.shopper()
        assert await silent.read_to_the_end() == 4001
        assert (await talking.ask("chat.start", text="hello"))["t"] == "ok"


Forge = Callable[[Shop], str]


def _key(shop: Shop, use: str = "shop") -> Key:
    key = shop.broker.gate.key_for(use, "default" if use == "shop" else None)
    assert key is not None
    return key


def _signed(shop: Shop, use: str = "shop", **claims: object) -> str:
    key = _key(shop, use)
    whole: dict[str, object] = {
        "aud": "shopwire",
        "site": "default",
        "sub": "sara",
        "role": "shopper",
        "exp": time.time() + 60,
    }
    whole |= claims
    present = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(present, key.secret, headers={"kid": key.kid})


def _with_header(shop: Shop, **header: str) -> str:
    claims = {"aud": "shopwire", "site": "default", "sub": "sara", "role": "shopper"}
    whole = claims | {"exp": time.time() + 60}
    key = _key(shop)
    return jwt.encode(whole, key.secret, headers={"kid": key.kid} | header)


FORGED: dict[str, Forge] = {
    "rubbish": lambda _: "no token at all",
    "empty": lambda _: "",
    "not ASCII": lambda _: "tökén.a.b",
    "run out": partial(_signed, exp=time.time() - 1),
    "without an end": partial(_signed, exp=None),
    "of another audience": partial(_signed, aud="elsewhere"),
    "of another site": partial(_signed, site="elsewhere"),
    "for no role we know": partial(_signed, role="owner"),
    "for nobody": partial(_signed, sub=""),
    "for too long a name": partial(_signed, sub="x" * 65),
    "not good yet": lambda shop: _signed(shop, nbf=time.time() + 60),
    "a shop's for an agent": partial(_signed, role="agent", sub="ann"),
    "the staff's for a shopper": lambda shop: _signed(shop, "staff"),
    "an agent's without an account": lambda shop: _signed(
        shop, "staff", role="agent", sub="nobody"
    ),
    "with an unknown key": lambda shop: _with_header(shop, kid="other"),
    "changed on the way": lambda shop: _signed(shop)[:-4] + "AAAA",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_no_bad_token_lets_anybody_in(shop: Shop, forge: Forge) -> None:
    mallory = await shop.connect()
    refused = await mallory.ask("hello", token=forge(shop))
    del refused["re"]
    # The same words whatever was wrong.
    assert refused == {
        "t": "err",
        "code": "auth_failed",
        "message": "The token is not valid.",
        "retry": False,
    }
    closing = await mallory.next()
    assert (closing["t"], closing["code"]) == ("closing", 4001)
    assert await mallory.read_to_the_end() == 4001


async def test_a_token_of_the_usual_and_of_an_unusual_form_lets_in(shop: Shop) -> None:
    for token in (_signed(shop), _with_header(shop, cty="JWT")):
        client = await shop.connect()
        assert (await client.hello(token=token))["t"] == "welcome"


async def test_an_agent_whose_account_is_disabled_stays_outside(shop: Shop) -> None:
    await shop.agent("ann")
    account = Agent("default", "ann", None, "Ann", "agent", None, 1, 0)
    await shop.broker.change(partial(accounts.save_agent, agent=account))
    shop.broker.sites.set_agent(account)
    ann = await shop.connect()
    refused = await ann.ask("hello", token=shop.token("agent", "ann"))
    assert refused["code"] == "auth_failed"


async def test_a_site_that_the_token_is_not_for_is_refused(shop: Shop) -> None:
    token = shop.token("shopper", "sara")
    assert (await (await shop.connect()).hello(token=token, site="default"))["who"]
    refused = await (await shop.connect()).ask("hello", token=token, site="elsewhere")
    assert refused["code"] == "auth_failed"


async def test_a_visitor_to_no_site_is_refused(shop: Shop) -> None:
    refused = await (await shop.connect()).ask("hello", site="elsewhere")
    assert refused["code"] == "auth_failed"


async def test_a_removed_key_lets_nobody_in(shop: Shop) -> None:
    token = shop.token("shopper", "sara")
    shop.broker.gate.remove(_key(shop).kid)
    refused = await (await shop.connect()).ask("hello", token=token)
    assert refused["code"] == "auth_failed"


async def test_bye_is_answered_and_closes(shop: Shop) -> None:
    sara = await shop.shopper()
    assert (await sara.ask("bye"))["t"] == "ok"
    assert await sara.read_to_the_end() == 1000
    assert [frame["t"] for frame in sara.heard] == ["welcome", "ok"]
