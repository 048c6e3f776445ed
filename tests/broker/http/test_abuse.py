import json
import random
from collections.abc import AsyncIterator

import pytest
import trio
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.tcp_server import TCPServer

from broker.addresses import Addresses
from broker.http import front, shell
from broker.http.application import HttpApplication
from tests.broker.http.web import SETTINGS, Web, refusal

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def is_well(web: Web) -> None:
    """Ask as others do, on a connection that was there before and on a new one."""
    assert (await web.client.get("/healthz")).status_code == 200
    assert (await web.raw(GET, wait=0.3)).startswith(b"HTTP/1.1 200")


async def test_a_connection_serves_one_request_after_the_other(web: Web) -> None:
    # The first answer of all waits until the application is there.
    await is_well(web)
    answer = await web.raw(GET * 3, wait=0.5)
    assert answer.count(b"HTTP/1.1 200") == 3


async def test_a_connection_is_closed_when_asked(web: Web) -> None:
    closing = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with trio.fail_after(2):
        answer = await web.raw(closing, wait=10)
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "later",
    [
        b"\x16\x03\x01\x00\xa5",
        b"GET /healthz\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n",
    ],
)
async def test_rubbish_after_a_good_request_ends_its_connection_alone(
    web: Web, later: bytes
) -> None:
    with trio.fail_after(5):
        answer = await web.raw(GET + later, wait=10)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 4" in answer or b"HTTP/1.1 501" in answer
    await is_well(web)


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 8 * 1024 * 1024])
async def test_a_body_of_more_than_a_mebibyte_is_refused(web: Web, size: int) -> None:
    headers = await web.bearer()
    body = b" " * size
    answer = await web.client.put(SETTINGS, content=body, headers=headers)
    assert refusal(answer) == (413, "too_big")
    await is_well(web)


async def test_a_body_that_hides_its_length_is_cut_off_too(web: Web) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    headers = await web.bearer()
    answer = await web.client.put(SETTINGS, content=endless(), headers=headers)
    assert refusal(answer) == (413, "too_big")


async def test_without_a_token_no_body_is_waited_for(web: Web) -> None:
    head = (
        f"PUT {SETTINGS} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    ).encode()
    with trio.fail_after(3):
        assert (await web.raw(head, wait=1)).startswith(b"HTTP/1.1 401")


async def test_a_deep_body_is_refused(web: Web) -> None:
    headers = await web.bearer()
    body = b'{"if_version":0,"settings":' + b"[" * 500_000
    answer = await web.client.put(SETTINGS, content=body, headers=headers)
    assert refusal(answer) == (400, "bad_frame")


async def test_a_request_that_takes_too_long_is_ended(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "REQUEST_S", 0.2)
    token = (await web.bearer())["Authorization"]
    head = f"PUT {SETTINGS} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
    with trio.fail_after(3):
        answer = await web.raw(f"{head}Authorization: {token}\r\n\r\n{{".encode())
    assert answer.startswith(b"HTTP/1.1 408")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "bad_frame"


async def test_an_idle_connection_is_closed(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.client.get("/healthz")
    application = web.shop.broker.front._application
    assert isinstance(application, HttpApplication)
    monkeypatch.setattr(application._config, "keep_alive_timeout", 0.2)
    with trio.fail_after(3):
        assert (await web.raw(GET, wait=10)).startswith(b"HTTP/1.1 200")
    with trio.fail_after(3):
        # The head of the next request has to come in that time, too.
        assert (await web.raw(GET + b"GET /heal", wait=10)).count(b"200") == 1


async def test_more_connections_than_there_is_room_for_are_sent_away(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.client.get("/healthz")
    monkeypatch.setattr(front, "MOST", 2)
    async with await trio.open_tcp_stream(*web.shop.address) as other:
        await other.send_all(GET)
        await other.receive_some(4096)
        with trio.fail_after(3):
            answer = await web.raw(GET, wait=10)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"Retry-After" in answer
        # Chats have nothing to do with it.
        sara = await web.shop.shopper()
        assert (await sara.ask("chat.start", text="hello"))["t"] == "ok"
    monkeypatch.undo()
    await is_well(web)


async def test_one_address_cannot_take_all_the_room(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.client.get("/healthz")
    monkeypatch.setattr(front, "PER_ADDRESS", 1)

    def for_itself(*_: object) -> bool:
        return False

    # As if this machine were a stranger.
    monkeypatch.setattr(Addresses, "speaks_for_many", for_itself)
    other = await trio.open_tcp_stream(*web.shop.address)
    async with other:
        await other.send_all(GET)
        await other.receive_some(4096)
        assert (await web.raw(GET, wait=2)).startswith(b"HTTP/1.1 503")
    with trio.fail_after(3):
        while not (await web.raw(GET, wait=0.3)).startswith(b"HTTP/1.1 200"):
            pass


async def test_one_who_takes_no_answer_is_let_go_of(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker.http.stream.SEND_S", 0.2)
    await web.client.get("/healthz")
    request = b"GET /schema/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    async with await trio.open_tcp_stream(*web.shop.address) as stuck:
        stuck.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
        with trio.move_on_after(2):
            await stuck.send_all(request * 400)
        await is_well(web)
        with trio.fail_after(5):
            while web.shop.broker.front.connections > 1:  # noqa: ASYNC110  # nobody tells
                await trio.sleep(0.05)


async def test_nothing_but_http_1_is_spoken(web: Web) -> None:
    upgrade = GET.replace(
        b"\r\n\r\n", b"\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    )
    await is_well(web)
    answer = await web.raw(upgrade, wait=0.5)
    assert answer.startswith(b"HTTP/1.1 200")


def test_hypercorn_still_has_what_is_overridden() -> None:
    for name in ("_check_protocol", "_send_error_response"):
        assert hasattr(H11Protocol, name)
    for name in ("_read_data", "_idle_timeout", "_close", "protocol_send"):
        assert hasattr(TCPServer, name)


async def test_random_bytes_harm_nobody(web: Web) -> None:
    chance = random.Random(5)
    for _ in range(20):
        noise = chance.randbytes(chance.randrange(1, 400))
        await web.raw(noise + b"\r\n\r\n", wait=0.05)
        await web.raw(GET + noise + b"\r\n\r\n", wait=0.05)
    await is_well(web)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/", 404),
        ("GET", "/ws", 404),
        ("GET", "/v1/sites/default/../../etc/passwd", 404),
        ("DELETE", "/healthz", 405),
        ("GET", "/v1/login", 405),
        ("PUT", "/healthz", 405),
    ],
)
async def test_what_is_not_there_is_said_in_the_same_form(
    web: Web, method: str, path: str, expected: int
) -> None:
    answer = await web.client.request(method, path)
    status, code = refusal(answer)
    assert status == expected
    assert code == {404: "not_found", 405: "bad_frame"}[expected]


async def test_a_bug_in_a_handler_is_told_as_no_more_than_that(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_site: str) -> None:
        raise RuntimeError("a canary")

    headers = await web.bearer()
    monkeypatch.setattr(web.shop.broker.sites, "rules_of", broken)
    answer = await web.client.get(SETTINGS, headers=headers)
    monkeypatch.undo()
    assert refusal(answer) == (500, "unavailable")
    assert "canary" not in answer.text
    await is_well(web)
