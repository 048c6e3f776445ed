"""The portable path: a broker under TLS, and one without the reactor."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import ceil
from pathlib import Path

import httpx
import msgspec
import pytest
import trio

from broker.config import Config, LimitsConfig, ServerConfig, TlsConfig
from broker.edge.backlog import Backlog
from broker.edge.shared import SLOW_LINGER
from broker.edge.streamed import Streamed
from tests.edge.certificates import Certificate, certified
from tests.edge.raw import Raw, dialled, request
from tests.system.client import FORMS, JSON, Form
from tests.system.shop import Shop, serving
from tests.wire.joined import BINARY, CLOSE, CONT, NOT_FINAL, PING, TEXT, header, masked

TRUSTED = LimitsConfig(trusted_networks=("127.0.0.0/8",))
LONG = "word " * 1500


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certified(tmp_path_factory.mktemp("tls"))


class Ways:
    """How to reach a shop, whichever way it is served."""

    def __init__(self, shop: Shop, certificate: Certificate | None) -> None:
        self.shop = shop
        self.url = shop.url or ""
        self.trust = certificate.trusted() if certificate else None
        self.dialled: list[Raw] = []

    async def dial(self, *, plain: bool = False) -> Raw:
        raw = await dialled(self.url, None if plain else self.trust)
        self.dialled.append(raw)
        return raw

    async def upgraded(self, head: bytes | None = None) -> Raw:
        raw = await self.dial()
        await raw.upgrade(head)
        return raw

    async def talking(self, sub: str = "sara") -> Raw:
        """Return a shopper's connection, in JSON, that has been welcomed."""
        raw = await self.upgraded()
        await say(raw, op="hello", id="h", token=self.shop.token("shopper", sub))
        await raw.read(messages=1)
        return raw


async def say(raw: Raw, **frame: object) -> None:
    await raw.send(masked(TEXT, msgspec.json.encode(frame)))


@asynccontextmanager
async def portable(
    folder: Path,
    certificate: Certificate | None = None,
    limits: LimitsConfig = TRUSTED,
    form: Form = JSON,
) -> AsyncGenerator[Ways]:
    tls = None
    if certificate is not None:
        tls = TlsConfig(cert=str(certificate.cert), key=str(certificate.key))
    config = Config(server=ServerConfig(path="portable", tls=tls), limits=limits)
    async with serving(folder, form, config) as shop:
        ways = Ways(shop, certificate)
        try:
            yield ways
        finally:
            for raw in ways.dialled:
                await raw.close()


@pytest.fixture(params=["plain", "tls"])
async def ways(
    request: pytest.FixtureRequest, tmp_path: Path, certificate: Certificate
) -> AsyncGenerator[Ways]:
    tls = certificate if request.param == "tls" else None
    async with portable(tmp_path, tls) as served:
        yield served


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
async def test_a_chat_goes_from_shopper_to_agent_and_back(
    tmp_path: Path, form: Form
) -> None:
    async with portable(tmp_path, form=form) as served:
        sara, ann = await served.shop.shopper(), await served.shop.agent()
        chat = (await sara.ask("chat.start", text="hello"))["chat"]
        assert (await ann.ask("chat.open", chat=chat))["t"] == "ok"
        await ann.until(t="live")
        for number in range(20):
            asked = await ann.ask("msg.send", chat=chat, text=f"zażółć {number}")
            heard = await sara.until(kind="msg", by="agent:ann")
            assert (heard["seq"], heard["body"]["text"]) == (
                asked["seq"],
                f"zażółć {number}",
            )
        assert (await sara.ask("bye"))["t"] == "ok"
        assert await sara.read_to_the_end() == 1000


async def test_under_tls_the_url_says_so_and_chats_go_on(ways: Ways) -> None:
    assert ways.url.startswith("http://" if ways.trust is None else "https://")
    sara = await ways.talking()
    await say(sara, op="chat.start", id="c", text="hello")
    answers = await sara.read(messages=5)
    last = msgspec.json.decode(answers.messages[-1])
    assert (last["t"], last["re"]) == ("ok", "c")
    await say(sara, op="bye", id="b")
    assert (await sara.read()).code == 1000


async def test_a_page_of_our_own_may_ask_in_our_scheme_alone(ways: Ways) -> None:
    own, other = ("https", "http") if ways.trust else ("http", "https")
    await ways.upgraded(request(f"Origin: {own}://localhost".encode()))
    raw = await ways.dial()
    await raw.send(request(f"Origin: {other}://localhost".encode()))
    assert await raw.status() == 403


async def test_http_is_answered_beside_it(ways: Ways) -> None:
    verify = ways.trust or True
    async with httpx.AsyncClient(base_url=ways.url, verify=verify) as client:
        for _ in range(3):
            assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/nothing")).status_code == 404


async def test_heads_are_held_to_the_same_rules(ways: Ways) -> None:
    for head, status in (
        (b"GET /ws HTTP/1.1\r\nHost: \xc5\xbc\r\n\r\n", 400),
        (request(b"Host: other"), 400),
        (request(path=b"/elsewhere"), 404),
        (request(protocol=b""), 400),
        (request().replace(b": 13", b": 99"), 426),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"\r\n\r\n", 400),
    ):
        raw = await ways.dial()
        await raw.send(head)
        assert await raw.status() == status, head[:80]
        assert not (await raw.read()).reset
    told = Counter({400: 4, 404: 1, 426: 1, 431: 1})
    away = ways.shop.broker.tally.turned_away
    assert Counter(status for status, _ in away.elements()) == told


async def test_a_head_may_come_in_pieces_and_frames_with_it(ways: Ways) -> None:
    raw = await ways.dial()
    hello = {"op": "hello", "id": "h", "token": ways.shop.token("shopper", "sara")}
    said = request() + masked(TEXT, msgspec.json.encode(hello))
    for start in range(0, len(said), 40):
        await raw.send(said[start : start + 40])
        await trio.lowlevel.checkpoint()
    assert await raw.status() == 101
    heard = await raw.read(messages=1)
    assert msgspec.json.decode(heard.messages[0])["t"] == "welcome"


async def test_who_is_too_slow_to_begin_is_sent_away(
    tmp_path: Path, certificate: Certificate
) -> None:
    limits = LimitsConfig(head_s=0.2, hello_s=0.2)
    for tls in (None, certificate):
        folder = tmp_path / ("plain" if tls is None else "tls")
        async with portable(folder, tls, limits) as served:
            silent = await served.dial(plain=True)
            with trio.fail_after(5):
                await silent.carrier.receive_some(1)
            slow = await served.dial()
            await slow.send(b"GET /ws HT")
            assert await slow.status() == 408
            late = await served.upgraded()
            heard = await late.read()
            assert heard.code == 4001
            assert msgspec.json.decode(heard.messages[-1])["code"] == 4001
            served.shop.broker.keepalive.tick()


BROKEN = {
    "no mask": (header(TEXT, 1, mask=0) + b"a", 1002),
    "a reserved bit": (masked(TEXT | 0x40, b"a"), 1002),
    "a continuation of nothing": (masked(CONT, b"a"), 1002),
    "a long ping": (masked(PING, b"a" * 126), 1002),
    "no text": (masked(TEXT, b"\xff"), 1007),
    "binary for text": (masked(BINARY, b"a"), 1003),
    "2^62 bytes": (header(TEXT, 1 << 62, width=8), 1009),
    "one byte too many": (header(TEXT, 64 * 1024 + 1, width=8), 1009),
    "too many fragments": (
        masked(TEXT & NOT_FINAL) + masked(CONT & NOT_FINAL) * 64,
        1009,
    ),
    "no frame of ours": (masked(TEXT, b"{}"), 4000),
    "no hello": (masked(TEXT, b'{"op":"bye","id":"b"}'), 4001),
    "a goodbye": (masked(CLOSE, (1000).to_bytes(2)), 1000),
    "a goodbye with a code of its own": (masked(CLOSE, (4321).to_bytes(2)), 4321),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_who_breaks_the_rules_is_told_so(ways: Ways, name: str) -> None:
    data, code = BROKEN[name]
    if code < 4000:
        data += b"and more that nobody will read" * 1000
    raw = await ways.upgraded()
    await raw.send(data)
    with trio.fail_after(5):
        heard = await raw.read()
    assert (heard.code, heard.reset) == (code, False)


async def test_a_ping_is_answered(ways: Ways) -> None:
    sara = await ways.talking()
    await sara.send(masked(PING, b"1") + masked(PING, b"2"))
    await say(sara, op="bye", id="b")
    heard = await sara.read()
    assert (heard.pongs, heard.code) == ([b"1", b"2"], 1000)


async def test_the_silent_are_pinged_and_dropped(ways: Ways) -> None:
    sara = await ways.talking()
    keepalive = ways.shop.broker.keepalive
    began, ticks = trio.current_time(), 0
    while len(keepalive):
        keepalive.tick()
        ticks += 1
        await trio.sleep(0.001)
    # The broker's own clock ticks meanwhile, too.
    own = ceil(trio.current_time() - began)
    assert 45 - own <= ticks <= 45
    with trio.fail_after(5):
        heard = await sara.read()
    assert (len(heard.pings), heard.code) == (1, None)


async def test_a_reader_that_stands_still_is_cut_off_alone(tmp_path: Path) -> None:
    limits = LimitsConfig(outbox_bytes=128 * 1024, trusted_networks=("127.0.0.0/8",))
    async with portable(tmp_path, limits=limits) as served:
        sara = await served.shop.shopper()
        chat = (await sara.ask("chat.start", text="hello"))["chat"]
        slow = await served.shop.connect(slow=True)
        await slow.hello(token=served.shop.token("shopper", "sara"))
        await slow.say("chat.open", chat=chat)
        number = 0
        while len(served.shop.broker.hub.peers) == 2:
            await sara.ask("msg.send", chat=chat, text=f"{LONG}{number}")
            number += 1
            assert number < 2000
        assert await slow.read_to_the_end() == 4008
        assert slow.heard[-1]["code"] == 4008
        assert (await sara.ask("msg.send", chat=chat, text="on"))["t"] == "ok"


async def test_a_reader_that_takes_nothing_for_ten_seconds_is_cut_off(
    ways: Ways,
) -> None:
    sara = await ways.talking()
    await say(sara, op="chat.start", id="c", text="hello")
    await sara.read(messages=5)
    broker = ways.shop.broker
    (peer,) = broker.hub.peers
    streamed = peer.transport
    assert isinstance(streamed, Streamed)
    # More than all buffers on the way take.
    for _ in range(8):
        streamed._backlog._limit += 1024 * 1024
        streamed.offer(peer.codec.encode({"t": "x", "filler": "x" * 1024 * 1024}))
    broker.loop.wake()
    await trio.testing.wait_all_tasks_blocked(0.05)
    # The broker's own clock may tick in between on a crowded machine.
    for _ in range(7):
        broker.keepalive.tick()
    assert len(broker.hub.peers) == 1
    for _ in range(4):
        broker.keepalive.tick()
    assert len(broker.hub.peers) == 0
    assert len(broker.keepalive) == 1
    for _ in range(SLOW_LINGER):
        broker.keepalive.tick()
    await trio.testing.wait_all_tasks_blocked(0.05)
    assert len(broker.keepalive) == 0


async def test_who_is_there_at_the_end_is_told(
    tmp_path: Path, certificate: Certificate
) -> None:
    for tls in (None, certificate):
        folder = tmp_path / ("plain" if tls is None else "tls")
        async with portable(folder, tls) as served:
            sara, stranger = await served.talking(), await served.upgraded()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(sara.read)
                nursery.start_soon(stranger.read)
                served.shop.broker.draining = False
                await served.shop.broker._drain()
        assert sara.heard.code == 1012
        assert stranger.heard.code == 1012


async def test_a_bad_certificate_costs_its_connection_alone(
    tmp_path: Path, certificate: Certificate
) -> None:
    async with portable(tmp_path, certificate) as served:
        stranger = await served.dial(plain=True)
        await stranger.send(request())
        await stranger.carrier.receive_some(1000)
        sara = await served.talking()
        await say(sara, op="bye", id="b")
        assert (await sara.read()).code == 1000


def test_last_words_fit_after_a_cut() -> None:
    backlog = Backlog(100)
    backlog.offer(b"x" * 100)
    assert backlog.next() == b"x" * 100
    backlog.cut()
    backlog.offer(b"closing" * 10)
    assert not backlog.empty
    assert backlog.next() == b"closing" * 10
    assert backlog.next() is None
    assert backlog.empty


def test_signals_go_last_and_only_the_newest() -> None:
    backlog = Backlog(200_000)
    backlog.signal("a", b"1")
    backlog.signal("a", b"2")
    backlog.offer(b"frame")
    assert [backlog.next() for _ in range(3)] == [b"frame", b"2", None]
    backlog.offer(b"x" * 100_000)
    backlog.signal("a", b"3")
    assert [backlog.next() for _ in range(2)] == [b"x" * 100_000, None]


async def test_who_says_too_much_waits_and_who_goes_on_is_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with portable(tmp_path, limits=LimitsConfig(conn_frames=10)) as served:
        sara = await served.talking()
        keepalive = served.shop.broker.keepalive
        second = keepalive.tick
        monkeypatch.setattr(keepalive, "tick", lambda: None)  # The seconds are ours.
        asked = b"".join(
            masked(TEXT, b'{"op":"chat.leave","id":"%d","chat":"x"}' % number)
            for number in range(45)
        )
        (peer,) = served.shop.broker.hub.peers
        assert isinstance(peer.transport, Streamed)
        await sara.send(asked)
        await halted(peer.transport)
        assert len((await sara.read(messages=1 + 30)).messages) < 1 + 45
        second()
        await sara.read(messages=1 + 45)
        with trio.fail_after(10):
            while peer.transport.open:
                await sara.send(asked)
                await halted(peer.transport)
                second()
        assert (await sara.read()).code == 4029
        assert served.shop.broker.tally.limited["conn_frames"] == 1


async def halted(transport: Streamed) -> None:
    """Wait until nothing more is read of a peer."""
    with trio.fail_after(10):
        while transport.open and transport._may_read is None:  # noqa: ASYNC110  # no event tells
            await trio.sleep(0.005)
