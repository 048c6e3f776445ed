"""A WebSocket on a connection that has carried plain requests: proxies keep theirs."""

from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest
import trio

from broker.config import Config, LimitsConfig, ServerConfig
from tests.broker.http.web import Web, asked
from tests.edge.raw import Raw, request
from tests.wire.joined import TEXT, masked

pytestmark = pytest.mark.slow

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
HELLO = masked(TEXT, b'{"op":"hello","id":"h"}')
BYE = masked(TEXT, b'{"op":"bye","id":"b"}')


@pytest.fixture(params=["fast", "portable"])
async def web(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Web]:
    config = Config(
        server=ServerConfig(path=request.param, trusted_proxies=("127.0.0.1/32",)),
        limits=LimitsConfig(per_ip_visitors=2),
    )
    async with asked(tmp_path, config) as running:
        yield running


async def dial(web: Web) -> Raw:
    return Raw(await trio.open_tcp_stream(*web.shop.address))


async def answered(raw: Raw) -> None:
    """Have a plain request answered on a connection that stays."""
    await raw.send(GET)
    answer = b""
    with trio.fail_after(5):
        while not answer.endswith(b"}"):
            answer += bytes(await raw.carrier.receive_some(4096))
    assert answer.startswith(b"HTTP/1.1 200")


async def welcomed(raw: Raw) -> None:
    """Say hello, and goodbye."""
    with trio.fail_after(5):
        heard = await raw.read(messages=1)
        assert msgspec.json.decode(heard.messages[0])["t"] == "welcome"
        await raw.send(BYE)
        assert (await raw.read()).code == 1000
    await raw.close()


async def nobody_is_left(web: Web) -> None:
    """Wait until all places are free: none was lost, and none given up twice."""
    broker = web.shop.broker
    with trio.fail_after(5):
        while broker.admission.open:  # noqa: ASYNC110  # nobody tells
            await trio.sleep(0.01)
    assert broker.admission.unauthenticated == 0
    assert broker.front.connections == 0
    assert len(broker.admission.households) == len(broker.admission.unknown) == 0


async def test_a_connection_becomes_a_socket_after_plain_requests(web: Web) -> None:
    raw = await dial(web)
    await answered(raw)
    await answered(raw)
    await raw.upgrade(request())
    await raw.send(HELLO)
    await welcomed(raw)
    await nobody_is_left(web)


async def test_what_comes_with_the_request_is_not_lost(web: Web) -> None:
    raw = await dial(web)
    await answered(raw)
    await raw.upgrade(request() + HELLO)
    await welcomed(raw)


async def test_a_plain_request_in_the_same_breath_is_answered_first(web: Web) -> None:
    raw = await dial(web)
    # Until HTTP has been prepared, requests wait.
    await raw.send(GET + request() + HELLO)
    with trio.fail_after(5):
        answer = b""
        while not answer.endswith(b"}"):
            answer += bytes(await raw.carrier.receive_some(1))
        assert await raw.status() == 101
    await welcomed(raw)
    await nobody_is_left(web)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (request(b"Origin: https://elsewhere.example"), 403),
        (request(protocol=b"chat"), 400),
        (request(path=b"/other"), 404),
        (request(b"Sec-WebSocket-Version: 12"), 400),
    ],
)
async def test_the_same_is_refused_as_on_a_new_connection(
    web: Web, head: bytes, status: int
) -> None:
    for plain_before in (False, True):
        raw = await dial(web)
        if plain_before:
            await answered(raw)
        await raw.send(head)
        with trio.fail_after(5):
            assert await raw.status() == status
        await raw.close()
    await nobody_is_left(web)


async def test_such_sockets_count_for_whom_the_proxy_asks(web: Web) -> None:
    statuses: list[int] = []
    raws: list[Raw] = []
    for client in (b"198.51.100.1", b"198.51.100.1", b"198.51.100.1", b"198.51.100.2"):
        raw = await dial(web)
        await answered(raw)
        await raw.send(request(b"X-Forwarded-For: " + client))
        with trio.fail_after(5):
            statuses.append(await raw.status())
        raws.append(raw)
    assert statuses == [101, 101, 503, 101]
    for raw in raws:
        await raw.close()
    await nobody_is_left(web)
