"""A connection to NATS that mends itself."""

import signal
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from broker.cluster.nats.client import NatsClient, connected
from broker.cluster.nats.codec import Message
from broker.cluster.nats.link import Denied, Disconnected, NobodyThere, TooLate
from broker.cluster.nats.link import Server as Address
from tests.cluster.servers import Server

pytestmark = pytest.mark.slow


async def heard(client: NatsClient, subject: str) -> trio.MemoryReceiveChannel[Message]:
    put, take = trio.open_memory_channel[Message](10)
    client.subscribe(subject, put.send_nowait)
    with suppress(NobodyThere):
        # A round to the server: it has heard of the subscription.
        await client.request("nobody")
    return take


def test_a_server_is_named_by_its_url() -> None:
    assert Address.of("nats://n1") == Address("n1", 4222)
    assert Address.of("nats://a:b%40c@n1:1") == Address("n1", 1, "a", "b@c")
    assert Address.of("tls://tok@n1:1") == Address("n1", 1, token="tok", secure=True)
    for bad in ("n1:4222", "http://n1", "nats://", "nats://n1/x", "nats://n1:x"):
        with pytest.raises(ValueError, match=r"n1|nats|Port"):
            Address.of(bad)


async def test_messages_and_answers_go_both_ways(nats: NatsClient) -> None:
    take = await heard(nats, "greet.*")
    nats.publish("greet.us", b"hi", headers={"A": "b"})
    with trio.fail_after(5):
        message = await take.receive()
    assert (message.subject, message.data) == ("greet.us", b"hi")
    assert message.headers == {"A": "b"}

    def answer(asked: Message) -> None:
        nats.publish(asked.reply, asked.data + b"!")

    service = nats.subscribe("shout", answer)
    assert (await nats.request("shout", b"hey")).data == b"hey!"
    service.end()
    service.end()
    with pytest.raises(NobodyThere):
        await nats.request("shout", b"hey")
    nats.subscribe("silence", lambda _: None)
    with pytest.raises(TooLate):
        await nats.request("silence", seconds=0.1)


async def test_it_finds_back_and_hears_what_it_did(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    try:
        async with connected([Address.of(server.url)], "test") as client:
            await client.wait_connected(5)
            take = await heard(client, "a")
            client.subscribe("silence", lambda _: None)
            async with trio.open_nursery() as nursery:

                async def lost() -> None:
                    with pytest.raises(Disconnected):
                        await client.request("silence", seconds=10)

                nursery.start_soon(lost)
                await trio.sleep(0.1)
                server.kill()
            with pytest.raises(Disconnected):
                client.publish("a", b"nobody")
            server.start()
            await client.wait_connected(10)
            client.publish("a", b"again")
            with trio.fail_after(5):
                assert (await take.receive()).data == b"again"
            assert client.connects == 2
    finally:
        server.kill()


async def test_a_server_that_is_paused_is_given_up(tmp_path: Path) -> None:
    one, other = Server(tmp_path, "one").start(), Server(tmp_path, "other").start()
    try:
        async with connected([Address.of(one.url)], "test") as client:
            await client.wait_connected(5)
            client.add(Address.of(other.url))
            moved = trio.Event()
            client.when_connected(moved.set)
            one.send(signal.SIGSTOP)
            with trio.fail_after(15):
                await moved.wait()
            assert client.info.server_name == "other"
    finally:
        one.kill()
        other.kill()


async def test_who_is_not_let_in_says_why(tmp_path: Path) -> None:
    server = Server(tmp_path, more="authorization { user: shop, password: s3cret }")
    server.start()
    try:
        for user in ("", "shop:wrong@"):
            url = server.url.replace("//", f"//{user}")
            async with connected([Address.of(url)], "test") as client:
                with pytest.raises(Denied, match="Authorization"):
                    await client.wait_connected(1)
        url = server.url.replace("//", "//shop:s3cret@")
        async with connected([Address.of(url)], "test") as client:
            await client.wait_connected(5)
    finally:
        server.kill()


async def test_whoever_speaks_something_else_is_left_alone() -> None:
    async def say(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await stream.receive_some()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, say, listeners)
        async with connected([Address("127.0.0.1", port)], "test") as client:
            with pytest.raises(Disconnected, match=str(port)):
                await client.wait_connected(0.3)
        nursery.cancel_scope.cancel()
