"""The broker inside another program (spec U1)."""

import gc
import os
from contextlib import suppress
from pathlib import Path

import pytest
import trio
from sqlite_utils import Database

from broker.config import Config, StorageConfig
from broker.local import LocalClosed
from broker.server import Broker
from broker.wire.errors import Close
from storage.errors import DataHeld
from tests.system.client import Client
from tests.system.shop import Shop, in_memory, serving
from tests.system.test_writes import opened, started


async def test_without_a_folder_it_uses_one_of_its_own_and_leaves_nothing() -> None:
    async with Broker.open(None) as broker:
        shop = Shop(broker)
        sara, chat = await started(shop)
        assert (await sara.ask("msg.send", chat=chat, text="hi"))["seq"] == 5
        folder = broker.folder
        assert (folder / "journal.db").exists()
    assert not folder.exists()


async def test_without_a_folder_durability_is_relaxed_and_the_rest_as_configured() -> (
    None
):
    config = Config(storage=StorageConfig(durability="full"))
    async with Broker.open(None, config) as broker:
        assert broker.config.storage.durability == "relaxed"


async def test_a_connection_in_memory_is_welcomed_as_who_it_says() -> None:
    async with Broker.open(None) as broker:
        shop = Shop(broker)
        token = shop.token("shopper", "sara")
        async with await broker.connect_local("shopper", token) as sara:
            ok, before = await sara.ask({"op": "chat.start", "id": "1", "text": "hi"})
            assert ok["seq"] == 4
            assert [event["kind"] for event in before] == ["opened", "legal", "msg"]
        async with await broker.connect_local("visitor") as visitor:
            await visitor.send({"op": "bye", "id": "1"})
            assert (await visitor.receive())["t"] == "ok"
            with pytest.raises(LocalClosed) as closed:
                await visitor.receive()
            assert closed.value.code is Close.BYE


@pytest.mark.parametrize(
    ("role", "token"), [("agent", "shopper"), ("shopper", None), ("shopper", "bad")]
)
async def test_who_is_not_what_they_say_is_not_welcomed(
    role: str, token: str | None
) -> None:
    async with Broker.open(None) as broker:
        shown = Shop(broker).token("shopper", "sara") if token == "shopper" else token
        with pytest.raises(PermissionError, match=role):
            await broker.connect_local(role, shown)
        assert not broker.hub.peers


async def test_sockets_and_memory_are_one_world() -> None:
    async with serving(None) as shop:
        sara, chat = await started(shop)
        inside = Client((await in_process(shop)).link)
        await inside.hello(token=shop.token("shopper", "sara"))
        await opened(inside, chat)
        said = await sara.ask("msg.send", chat=chat, text="from outside")
        assert (await inside.next())["seq"] == said["seq"]
        said = await inside.ask("msg.send", chat=chat, text="from inside")
        assert (await sara.next())["seq"] == said["seq"]


async def in_process(shop: Shop) -> Client:
    return await Shop(shop.broker).connect()


async def test_a_folder_serves_one_broker_at_a_time(tmp_path: Path) -> None:
    async with Broker.open(tmp_path):
        with pytest.raises(DataHeld, match=str(os.getpid())):
            async with Broker.open(tmp_path):
                pass
    async with Broker.open(tmp_path):
        pass


async def test_a_failed_start_lets_go_of_the_folder(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    journal.write_bytes(b"this is no database" * 100)
    with pytest.raises(Exception, match="journal"):
        async with Broker.open(tmp_path):
            pass
    journal.unlink()
    async with Broker.open(tmp_path):
        pass


@pytest.mark.slow
async def test_all_descriptors_are_let_go_of(tmp_path: Path) -> None:
    async def live() -> None:
        async with serving(tmp_path) as shop:
            sara, chat = await started(shop)
            await shop.connect()
            # Somebody who has not even asked for anything yet.
            shop.streams.append(await trio.open_tcp_stream(*shop.address))
            await shop.broker.query(lambda db: db.execute("SELECT 1").fetchall())
            await sara.ask("msg.send", chat=chat, text="hi")
            await sara.cut()
            # The thread that imports the HTTP application reads files until then.
            await shop.broker.front._prepared.wait()

    await live()  # what is imported late keeps some open
    gc.collect()
    before = descriptors()
    for _ in range(3):
        await live()
    gc.collect()
    assert descriptors() == before


def descriptors() -> list[str]:
    """Return what this process has open, but for what listing them takes."""
    found: list[str] = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(str(descriptor.readlink()).partition(":")[0])
    return sorted(found)


@pytest.mark.usefixtures("virtual_time")
async def test_in_virtual_time_there_are_no_sockets() -> None:
    async with in_memory() as shop:
        with pytest.raises(TypeError, match="no sockets"):
            await shop.broker.serve()


@pytest.mark.slow
@pytest.mark.usefixtures("virtual_time")
async def test_hours_pass_in_no_time() -> None:
    async with in_memory() as shop:
        sara, chat = await started(shop)
        began = shop.broker.clock()
        for _ in range(3):
            await trio.sleep(3600)
            assert (await sara.ask("read", chat=chat, seq=1))["t"] == "ok"
        assert shop.broker.clock() - began == 3 * 3600 * 1000


async def test_a_change_that_fails_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    async with Broker.open(tmp_path) as broker:

        def fail(db: Database) -> None:
            db.execute("INSERT INTO meta VALUES ('a', 'b')")
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await broker.change(fail)
        count = "SELECT count(*) FROM meta WHERE key = 'a'"
        found = await broker.query(lambda db: db.execute(count).fetchone())
        assert found == (0,)
        with pytest.raises(ZeroDivisionError):
            await broker.query(lambda _: 1 // 0)
