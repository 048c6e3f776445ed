"""Shopify's app proxy: who it says is signed in gets a token, and nobody else."""

import hashlib
import hmac
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from msgspec.structs import replace

from broker.services import ShopifyConfig
from broker.shopify import customer
from tests.broker.http.web import Web, asked, refusal
from tests.system.shop import TRUSTING

SECRET = "hush, a secret of an app"
SHOP = "my-shop.myshopify.com"
CONFIG = ShopifyConfig(SECRET, (f"default={SHOP}", "outlet=other.myshopify.com"))
NOW = 1_700_000_000
GOOD = {
    "shop": SHOP,
    "logged_in_customer_id": "17",
    "path_prefix": "/apps/chat",
    "timestamp": str(NOW),
}


def signed(fields: list[tuple[str, str]], secret: str = SECRET) -> str:
    """Return the query as Shopify's documentation has it signed."""
    names = sorted({name for name, _ in fields})
    joined = (f"{n}={','.join(v for name, v in fields if name == n)}" for n in names)
    text = "".join(sorted(joined))
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return urlencode([*fields, ("signature", signature)])


def test_the_proxys_signature_is_that_of_its_documentation() -> None:
    # From Shopify's page on authenticating app proxies.
    query = (
        "extra=1&extra=2&shop=shop-name.myshopify.com&logged_in_customer_id=1"
        "&path_prefix=%2Fapps%2Fawesome_reviews&timestamp=1317327555"
        "&signature=4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb"
    )
    config = ShopifyConfig("hush", ("default=shop-name.myshopify.com",))
    assert customer(config, "default", query, 1317327555) == "1"


@pytest.mark.parametrize(
    ("fields", "who"),
    [
        ({}, "17"),
        ({"logged_in_customer_id": ""}, ""),
        ({"timestamp": str(NOW - 300)}, "17"),
        ({"timestamp": str(NOW - 301)}, None),
        ({"timestamp": str(NOW + 301)}, None),
        ({"timestamp": "now"}, None),
        ({"timestamp": "\u0661"}, None),
        ({"shop": "other.myshopify.com"}, None),
    ],
)
def test_what_is_signed_is_believed_while_it_is_fresh(
    fields: dict[str, str], who: str | None
) -> None:
    query = signed([*(GOOD | fields).items()])
    assert customer(CONFIG, "default", query, NOW) == who


def test_what_is_not_signed_by_the_app_is_not_believed() -> None:
    pairs = [*GOOD.items()]
    good = signed(pairs)
    assert customer(CONFIG, "default", good, NOW) == "17"
    for query in (
        "",
        "signature=",
        good.replace("=17", "=18"),
        f"{good}&logged_in_customer_id=18",
        good.replace("signature=", "signature=0"),
        urlencode(pairs),
        signed(pairs, "another secret"),
        signed([*pairs, ("logged_in_customer_id", "18")]),
        "&".join(f"a{n}=1" for n in range(200)),
        f"{good}&signature=\ud800",
    ):
        assert customer(CONFIG, "default", query, NOW) is None
    # A customer of one shop chooses the path, and so the site.
    assert customer(CONFIG, "outlet", good, NOW) is None
    assert customer(ShopifyConfig(), "default", good, NOW) is None
    assert SECRET not in repr(CONFIG)


@pytest.fixture
async def shopify(tmp_path: Path) -> AsyncGenerator[Web]:
    async with asked(tmp_path, replace(TRUSTING, shopify=CONFIG)) as web:
        yield web


async def fetched(web: Web, **fields: str) -> httpx.Response:
    now = str(web.shop.broker.clock() // 1000)
    query = signed([*(GOOD | {"timestamp": now} | fields).items()])
    return await web.client.get(f"/v1/sites/default/shopify/token?{query}")


async def test_a_customer_gets_a_token_that_lets_them_in(shopify: Web) -> None:
    answer = await fetched(shopify)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    sara = await shopify.shop.shopper(token=answer.json()["token"])
    assert sara.welcome["role"] == "shopper"
    identity = shopify.shop.broker.gate.verify(answer.json()["token"])
    assert identity is not None
    assert (identity.sub, identity.site) == ("17", "default")


async def test_nobody_else_does(shopify: Web) -> None:
    assert refusal(await fetched(shopify, logged_in_customer_id=""))[1] == (
        "login_required"
    )
    for fields in ({"shop": "evil.myshopify.com"}, {"timestamp": "0"}):
        assert refusal(await fetched(shopify, **fields)) == (401, "auth_failed")
    for site in ("outlet", "nowhere"):
        path = f"/v1/sites/{site}/shopify/token"
        assert refusal(await shopify.client.get(path)) == (401, "auth_failed")
