"""A shop that is asked by HTTP, as a backend or a browser asks it."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import trio

from broker.config import Config
from tests.system.client import JSON
from tests.system.shop import TRUSTING, Shop, serving

Answer = dict[str, Any]


class Web:
    """A running broker, and an HTTP client that keeps its connections."""

    def __init__(self, shop: Shop, client: httpx.AsyncClient) -> None:
        self.shop = shop
        self.client = client

    async def bearer(self, role: str = "admin", sub: str = "boss") -> dict[str, str]:
        """Return the headers of one with this role."""
        if role != "shopper":
            await self.shop.hire(sub, role)
        return {"Authorization": f"Bearer {self.shop.token(role, sub)}"}

    async def settings(self) -> Answer:
        """Return the default site's settings, with their version."""
        got = await self.client.get(SETTINGS, headers=await self.bearer())
        assert got.status_code == 200
        answer: Answer = got.json()
        return answer

    async def raw(self, request: bytes, *, wait: float = 5.0) -> bytes:
        """Send these bytes on a connection of their own; return all that comes back."""
        answer = b""
        async with await trio.open_tcp_stream(*self.shop.address) as stream:
            await stream.send_all(request)
            with trio.move_on_after(wait):
                async for data in stream:
                    answer += data
        return answer


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What a client would have to read all authorities for, 30 ms each time."""
SETTINGS = "/v1/sites/default/settings"
AGENTS = "/v1/sites/default/agents"


@asynccontextmanager
async def asked(folder: Path, config: Config = TRUSTING) -> AsyncGenerator[Web]:
    """Run a broker and a client for it."""
    async with (
        serving(folder, JSON, config) as shop,
        httpx.AsyncClient(base_url=shop.url or "", timeout=10, verify=NO_TLS) as client,
    ):
        yield Web(shop, client)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an error, which has the form that all have."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert set(problem) >= {"code", "message", "retry"}
    return answer.status_code, problem["code"]
