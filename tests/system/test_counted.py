"""Each limit is counted under its own name; and who is behind an address (F57)."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from broker.config import Config, LimitsConfig, ServerConfig
from tests.edge.raw import Raw, dialled, request
from tests.system.shop import TRUSTING, Shop, serving
from tests.wire.joined import CONT, NOT_FINAL, TEXT, header, masked

LARGE = b"x" * 60_000
Path_ = Literal["fast", "portable"]
PATHS = pytest.mark.parametrize("path", ["fast", "portable"])
VISITORS = 20
AGENTS = 100


@asynccontextmanager
async def on(
    folder: Path, path: Path_, limits: LimitsConfig, *proxies: str
) -> AsyncGenerator[Shop]:
    server = ServerConfig(path=path, trusted_proxies=proxies)
    async with serving(folder, config=Config(server=server, limits=limits)) as shop:
        yield shop


async def coming(shop: Shop, told: str = "") -> Raw | None:
    """Connect for whom a proxy tells; return `None` if there is no room."""
    assert shop.url is not None
    raw = await dialled(shop.url)
    await raw.send(request(b"X-Forwarded-For: " + told.encode() if told else b"X: y"))
    if await raw.status() == 101:
        return raw
    await raw.close()
    return None


async def greeted(raw: Raw, token: str | None = None) -> None:
    hello = {"op": "hello", "id": "h"} | ({"token": token} if token else {})
    await raw.send(masked(TEXT, msgspec.json.encode(hello)))
    heard = await raw.read(messages=1)
    assert msgspec.json.decode(heard.messages[0])["t"] == "welcome"


@PATHS
@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("frame_bytes", header(TEXT, 1 << 20, width=8)),
        ("frame_bytes", masked(TEXT & NOT_FINAL, LARGE) + masked(CONT, LARGE)),
        ("fragments", masked(TEXT & NOT_FINAL) + masked(CONT & NOT_FINAL) * 70),
    ],
    ids=["announced", "together", "fragments"],
)
async def test_too_big_a_message_is_counted_by_what_was_too_much(
    tmp_path: Path, path: Path_, limit: str, said: bytes
) -> None:
    async with on(tmp_path, path, TRUSTING.limits) as shop:
        raw = await coming(shop)
        assert raw is not None
        await greeted(raw)
        await raw.send(said)
        assert (await raw.read()).code == 1009
        await raw.close()
        assert shop.broker.tally.limited == {limit: 1}


async def crowd(shop: Shop, stack: AsyncExitStack, told: str, *, agents: int) -> None:
    """Fill an address with visitors, and have agents there beside them."""
    for number in range(agents):
        raw = await coming(shop, told)
        assert raw is not None
        stack.push_async_callback(raw.close)
        await greeted(raw, shop.token("agent", f"agent-{number}"))
    for _ in range(VISITORS):
        raw = await coming(shop, told)
        assert raw is not None
        stack.push_async_callback(raw.close)
        await greeted(raw)
    assert await coming(shop, told) is None


@pytest.mark.slow
@PATHS
async def test_an_office_behind_a_proxy_is_counted_by_its_own_addresses(
    tmp_path: Path, path: Path_
) -> None:
    async with (
        on(tmp_path, path, LimitsConfig(), "127.0.0.0/8") as shop,
        AsyncExitStack() as stack,
    ):
        for number in range(AGENTS):
            await shop.hire(f"agent-{number}")
        await crowd(shop, stack, "203.0.113.9", agents=AGENTS)
        # Their neighbour in the same net, and one who claims to be behind the office.
        await crowd(shop, stack, "203.0.113.10", agents=0)
        assert await coming(shop, "198.51.100.7, 203.0.113.10") is None
        assert shop.broker.tally.limited == {"per_ip_visitors": 3}
        assert len(shop.broker.hub.peers) == AGENTS + 2 * VISITORS


@pytest.mark.slow
@PATHS
async def test_what_one_who_is_no_proxy_says_of_others_is_ignored(
    tmp_path: Path, path: Path_
) -> None:
    async with (
        on(tmp_path, path, LimitsConfig(), "10.0.0.0/8") as shop,
        AsyncExitStack() as stack,
    ):
        await crowd(shop, stack, "203.0.113.9", agents=0)
        assert await coming(shop, "203.0.113.10") is None
        assert await coming(shop) is None
        assert shop.broker.tally.limited == {"per_ip_visitors": 3}
