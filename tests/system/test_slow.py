"""Peers that are silent, or do not read (protocol sections 3 and 6, spec F52)."""

import socket
from pathlib import Path

import pytest
import trio

from broker.config import Config, LimitsConfig
from broker.edge.connection import Connection
from tests.system.client import Client, Form
from tests.system.shop import Shop, serving
from tests.system.test_catching_up import LONG, chained
from tests.system.test_writes import opened, started

PINGS, PONG = b"\x89\x00", b"\x8a\x80\x00\x00\x00\x00"


async def seconds(shop: Shop, number: int) -> None:
    """Let so many of the keepalive's seconds pass, and everybody answer its pings."""
    for _ in range(number):
        shop.broker.keepalive.tick()
        shop.broker.loop.wake()
        await trio.sleep(0.002)


async def upgraded(shop: Shop) -> trio.SocketStream:
    """Return a stream on which a WebSocket has begun, and nobody who speaks for it."""
    stream = await trio.open_tcp_stream(*shop.address)
    shop.streams.append(stream)
    await stream.send_all(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: shopwire.v1.json\r\n\r\n"
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += await stream.receive_some()
    return stream


async def ended(stream: trio.SocketStream) -> bool:
    """Return once the other side has hung up."""
    try:
        while await stream.receive_some():
            pass
    except trio.BrokenResourceError:
        pass
    return True


@pytest.mark.slow
async def test_a_silent_peer_is_pinged_and_dropped_after_45_seconds(
    shop: Shop,
) -> None:
    stream = await upgraded(shop)
    # The hello's own limit is another matter.
    (guest,) = shop.broker.keepalive
    assert isinstance(guest, Connection)
    guest.greeted()
    talking = await shop.shopper()
    await seconds(shop, 44)
    assert await stream.receive_some() == PINGS * 2
    await seconds(shop, 1)
    assert await ended(stream)
    await seconds(shop, 100)
    assert (await talking.ask("bye"))["t"] == "ok"


@pytest.mark.slow
async def test_a_peer_that_answers_pings_stays(shop: Shop) -> None:
    stream = await upgraded(shop)
    (guest,) = shop.broker.keepalive
    assert isinstance(guest, Connection)
    guest.greeted()
    for _ in range(10):
        await seconds(shop, 20)
        assert await stream.receive_some() == PINGS
        await stream.send_all(PONG)
    assert len(shop.broker.keepalive) == 1


@pytest.mark.slow
async def test_a_slow_reader_is_cut_off_alone_and_resumes_everything(
    tmp_path: Path, form: Form
) -> None:
    limits = LimitsConfig(outbox_bytes=128 * 1024, trusted_networks=("127.0.0.0/8",))
    async with serving(tmp_path, form, Config(limits=limits)) as shop:
        sara, chat = await started(shop)
        ann, slow = await shop.agent(), await shop.connect(slow=True)
        await opened(ann, chat)
        await slow.hello(token=shop.token("agent", "ann"))
        await slow.say("chat.open", chat=chat)
        number = 0
        while len(shop.broker.hub.peers) == 3:
            await sara.ask("msg.send", chat=chat, text=f"{LONG}{number}")
            await ann.next()
            number += 1
            assert number < 2000
        assert await slow.read_to_the_end() == 4008
        assert slow.heard[-1]["t"] == "closing"
        assert slow.heard[-1]["code"] == 4008
        position = chained(slow.events(chat), 0)
        head = (await sara.ask("msg.send", chat=chat, text="still here"))["seq"]
        again = await shop.agent(resume={"chats": {chat: position}})
        frames = await again.take(head - position + 1)
        assert frames[-1] == {"t": "live", "chat": chat, "upto": head}
        assert chained(frames[:-1], position) == head


@pytest.mark.slow
async def test_a_reader_that_stands_still_for_ten_seconds_is_cut_off(
    shop: Shop,
) -> None:
    sara, chat = await started(shop)
    slow = await shop.connect(slow=True)
    await slow.hello(token=shop.token("shopper", "sara"))
    await slow.say("chat.open", chat=chat)
    number = 0
    while not blocked(shop):
        await sara.ask("msg.send", chat=chat, text=LONG)
        number += 1
        assert number < 2000
    await seconds(shop, 8)
    assert len(shop.broker.hub.peers) == 2
    while len(shop.broker.hub.peers) == 2:
        await seconds(shop, 1)
    assert await slow.read_to_the_end() == 4008
    assert (await sara.ask("msg.send", chat=chat, text="still here"))["t"] == "ok"


def blocked(shop: Shop) -> bool:
    return any(
        isinstance(each, Connection) and each._outbox.blocked
        for each in shop.broker.keepalive
    )


async def test_in_memory_too_who_does_not_read_is_cut_off(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    phone = await quick_shop.shopper()
    await opened(phone, chat)
    for number in range(200):
        await sara.ask("msg.send", chat=chat, text=f"{LONG} {number}")
    assert await phone.read_to_the_end() == 4008
    assert phone.heard[-1]["code"] == 4008
    assert (await sara.ask("msg.send", chat=chat, text="on"))["seq"] == 205


async def test_signals_are_dropped_before_anything_else(quick_shop: Shop) -> None:
    sara, chat = await started(quick_shop)
    ann, bob = await quick_shop.agent("ann"), await quick_shop.agent("bob")
    await opened(ann, chat)
    await opened(bob, chat)
    for _ in range(20):
        await sara.ask("msg.send", chat=chat, text=LONG)
    await sara.say("typing", chat=chat, on=True)
    await trio.sleep(0.1)
    # What one is doing is shown to those who keep up alone.
    assert [f["t"] for f in await ann.take(20)] == ["ev"] * 20
    frames = [await bob.next() for _ in range(20)]
    assert all(frame["t"] == "ev" for frame in frames)
    await sara.say("typing", chat=chat, on=False)
    await trio.sleep(0.1)
    for agent in (ann, bob):
        eph = await agent.next()
        assert (eph["t"], eph["on"]) == ("eph", False)


@pytest.mark.slow
async def test_a_socket_that_vanishes_takes_nobody_along(shop: Shop) -> None:
    sara, chat = await started(shop)
    for _ in range(20):
        phone = await shop.shopper()
        await phone.say("chat.open", chat=chat)
        await phone.say("msg.send", chat=chat, text="and gone")
        await reset(phone)
    assert (await sara.ask("msg.send", chat=chat, text="here"))["t"] == "ok"
    with trio.fail_after(5):
        while len(shop.broker.keepalive) > 1:  # noqa: ASYNC110  # the kernel
            await trio.sleep(0.01)


async def reset(client: Client) -> None:
    """Drop the connection as a crashed machine's kernel does."""
    stream = client.socket.stream
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    await stream.aclose()
