"""What is particular to a log in JetStream; what holds for any is in `test_log.py`."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from broker.cluster.nats.client import NatsClient, connected
from broker.cluster.nats.jetstream import JetStream
from broker.cluster.nats.link import Server as Address
from broker.cluster.nats.log import ID, MORE, Names, NatsLog
from broker.cluster.ports import Entry, Fenced
from tests.cluster.logs import taken
from tests.cluster.servers import Server, three

pytestmark = pytest.mark.slow


@pytest.fixture
async def log(nats: NatsClient, cluster: str) -> NatsLog:
    made = NatsLog(JetStream(nats), cluster, 0, replicas=1)
    await made.found()
    return made


async def test_an_entry_may_be_larger_than_a_message(log: NatsLog) -> None:
    large = bytes(range(256)) * 12_000
    first = await log.append(0, "a", b"small")
    end = await log.append(first, "b", large)
    assert end > first + 1
    assert await log.append(first, "b", large) == end
    assert await log.last() == Entry(end, "b", large)
    assert await taken(log, 2) == [Entry(first, "a", b"small"), Entry(end, "b", large)]


async def test_whoever_comes_goes_on_behind_a_torn_rest(
    log: NatsLog, nats: NatsClient, cluster: str
) -> None:
    entry, stream = Names.of(cluster, 0).entry, JetStream(nats)

    async def part(expected: int, number: int) -> int:
        naming = {ID: "torn", MORE: "1", "Nats-Msg-Id": f"torn.{number}"}
        naming["Nats-Expected-Last-Sequence"] = str(expected)
        return (await stream.append(entry, b"half", naming)).seq

    first = await log.append(0, "a", b"1")
    torn = await part(await part(first, 0), 1)
    assert await log.last() == Entry(first, "a", b"1")
    second = await log.append(first, "b", b"2")
    assert second == torn + 1
    assert [each.id for each in await taken(log, 2)] == ["a", "b"]
    with pytest.raises(Fenced):
        await log.append(first, "c", b"3")


async def test_an_append_outlives_the_server(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    try:
        async with connected([Address.of(server.url)], "test") as client:
            await client.wait_connected(5)
            log = NatsLog(JetStream(client), "shop", 0, replicas=1)
            await log.found()
            first = await log.append(0, "a", b"1")
            server.kill()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(taken, log, 2)
                nursery.start_soon(log.append, first, "b", b"2")
                await trio.sleep(0.3)
                server.start()
            assert [each.id for each in await taken(log, 2)] == ["a", "b"]
    finally:
        server.kill()


async def test_no_entry_is_lost_with_the_leader_of_three(tmp_path: Path) -> None:
    servers = three(tmp_path)
    try:
        for server in servers:
            server.start()
        addresses = [Address.of(server.url) for server in servers]
        async with connected(addresses, "test") as client:
            await client.wait_connected(5)
            stream = JetStream(client)
            log = NatsLog(stream, "shop", 0, replicas=3)
            await log.found()
            expected, written = 0, list[int]()
            async with trio.open_nursery() as nursery:

                async def kill() -> None:
                    await trio.sleep(0.5)
                    leader = await stream.leader(Names.of("shop", 0).entries)
                    next(each for each in servers if each.name == leader).kill()

                nursery.start_soon(kill)
                with trio.move_on_after(2):
                    for number in itertools.count():
                        expected = await log.append(expected, str(number), b"x" * 200)
                        written.append(expected)
                # The election: it answers again, whether it was cut short or not.
                last = await log.last()
                assert last is not None
                last_seq = await log.append(last.seq, "end", b"end")
            entries = await taken(log, last.seq + 1)
            assert {entry.seq for entry in entries} >= {*written, last_seq}
            assert len({entry.id for entry in entries}) == len(entries)
    finally:
        for server in servers:
            server.kill()


async def test_what_is_replaced_or_removed_is_on_no_disk_any_more(
    tmp_path: Path, cluster: str
) -> None:
    server = Server(tmp_path).start()
    try:
        async with connected([Address.of(server.url)], "test") as client:
            await client.wait_connected(5)
            log = NatsLog(JetStream(client), cluster, 0, replicas=1)
            await log.found()
            await log.save(1, once(b"what sara said" * 50_000))
            await log.put_file("picture", once(b"what sara sent"))
            assert {b"what sara said", b"what sara sent"} <= on_disk(tmp_path)
            await log.save(2, once(b"what bob said"))
            await log.delete_file("picture")
            await log.delete_file("picture")
            assert on_disk(tmp_path) == {b"what bob said"}
            copy = await log.load()
            assert copy is not None
            assert b"".join([part async for part in copy.data]) == b"what bob said"
    finally:
        server.kill()


async def test_to_erase_twice_is_to_erase_once(log: NatsLog, nats: NatsClient) -> None:
    stream = JetStream(nats)
    names = log._names
    await log.save(1, once(b"x"))
    for seq in (1, 1, 99):
        await stream.erase(names.things, seq)


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def on_disk(folder: Path) -> set[bytes]:
    """Return what of it any file of the server holds."""
    texts = (b"what sara said", b"what sara sent", b"what bob said")
    blocks = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {text for text in texts if any(text in block for block in blocks)}
