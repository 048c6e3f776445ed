"""Commands that reach a running broker over `DIR/admin.sock`."""

import json
import socket
import stat
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from actors.library import KNOWLEDGE_BYTES, Library
from broker import admin
from broker.admin import ask_server
from broker.office import keys
from broker.office.requests import (
    AddAgent,
    AddSite,
    ChangeAgent,
    Denied,
    Employed,
    Founded,
    Imported,
    ImportSite,
    Minted,
    MintToken,
)
from broker.sitefile import read
from storage.errors import Unwritable
from tests.system.shop import Shop, serving


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    async with serving(tmp_path) as running:
        yield running


async def mint(shop: Shop, role: str, sub: str, **fields: object) -> str:
    ask = msgspec.convert({"role": role, "sub": sub} | fields, MintToken)
    answer = await ask_server(shop.broker.folder, ask)
    assert isinstance(answer, Minted), answer
    return answer.token


async def raw(shop: Shop, sent: bytes) -> list[Any]:
    """Send these bytes to the socket; return the lines that come back."""
    path = str(shop.broker.folder / admin.NAME)
    received = b""
    async with await trio.open_unix_socket(path) as stream:
        await stream.send_all(sent)
        stream.socket.shutdown(trio.socket.SHUT_WR)
        async for data in stream:
            received += data
    return [json.loads(line) for line in received.splitlines()]


async def test_the_socket_is_for_its_owner_alone(shop: Shop) -> None:
    file = shop.broker.folder / admin.NAME
    assert stat.S_ISSOCK(file.stat().st_mode)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.broker.folder.stat().st_mode) & 0o077 in {0, 0o055}


async def test_it_goes_with_the_broker(tmp_path: Path) -> None:
    async with serving(tmp_path):
        assert (tmp_path / admin.NAME).exists()
    assert not (tmp_path / admin.NAME).exists()
    assert await ask_server(tmp_path, MintToken(role="shopper", sub="sara")) is None


async def test_one_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(tmp_path / admin.NAME))
    assert await ask_server(tmp_path, MintToken(role="shopper", sub="sara")) is None
    async with serving(tmp_path) as shop:
        assert await mint(shop, "shopper", "sara")


async def test_a_long_path_is_no_hindrance(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    async with serving(deep) as shop:
        assert await mint(shop, "shopper", "sara")
    assert await ask_server(deep, MintToken(role="shopper", sub="sara")) is None


async def test_without_a_folder_nobody_answers(tmp_path: Path) -> None:
    for folder in (tmp_path / "nothing", tmp_path / ("y" * 200)):
        assert await ask_server(folder, AddSite(site="x")) is None


async def test_a_token_lets_a_shopper_in(shop: Shop) -> None:
    token = await mint(shop, "shopper", "sara", name="Sara")
    sara, ann = await shop.connect(), await shop.agent()
    assert (await sara.hello(token=token))["role"] == "shopper"
    started = await sara.ask("chat.start", text="hello")
    opened = await ann.ask("chat.open", chat=started["chat"])
    assert opened["ticket"]["name"] == "Sara"


@pytest.mark.parametrize("role", ["agent", "admin"])
async def test_an_agent_without_an_account_gets_one(shop: Shop, role: str) -> None:
    token = await mint(shop, role, "zoe", name="Zoe", email="zoe@shop.example")
    zoe = await shop.connect()
    assert (await zoe.hello(token=token))["role"] == role
    account = shop.broker.sites.agent("default", "zoe")
    assert account is not None
    assert (account.name, account.role, account.password) == ("Zoe", role, None)


async def test_a_token_for_an_admin_makes_an_agent_one(shop: Shop) -> None:
    await mint(shop, "agent", "zoe")
    token = await mint(shop, "admin", "zoe")
    assert (await (await shop.connect()).hello(token=token))["role"] == "admin"
    # And an admin may be what an agent is.
    token = await mint(shop, "agent", "zoe")
    assert (await (await shop.connect()).hello(token=token))["role"] == "agent"
    account = shop.broker.sites.agent("default", "zoe")
    assert account is not None
    assert account.role == "admin"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (MintToken(site="nowhere", role="shopper", sub="sara"), "not_found"),
        (MintToken(role="agent", sub="a b"), "bad_frame"),
        (MintToken(role="agent", sub="off"), "forbidden"),
        (MintToken(role="agent", sub="ben", email="ann@shop.example"), "conflict"),
        (AddSite(site="default"), "conflict"),
        (AddAgent(site="nowhere", id="ann"), "not_found"),
        (AddAgent(id="ann"), "conflict"),
        (ChangeAgent(id="nobody", name="N"), "not_found"),
    ],
)
async def test_what_cannot_be_is_denied(
    shop: Shop, ask: MintToken | AddSite | AddAgent | ChangeAgent, code: str
) -> None:
    folder = shop.broker.folder
    await ask_server(folder, AddAgent(id="ann", email="ann@shop.example"))
    await ask_server(folder, AddAgent(id="off"))
    await ask_server(folder, ChangeAgent(id="off", disabled=True))
    denied = await ask_server(folder, ask)
    assert isinstance(denied, Denied)
    assert denied.code == code
    assert str(denied).endswith(".")


async def test_a_new_site_is_open_at_once(shop: Shop) -> None:
    folder = shop.broker.folder
    added = await ask_server(folder, AddSite(site="outlet", name="Outlet"))
    assert added == Founded("outlet")
    token = await mint(shop, "shopper", "sara", site="outlet")
    welcome = await (await shop.connect()).hello(token=token, site="outlet")
    assert welcome["site"] == "outlet"
    visitor = await (await shop.connect()).hello(site="outlet")
    assert visitor["role"] == "visitor"


async def test_a_disabled_agent_is_out_at_once(shop: Shop) -> None:
    token = await mint(shop, "agent", "zoe")
    zoe = await shop.connect()
    await zoe.hello(token=token)
    with trio.fail_after(1):
        ask = ChangeAgent(id="zoe", disabled=True)
        shown = await ask_server(shop.broker.folder, ask)
        assert isinstance(shown, Employed)
        assert shown.disabled is True
        assert (await zoe.until(t="closing"))["code"] == 4001
        assert await zoe.read_to_the_end() == 4001


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b'{"do":"dance"}',
        b'{"do":"token","role":"king","sub":"x"}',
        b'{"do":"token","role":"shopper","sub":""}',
        b'{"do":"token","role":"shopper","sub":"x","more":1}',
        b'{"do":"site.add","site":"A B"}',
        b'{"do":"agent.add","id":"x","password":"short"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_what_is_no_request_is_answered_as_that(shop: Shop, line: bytes) -> None:
    good = b'{"do":"token","role":"shopper","sub":"x"}'
    bad, fine = await raw(shop, line + b"\n" + good + b"\n")
    assert bad["denied"]["code"] == "bad_frame"
    assert "short" not in str(bad)
    assert "token" in fine["ok"]


async def test_a_line_without_an_end_is_cut_off(shop: Shop) -> None:
    path = str(shop.broker.folder / admin.NAME)
    async with await trio.open_unix_socket(path) as stream:
        with pytest.raises(trio.BrokenResourceError):
            await stream.send_all(b"x" * 16 * admin.LINE_BYTES)
    assert await mint(shop, "shopper", "sara")


async def test_who_says_nothing_is_let_go_of(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "IDLE_S", 0.05)
    path = str(shop.broker.folder / admin.NAME)
    async with await trio.open_unix_socket(path) as stream:
        await stream.send_all(b'{"do":')
        with trio.fail_after(2):
            assert await stream.receive_some() == b""


async def test_any_number_may_ask_at_once(shop: Shop) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(3 * admin.MOST):
            nursery.start_soon(mint, shop, "shopper", f"sara-{number}")


async def test_a_bug_in_one_request_costs_that_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a canary")

    with monkeypatch.context() as patch:
        # Where the clerk finds it.
        patch.setattr(keys, "mint_token", broken)
        ask = MintToken(role="shopper", sub="sara")
        denied = await ask_server(shop.broker.folder, ask)
    assert isinstance(denied, Denied)
    assert "canary" not in str(denied)
    assert await mint(shop, "shopper", "sara")


async def test_a_full_disk_is_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise Unwritable(shop.broker.folder, "no room")

    monkeypatch.setattr(shop.broker, "change", full)
    denied = await ask_server(shop.broker.folder, AddSite(site="outlet"))
    assert isinstance(denied, Denied)
    assert denied.code == "unavailable"
    assert "no room" in str(denied)


def test_secrets_do_not_show() -> None:
    for secret in (
        AddAgent(id="ann", password="a canary"),
        ChangeAgent(id="ann", password="a canary"),
        Minted("a canary", 0),
    ):
        assert "canary" not in f"{secret} {secret!r}"


WHOLE = """
[settings.chat]
welcome = "Ahoy"
[[faq]]
id = "f1"
question = "Where?"
answer = "There."
[[macros]]
id = "m1"
name = "Hello"
text = "Hello"
"""


TOO_MUCH = "\n".join(
    f'[[knowledge]]\nid = "k{number}"\ntitle = "K"\ntext = "{"x" * 19_000}"'
    for number in range(KNOWLEDGE_BYTES // 19_000 + 1)
)


async def test_a_site_is_put_whole_and_widgets_hear_of_it(shop: Shop) -> None:
    sara, folder = await shop.shopper(), shop.broker.folder
    ask = ImportSite(site="default", part=read(WHOLE))
    answer = await ask_server(folder, ask)
    assert answer == Imported("default", {"faq": 1, "macros": 1, "settings": 1})
    while (push := await sara.until(kind="config"))["config"]["version"] == 0:
        pass
    assert push["config"]["welcome"] == "Ahoy"
    assert push["config"]["faq"] == [{"id": "f1", "question": "Where?"}]
    assert shop.broker.sites.library_of("default").macro("m1") is not None
    assert await ask_server(folder, ask) == answer  # nothing is new


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ('[settings.hours]\nzone = "Moon/Base"', "settings.hours.zone"),
        ('[[knowledge]]\nid = "k"\ntitle = "K"\ntext = " "', "knowledge[0].text"),
        ('[[macros]]\nid = "m1"\nname = "Twice"\ntext = "x"', "macros[1].id"),
        (TOO_MUCH, "knowledge"),
    ],
    ids=["zone", "empty", "twice", "too much"],
)
async def test_a_site_that_is_wrong_in_part_is_not_put_at_all(
    shop: Shop, wrong: str, path: str
) -> None:
    ask = ImportSite(site="default", part=read(WHOLE + wrong))
    denied = await ask_server(shop.broker.folder, ask)
    assert isinstance(denied, Denied)
    assert (denied.code, denied.path) == ("bad_frame", path)
    assert shop.broker.sites.rules_of("default").version == 0
    assert shop.broker.sites.library_of("default") == Library()
    elsewhere = msgspec.structs.replace(ask, site="nowhere")
    denied = await ask_server(shop.broker.folder, elsewhere)
    assert isinstance(denied, Denied)
    assert denied.code == "not_found"
