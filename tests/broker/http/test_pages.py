from pathlib import Path

import pytest

from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from broker.config import Config, ServerConfig
from tests.broker.http.web import SETTINGS, Web, asked, refusal

SHOP = "https://shop.example"


async def allow(web: Web) -> None:
    await web.shop.settle(Settings(chat=ChatSettings(allowed_origins=(SHOP,))))


def preflight(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": "PUT"}


async def test_an_allowed_page_may_ask_and_see_the_answer(web: Web) -> None:
    await allow(web)
    first = await web.client.request("OPTIONS", SETTINGS, headers=preflight(SHOP))
    assert first.status_code == 204
    assert first.headers["access-control-allow-origin"] == SHOP
    assert "PUT" in first.headers["access-control-allow-methods"]
    assert "Authorization" in first.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in first.headers
    headers = await web.bearer() | {"Origin": SHOP}
    answer = await web.client.get(SETTINGS, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["vary"] == "Origin"
    # So that the page can tell why, when it is refused.
    refused = await web.client.get(SETTINGS, headers={"Origin": SHOP})
    assert refusal(refused)[0] == 401
    assert refused.headers["access-control-allow-origin"] == SHOP


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil.example",
        "null",
        "",
    ],
)
async def test_any_other_page_may_not(web: Web, origin: str) -> None:
    await allow(web)
    first = await web.client.request("OPTIONS", SETTINGS, headers=preflight(origin))
    headers = await web.bearer() | {"Origin": origin}
    for answer in (first, await web.client.get(SETTINGS, headers=headers)):
        assert refusal(answer) == (403, "forbidden")
        assert "access-control-allow-origin" not in answer.headers


async def test_our_own_pages_may(web: Web) -> None:
    headers = await web.bearer() | {"Origin": web.shop.url or ""}
    assert (await web.client.get(SETTINGS, headers=headers)).status_code == 200


@pytest.mark.slow
async def test_behind_a_proxy_our_own_pages_are_those_of_the_public_url(
    tmp_path: Path,
) -> None:
    config = Config(server=ServerConfig(public_url="https://chat.example"))
    async with asked(tmp_path, config) as web:
        for origin, status in (
            ("https://chat.example", 200),
            (web.shop.url or "", 403),
        ):
            headers = await web.bearer() | {"Origin": origin}
            answer = await web.client.get(SETTINGS, headers=headers)
            assert answer.status_code == status


async def test_a_page_of_one_shop_may_not_ask_at_another(web: Web) -> None:
    outlet = Settings(chat=ChatSettings(allowed_origins=(SHOP,)))
    await web.shop.open_site("outlet", outlet)
    first = await web.client.request("OPTIONS", SETTINGS, headers=preflight(SHOP))
    # As at a socket's upgrade, which site it is about shows with the token.
    assert first.status_code == 204
    headers = await web.bearer() | {"Origin": SHOP}
    answer = await web.client.get(SETTINGS, headers=headers)
    assert refusal(answer) == (403, "forbidden")


async def test_monitors_need_no_permission(web: Web) -> None:
    headers = {"Origin": "https://evil.example"}
    assert (await web.client.get("/healthz", headers=headers)).status_code == 200
