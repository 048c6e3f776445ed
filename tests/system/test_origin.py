"""Which pages may connect (protocol section 3)."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from broker.config import Config, ServerConfig
from tests.system.client import JSON, Form
from tests.system.shop import Shop, serving

MINE, THEIRS = "https://shop.example", "https://other.example:8443"


@pytest.fixture
async def shop(tmp_path: Path, form: Form) -> AsyncGenerator[Shop]:
    """A broker with two sites, each with a page of its own."""
    async with serving(tmp_path, form) as shop:
        await shop.settle(Settings(ChatSettings(allowed_origins=(MINE,))))
        await shop.open_site("other", Settings(ChatSettings(allowed_origins=(THEIRS,))))
        yield shop


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil.example",
        "https://SHOP.example",
        "null",
    ],
)
async def test_a_strange_page_is_refused_at_the_upgrade(
    shop: Shop, origin: str
) -> None:
    assert await shop.upgrade(origin, shop.form.name) == 403


@pytest.mark.parametrize("origin", [None, MINE])
async def test_no_page_or_the_sites_own_page_may_come(
    shop: Shop, origin: str | None
) -> None:
    client = await shop.connect(origin=origin)
    assert (await client.hello(token=shop.token("shopper", "sara")))["t"] == "welcome"


async def test_the_brokers_own_page_may_come_to_every_site(shop: Shop) -> None:
    for site in ("default", "other"):
        client = await shop.connect(origin=shop.url)
        assert (await client.hello(site=site))["t"] == "welcome"


async def test_another_sites_page_is_refused_at_the_hello(shop: Shop) -> None:
    token = shop.token("shopper", "sara")
    for hello in ({"token": token}, {"site": "default"}):
        client = await shop.connect(origin=THEIRS)
        refused = await client.ask("hello", **hello)
        assert (refused["t"], refused["code"]) == ("err", "forbidden")
        assert (await client.next())["code"] == 4003
        assert await client.read_to_the_end() == 4003
    client = await shop.connect(origin=THEIRS)
    token = shop.token("shopper", "sara", site="other")
    assert (await client.hello(token=token))["site"] == "other"


async def test_behind_a_proxy_the_public_page_is_the_own_one(
    tmp_path: Path, form: Form
) -> None:
    config = Config(server=ServerConfig(public_url="https://chat.example"))
    async with serving(tmp_path, form, config) as shop:
        client = await shop.connect(origin="https://chat.example")
        assert (await client.hello())["t"] == "welcome"
        assert await shop.upgrade(str(shop.url), form.name) == 403


async def test_who_offers_no_subprotocol_is_refused(shop: Shop) -> None:
    assert await shop.upgrade(str(shop.url), "chat.v0") == 400
    assert await shop.upgrade(str(shop.url), f"chat.v0, {shop.form.name}") == 101


@pytest.mark.slow
async def test_a_proxy_says_by_which_scheme_it_is_asked(tmp_path: Path) -> None:
    server = ServerConfig(trusted_proxies=("127.0.0.0/8",))
    async with serving(tmp_path, config=Config(server=server)) as shop:
        own = f"{shop.address[0]}:{shop.address[1]}"
        for told, origin, status in (
            ("https", f"https://{own}", 101),
            ("https", f"http://{own}", 403),
            ("ftp", f"http://{own}", 101),
            ("http, https", f"https://{own}", 101),
        ):
            asked = shop.upgrade(origin, JSON.name, f"X-Forwarded-Proto: {told}")
            assert await asked == status
    async with serving(tmp_path) as shop:
        own = f"{shop.address[0]}:{shop.address[1]}"
        asked = shop.upgrade(f"https://{own}", JSON.name, "X-Forwarded-Proto: https")
        assert await asked == 403
