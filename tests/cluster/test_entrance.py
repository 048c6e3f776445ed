"""What a node that does not own does itself: it tells its figures, and speaks TLS."""

import re
import ssl
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import trio
from msgspec.structs import replace

from broker.cluster.counts import Why
from broker.config import Config, LimitsConfig, MetricsConfig, ServerConfig, TlsConfig
from tests.cluster.nodes import Member, group, token
from tests.edge.certificates import certified
from tests.edge.raw import Raw, dialled, request
from tests.system.shop import TRUSTING
from tests.wire.joined import TEXT, masked

pytestmark = pytest.mark.slow

SECRET = "a-long-and-secret-token"
PROXIED = b"PROXY TCP4 203.0.113.9 127.0.0.1 4660 80\r\n"


async def asked(
    member: Member, *said: bytes, trust: ssl.SSLContext | None = None
) -> str:
    """Return all that a node answers to a request, up to the end."""
    scheme = "http" if trust is None else "https"
    raw = await dialled(f"{scheme}://127.0.0.1:{member.port}", trust)
    try:
        for each in said:
            await raw.send(each)
        return (await rest(raw)).decode()
    finally:
        await raw.close()


async def rest(raw: Raw) -> bytes:
    received = b""
    # Who does not like what is said may hang up without having read it all.
    with trio.fail_after(10), suppress(trio.BrokenResourceError):
        while more := await raw.carrier.receive_some(65536):
            received += more
    return received


def get(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def figure(told: str, name: str) -> float:
    found = re.search(rf"^shopwire_cluster_{name} (\S+)$", told, re.MULTILINE)
    assert found is not None, told
    return float(found[1])


async def even(member: Member) -> str:
    """Return the figures of a node once it has everything that was told."""
    with trio.fail_after(10):
        while True:
            told = await asked(member, get("/metrics"))
            owner = figure(told, "applied"), figure(told, "lag_entries")
            if owner[0] and not owner[1]:
                return told
            await trio.sleep(0.05)


async def test_every_node_tells_its_own_figures(tmp_path: Path) -> None:
    async with group(tmp_path) as nodes, trio.open_nursery() as nursery:
        one = await nodes.add("one")
        signed = token(await one.broker())
        two = await nodes.add("two")
        client = await two.connect(nursery)
        assert (await client.hello(token=signed))["t"] == "welcome"
        assert (await client.ask("chat.start", text="hello"))["t"] == "ok"
        await nodes.even(two)
        mine, theirs = await asked(one, get("/metrics")), await even(two)
        for told, owns in ((mine, 1), (theirs, 0)):
            assert told.startswith("HTTP/1.1 200 ")
            assert figure(told, "owns") == figure(told, "takeovers_total") == owns
            assert figure(told, r'owner\{owner="one"\}') == figure(told, "epoch") == 1
            assert figure(told, "nodes") == 2
            assert figure(told, "lag_seconds") < 10
            assert "shopwire_program{" in told
            assert "process_cpu_seconds_total" in told
        assert figure(mine, "append_seconds_count") > 0
        assert figure(mine, "append_bytes_total") > 100
        assert "shopwire_chats_active" in mine
        assert "shopwire_chats_active" not in theirs
        # The client's, and ours that asks.
        assert figure(theirs, "relayed_connections") == 2
        assert figure(theirs, "relayed_total") == 1
        # Anything else is for the owner, in pieces too, and whoever speaks first.
        ready = await asked(two, b"GET /r", get("/readyz")[6:])
        assert ready.startswith("HTTP/1.1 200")
        assert '"ready":true' in ready
        nodes.server.forget("one")
        await two.broker()
        nodes.server.forgotten.clear()
        nodes.server.touch()
        await one.follows()
        # Which of them depends on whether it writes anything before it hears of it.
        assert one.life.counts.stepped_down.total() == 1
        assert set(one.life.counts.stepped_down) <= {Why.TAKEN, Why.FENCED}
        told = await even(one)
        assert figure(told, r'owner\{owner="two"\}') == 1
        assert figure(told, "epoch") == 2


async def test_figures_are_for_those_who_may_see_them(tmp_path: Path) -> None:
    config = Config(
        server=ServerConfig(trusted_proxies=("127.0.0.0/8",)),
        metrics=MetricsConfig(token=SECRET),
    )
    async with group(tmp_path, config) as nodes:
        one = await nodes.add("one")
        await one.broker()
        nodes.config = replace(config, server=ServerConfig())
        two = await nodes.add("two")
        told = get("/metrics", "X-Forwarded-For: 203.0.113.9")
        assert (await asked(two, told)).startswith("HTTP/1.1 403")
        shown = get("/metrics", f"Authorization: Bearer {SECRET}", "Forwarded: for=x")
        assert figure(await asked(two, shown), "owns") == 0
        assert (await asked(two, b"GET /metrics ", b"\r\n\r\n")).startswith(
            "HTTP/1.1 400"
        )
        # What a proxy of ours asks for is for the owner, who may be told for whom.
        nodes.config = config
        proxied = await nodes.add("three")
        assert (await asked(proxied, get("/metrics"))).startswith("HTTP/1.1 200")
        assert figure(await asked(proxied, get("/metrics")), "owns") == 1
        forbidden = await asked(proxied, PROXIED[:4], PROXIED[4:] + get("/metrics"))
        assert forbidden.startswith("HTTP/1.1 403")


async def test_who_says_nothing_is_sent_away(tmp_path: Path) -> None:
    config = replace(TRUSTING, limits=LimitsConfig(head_s=0.2))
    async with group(tmp_path, config) as nodes:
        await (await nodes.add("one")).broker()
        two = await nodes.add("two")
        assert (await asked(two)).startswith("HTTP/1.1 408")


async def test_each_node_speaks_tls_and_the_leg_between_them_does_not(
    tmp_path: Path,
) -> None:
    certificate = certified(tmp_path)
    tls = TlsConfig(cert=str(certificate.cert), key=str(certificate.key))
    config = replace(TRUSTING, server=ServerConfig(tls=tls))
    async with group(tmp_path, config) as nodes:
        one = await nodes.add("one")
        signed = token(await one.broker())
        two = await nodes.add("two")
        trust = certificate.trusted()
        for member in (one, two):
            ready = await asked(member, get("/readyz"), trust=trust)
            assert ready.startswith("HTTP/1.1 200"), member.name
            raw = await dialled(f"https://127.0.0.1:{member.port}", trust)
            own = f"Origin: https://127.0.0.1:{member.port}".encode()
            host = f"Host: 127.0.0.1:{member.port}".encode()
            await raw.upgrade(request(own).replace(b"Host: localhost", host))
            hello = {"op": "hello", "id": "h", "token": signed}
            await raw.send(masked(TEXT, msgspec.json.encode(hello)))
            assert '"welcome"' in str((await raw.read(messages=1)).messages[0])
            await raw.close()
        assert figure(await asked(two, get("/metrics"), trust=trust), "owns") == 0
        # Plain text is no handshake.
        assert not await asked(two, get("/readyz"))
        renewed = certified(tmp_path)  # as the files are: nobody trusts the old one
        for member in (one, two):
            member.life.reload()
            await asked(member, get("/readyz"), trust=renewed.trusted())
