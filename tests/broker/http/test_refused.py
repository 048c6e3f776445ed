"""What is refused over HTTP is counted by what was told, and said without a name."""

from collections import Counter

import pytest

from broker.http import front
from broker.limits import Tally, TurnedAway
from broker.refused import EVERY_S, Refusals
from broker.wire.errors import Code
from tests.broker.http.web import SETTINGS, Web

CANARY = "canary-7f3a9c"
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: {version}\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)
OFFER = "Sec-WebSocket-Protocol: shopwire.v1.json\r\n"


def upgrade(path: str = "/ws", version: int = 13, more: str = OFFER) -> bytes:
    return UPGRADE.format(path=path, version=version, more=more).encode()


AT_THE_DOOR = [
    (upgrade(f"/{CANARY}"), 404, Code.NOT_FOUND),
    (upgrade(version=99), 426, Code.BAD_FRAME),
    (upgrade(more=f"Sec-WebSocket-Protocol: {CANARY}\r\n"), 400, Code.BAD_FRAME),
    (upgrade(more=f"Origin: https://{CANARY}\r\n{OFFER}"), 403, Code.FORBIDDEN),
    (f"GET /{CANARY}\r\n\r\n".encode(), 400, Code.BAD_FRAME),
    (f"GET /{CANARY * 2000}".encode(), 431, Code.TOO_BIG),
]
ASKED = [
    ("GET", f"/v1/{CANARY}?{CANARY}", b"", 404, Code.NOT_FOUND),
    ("HEAD", f"/v1/{CANARY}", b"", 404, Code.NOT_FOUND),
    ("DELETE", "/healthz", b"", 405, Code.BAD_FRAME),
    ("GET", "/v1/sites/default/settings", b"", 401, Code.AUTH_FAILED),
    ("POST", "/v1/login", f'{{"email":"{CANARY}'.encode(), 400, Code.BAD_FRAME),
    ("POST", "/v1/login", b"x" * 2_000_000, 413, Code.TOO_BIG),
]
"""Method, path and body of requests, and what they come to."""


async def test_each_answer_is_counted_once_and_none_says_whose(
    web: Web, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    expected: Counter[TurnedAway] = Counter()
    for raw, status, code in AT_THE_DOOR:
        assert (await web.raw(raw)).startswith(f"HTTP/1.1 {status}".encode())
        expected[TurnedAway(status, code)] += 1
    for method, path, body, status, code in ASKED:
        answer = await web.client.request(method, path, content=body)
        assert answer.status_code == status, answer.text
        expected[TurnedAway(status, code)] += 1
    admin, stale = await web.bearer(), b'{"if_version":7,"settings":{}}'
    assert (await web.client.put(SETTINGS, content=stale, headers=admin)).is_error
    expected[TurnedAway(409, Code.CONFLICT)] += 1
    evil = {"Origin": f"https://{CANARY}.example"}
    assert (await web.client.get(SETTINGS, headers=evil)).is_error
    expected[TurnedAway(403, Code.FORBIDDEN)] += 1
    # Behind a good request, what is none: the framework itself answers.
    get = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert b"HTTP/1.1 400" in await web.raw(get + f"{CANARY}\r\n\r\n".encode())
    expected[TurnedAway(400, Code.BAD_FRAME)] += 1
    with monkeypatch.context() as patch:
        patch.setattr(front, "MOST", 0)
        assert (await web.raw(get)).startswith(b"HTTP/1.1 503")
    expected[TurnedAway(503, Code.UNAVAILABLE)] += 1
    tally = web.shop.broker.tally
    assert tally.turned_away == expected
    said = (await web.client.get("/metrics")).text
    figure = 'shopwire_http_refusals_total{code="not_found",status="404"} 3.0'
    assert figure in said
    assert 'shopwire_http_refusals_total{code="erased",status="410"} 0.0' in said
    Refusals(tally).tell()
    (line,) = [line for line in caplog.messages if line.startswith("refused over")]
    assert line.startswith(f"refused over HTTP in {EVERY_S} s: ")
    assert "404 not_found 3" in line
    ours = [line for line in caplog.record_tuples if not line[0].startswith("httpx")]
    assert CANARY not in said + str(ours)


async def test_what_nobody_hears_is_no_refusal(web: Web) -> None:
    head = b"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    await web.raw(head, wait=0.2)
    assert (await web.client.get("/healthz")).status_code == 200
    assert web.shop.broker.tally.turned_away == {}


def test_a_flood_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tally = Tally()
    refusals = Refusals(tally)
    for _ in range(10_000):
        tally.turns_away(404)
        tally.turns_away(400, Code.CHAT_CLOSED)
    refusals.tell()
    refusals.tell()
    lines = "404 not_found 10000, 400 chat_closed 10000"
    assert caplog.messages == [f"refused over HTTP in {EVERY_S} s: {lines}"]
