"""Who has not signed in, and who signs in later (spec F1, F2)."""

import pytest
import trio

from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from tests.system.client import Closed
from tests.system.shop import Shop

HIDING = Settings(ChatSettings(login_status="hide_logged_out"))


async def test_where_all_may_see_the_tab_visitors_do(shop: Shop) -> None:
    config = (await shop.visitor()).welcome["config"]
    assert (config["login_status"], config["tab"]) == ("all_users", True)
    assert config["can_start"] is False


async def test_where_the_tab_is_hidden_visitors_see_none(shop: Shop) -> None:
    await shop.settle(HIDING)
    visitor, sara = await shop.visitor(), await shop.shopper()
    config = visitor.welcome["config"]
    assert (config["login_status"], config["tab"]) == ("hide_logged_out", False)
    assert sara.welcome["config"]["tab"] is True
    assert (await visitor.ask("chat.start", text="hi"))["code"] == "tab_hidden"
    assert (await sara.ask("chat.start", text="hi"))["t"] == "ok"


async def test_where_chat_is_off_nobody_sees_the_tab(shop: Shop) -> None:
    await shop.settle(Settings(ChatSettings(enabled=False)))
    for client in (await shop.visitor(), await shop.shopper()):
        config = client.welcome["config"]
        assert (config["enabled"], config["tab"], config["can_start"]) == (
            *(False, False, False),
        )


async def test_a_visitor_who_signs_in_is_a_shopper(shop: Shop) -> None:
    visitor = await shop.visitor()
    refused = await visitor.ask("chat.start", text="hi")
    assert refused["code"] == "login_required"
    token = shop.token("shopper", "sara")
    assert (await visitor.ask("identify", token=token))["t"] == "ok"
    push = await visitor.next()
    assert (push["t"], push["kind"]) == ("push", "config")
    assert push["config"]["can_start"] is True
    started = await visitor.ask("chat.start", text="hi")
    sara = await shop.shopper()
    assert sara.welcome["chat"] == started["chat"]
    said = await sara.ask("msg.send", chat=started["chat"], text="me too")
    assert (await visitor.until(kind="msg", seq=said["seq"]))["by"] == sara.who


async def test_what_is_said_right_behind_signing_in_is_carried_out(shop: Shop) -> None:
    visitor = await shop.visitor()
    await visitor.say("identify", token=shop.token("shopper", "sara"))
    assert (await visitor.ask("chat.start", text="hi"))["t"] == "ok"


@pytest.mark.parametrize("role", ["shopper", "agent"])
async def test_nobody_turns_into_somebody_else(shop: Shop, role: str) -> None:
    client = await (shop.shopper() if role == "shopper" else shop.agent())
    await shop.hire("bob")
    for token in (
        shop.token("shopper", "omar"),
        shop.token("agent", "bob"),
        shop.token("shopper" if role == "agent" else "agent", "ann"),
    ):
        await shop.hire("ann")
        refused = await client.ask("identify", token=token)
        assert (refused["t"], refused["code"]) == ("err", "conflict")
    own = shop.token(role, "sara" if role == "shopper" else "ann")
    assert (await client.ask("identify", token=own))["t"] == "ok"


async def test_a_visitor_does_not_turn_into_an_agent(shop: Shop) -> None:
    await shop.hire("ann")
    visitor = await shop.visitor()
    refused = await visitor.ask("identify", token=shop.token("agent", "ann"))
    assert refused["code"] == "conflict"
    token = shop.token("shopper", "sara")
    assert (await visitor.ask("identify", token=token))["t"] == "ok"


@pytest.mark.parametrize("first", ["visitor", "shopper"])
async def test_signing_in_with_a_bad_token_closes(shop: Shop, first: str) -> None:
    client = await (shop.visitor() if first == "visitor" else shop.shopper())
    refused = await client.ask("identify", token="no token")
    assert refused["code"] == "auth_failed"
    assert await client.read_to_the_end() == 4001


async def test_another_sites_token_does_not_sign_in(shop: Shop) -> None:
    await shop.open_site("other", Settings())
    visitor = await shop.visitor()
    token = shop.token("shopper", "sara", site="other")
    assert (await visitor.ask("identify", token=token))["code"] == "auth_failed"


async def test_a_token_that_runs_out_ends_the_connection_within_a_minute(
    quick_shop: Shop,
) -> None:
    sara, omar = await quick_shop.connect(), await quick_shop.shopper("omar")
    await sara.hello(token=quick_shop.token("shopper", "sara", lasts=100))
    began = trio.current_time()
    closing = await sara.until(t="closing")
    assert closing["code"] == 4001
    assert closing["reconnect_after_ms"] >= 0
    assert 100 <= trio.current_time() - began <= 160
    with pytest.raises(Closed) as closed:
        await sara.next()
    assert closed.value.code == 4001
    assert (await omar.ask("chat.start", text="hi"))["t"] == "ok"


async def test_a_renewed_token_moves_the_end(quick_shop: Shop) -> None:
    sara = await quick_shop.connect()
    await sara.hello(token=quick_shop.token("shopper", "sara", lasts=100))
    await trio.sleep(60)
    token = quick_shop.token("shopper", "sara", lasts=1000)
    assert (await sara.ask("identify", token=token))["t"] == "ok"
    began = trio.current_time()
    await sara.until(t="closing")
    assert 1000 <= trio.current_time() - began <= 1060


async def test_a_key_that_is_removed_ends_what_it_let_in(quick_shop: Shop) -> None:
    sara, visitor = await quick_shop.shopper(), await quick_shop.visitor()
    key = quick_shop.broker.gate.key_for("shop", "default")
    assert key is not None
    quick_shop.broker.gate.remove(key.kid)
    began = trio.current_time()
    assert (await sara.until(t="closing"))["code"] == 4001
    assert trio.current_time() - began <= 60
    assert (await visitor.ask("bye"))["t"] == "ok"


async def test_a_visitor_needs_no_token_to_stay(quick_shop: Shop) -> None:
    visitor = await quick_shop.visitor()
    await trio.sleep(1000)
    assert (await visitor.ask("bye"))["t"] == "ok"


async def test_a_visitor_who_signed_in_is_held_to_the_tokens_end(
    quick_shop: Shop,
) -> None:
    visitor = await quick_shop.visitor()
    token = quick_shop.token("shopper", "sara", lasts=100)
    await visitor.ask("identify", token=token)
    began = trio.current_time()
    await visitor.until(t="closing")
    assert 100 <= trio.current_time() - began <= 160
