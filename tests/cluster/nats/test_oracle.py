"""NATS's own client for Python, as the oracle: each reads what the other writes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import nats as nats_py
import pytest
import trio
from nats.aio.client import Client

from broker.cluster.nats.client import NatsClient
from broker.cluster.nats.codec import Message
from broker.cluster.nats.jetstream import JetStream
from broker.cluster.nats.log import Names, NatsLog
from tests.cluster.servers import Server

pytestmark = pytest.mark.slow

Found = TypeVar("Found")
BODIES = [b"", b"x", b"\r\n", "zażółć".encode(), bytes(range(256)) * 300]


async def theirs(url: str, ask: Callable[[Client], Awaitable[Found]]) -> Found:
    """Return what `ask` finds with their client, on a loop in another thread."""

    async def body() -> Found:
        client = await nats_py.connect(url)
        try:
            return await ask(client)
        finally:
            await client.close()

    return await trio.to_thread.run_sync(lambda: asyncio.run(body()))


async def test_they_hear_what_we_say_and_we_what_they_say(
    nats: NatsClient, nats_server: Server
) -> None:
    put, take = trio.open_memory_channel[Message](10)
    nats.subscribe("from.them", put.send_nowait)
    nats.subscribe(
        "echo", lambda asked: nats.publish(asked.reply, asked.data, headers={"A": "1"})
    )
    # A round to the server: the subscriptions are there.
    with pytest.raises(Exception, match=r"nobody\.listens"):
        await nats.request("nobody.listens")

    async def speak(client: Client) -> list[tuple[bytes, object]]:
        answers: list[tuple[bytes, object]] = []
        for body in BODIES:
            await client.publish("from.them", body, headers={"B": "two"})
            answer = await client.request("echo", body)
            answers.append((answer.data, answer.headers))
        return answers

    answers = await theirs(nats_server.url, speak)
    assert answers == [(body, {"A": "1"}) for body in BODIES]
    for body in BODIES:
        with trio.fail_after(5):
            heard = await take.receive()
        assert (heard.data, dict(heard.headers)) == (body, {"B": "two"})


async def test_they_read_the_log_as_we_wrote_it(
    nats: NatsClient, nats_server: Server, cluster: str
) -> None:
    log = NatsLog(JetStream(nats), cluster, 0, replicas=1)
    await log.found()
    end = 0
    for number, body in enumerate(BODIES):
        end = await log.append(end, str(number), body)

    async def read(client: Client) -> list[bytes]:
        stream = client.jetstream()
        found = [
            await stream.get_msg(Names.of(cluster, 0).entries, seq)
            for seq in range(1, end + 1)
        ]
        return [message.data or b"" for message in found]

    assert await theirs(nats_server.url, read) == BODIES
