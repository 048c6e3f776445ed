"""A partition's log: what holds for any, in memory as in JetStream."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing

import pytest
import trio

from broker.cluster.memory import MemoryLog, MemoryServer
from broker.cluster.nats.client import connected
from broker.cluster.nats.jetstream import JetStream
from broker.cluster.nats.link import Server as Address
from broker.cluster.nats.log import NatsLog
from broker.cluster.ports import Entry, Fenced, Gap, Log
from tests.cluster.logs import taken
from tests.cluster.servers import Server

pytestmark = pytest.mark.slow


@pytest.fixture(params=["memory", "nats"])
async def log(request: pytest.FixtureRequest, cluster: str) -> AsyncGenerator[Log]:
    if request.param == "memory":
        yield MemoryLog(MemoryServer())
        return
    server: Server = request.getfixturevalue("nats_server")
    async with connected([Address.of(server.url)], "test") as client:
        await client.wait_connected(5)
        made = NatsLog(JetStream(client), cluster, 0, replicas=1)
        await made.found()
        yield made


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await trio.lowlevel.checkpoint()
        yield part


async def whole(data: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in data])


async def written(log: Log, ids: Iterable[str], end: int = 0) -> list[int]:
    places: list[int] = []
    for id_ in ids:
        end = await log.append(end, id_, id_.encode())
        places.append(end)
    return places


async def test_a_log_that_nobody_has_written_has_no_end(log: Log) -> None:
    assert await log.last() is None
    assert await log.load() is None


async def test_what_is_appended_is_last_and_followed_in_order(log: Log) -> None:
    places = await written(log, "abc")
    assert places == sorted(set(places))
    assert await log.last() == Entry(places[-1], "c", b"c")
    expected = [
        Entry(at, id_, id_.encode()) for at, id_ in zip(places, "abc", strict=True)
    ]
    assert await taken(log, 3) == expected
    assert await taken(log, 1, places[1]) == expected[2:]


async def test_an_entry_may_be_empty(log: Log) -> None:
    end = await log.append(0, "a", b"")
    assert await log.last() == Entry(end, "a", b"")


async def test_who_names_another_end_is_fenced(log: Log) -> None:
    places = await written(log, "ab")
    for expected in (0, places[0], places[1] + 1):
        with pytest.raises(Fenced):
            await log.append(expected, "late", b"late")
    assert [entry.id for entry in await taken(log, 2)] == ["a", "b"]
    last = await log.last()
    assert last is not None
    assert last.id == "b"


async def test_what_is_tried_again_is_one_entry(log: Log) -> None:
    (first,) = await written(log, "a")
    assert await log.append(0, "a", b"a") == first
    (second,) = await written(log, "b", first)
    assert [entry.id for entry in await taken(log, 2)] == ["a", "b"]
    assert await log.append(first, "b", b"b") == second


async def test_what_is_tried_again_is_known_behind_others_too(log: Log) -> None:
    places = await written(log, "abc")
    assert await log.append(0, "a", b"a") == places[0]
    assert len(await taken(log, 3)) == 3


async def test_of_many_who_name_one_end_one_is_taken(log: Log) -> None:
    taken_by: list[str] = []

    async def race(id_: str) -> None:
        try:
            await log.append(0, id_, id_.encode())
        except Fenced:
            return
        taken_by.append(id_)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for id_ in "abcdefgh":
                nursery.start_soon(race, id_)
    assert [entry.id for entry in await taken(log, 1)] == taken_by


async def test_who_follows_hears_what_comes_later(log: Log) -> None:
    heard: list[Entry] = []
    begun = trio.Event()

    async def follow() -> None:
        async with aclosing(log.follow(0)) as entries:
            async for entry in entries:
                heard.append(entry)
                begun.set()
                if entry.id == "c":
                    break

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow)
            (first,) = await written(log, "a")
            await begun.wait()
            await written(log, "bc", first)
    assert [entry.id for entry in heard] == ["a", "b", "c"]


async def test_what_was_purged_is_a_gap(log: Log) -> None:
    places = await written(log, "abc")
    await log.purge(places[1])
    with pytest.raises(Gap):
        await taken(log, 1)
    assert [entry.id for entry in await taken(log, 1, places[1])] == ["c"]
    assert await log.append(places[2], "d", b"d") > places[2]


async def test_the_end_is_known_though_all_was_purged(log: Log) -> None:
    places = await written(log, "ab")
    await log.purge(places[1])
    with pytest.raises(Gap):
        await taken(log, 1)
    with pytest.raises(Fenced):
        await log.append(0, "late", b"late")
    assert await log.append(places[1], "c", b"c") > places[1]
    assert [entry.id for entry in await taken(log, 1, places[1])] == ["c"]


async def test_the_newest_copy_is_the_one(log: Log) -> None:
    await log.save(3, chunks(b"old", b"er"))
    large = bytes(range(256)) * 6000
    await log.save(7, chunks(b"new", large))
    copy = await log.load()
    assert copy is not None
    assert copy.seq == 7
    assert await whole(copy.data) == b"new" + large


async def test_a_copy_that_breaks_off_is_none(log: Log) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise OSError("the disk")

    await log.save(3, chunks(b"whole"))
    with pytest.raises(OSError, match="the disk"):
        await log.save(7, broken())
    copy = await log.load()
    assert copy is not None
    assert (copy.seq, await whole(copy.data)) == (3, b"whole")


async def test_a_file_is_there_until_it_is_deleted(log: Log) -> None:
    name, large = "a/b c.*>", bytes(range(256)) * 6000
    with pytest.raises(KeyError):
        await whole(log.get_file(name))
    await log.put_file(name, chunks(large, b"end"))
    await log.put_file(name, chunks(large, b"end"))
    await log.put_file("other", chunks())
    assert await whole(log.get_file(name)) == large + b"end"
    assert await whole(log.get_file("other")) == b""
    await log.delete_file(name)
    await log.delete_file(name)
    with pytest.raises(KeyError):
        await whole(log.get_file(name))
    await log.put_file(name, chunks(b"again"))
    assert await whole(log.get_file(name)) == b"again"
