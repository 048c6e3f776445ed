"""A shop moves into a cluster and out of it, and outlives the loss of its servers."""

import json
import shutil
import signal
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.broker.commands.typed import typed
from tests.cluster.servers import Server, free_port
from tests.system.client import Client, Frame
from tests.system.process import Process, furnish

pytestmark = pytest.mark.slow
PATIENCE_S = 20
CLUSTER = """
[cluster]
nats = "{nats}"
node = "{name}"
address = "127.0.0.1:{port}"
replicas = 1
"""


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server]:
    made = Server(tmp_path / "nats").start()
    yield made
    made.kill()


def take_part(folder: Path, server: Server) -> None:
    """Make a folder one of a node."""
    folder.mkdir(exist_ok=True)
    text = CLUSTER.format(nats=server.url, name=folder.name, port=free_port())
    with (folder / "shopwire.toml").open("a") as file:
        file.write(text)


async def come(
    process: Process, nursery: trio.Nursery, signed: str, **more: object
) -> tuple[Client, Frame]:
    """Return a connection that was greeted, once somebody owns."""
    with trio.fail_after(PATIENCE_S):
        while True:
            try:
                client = await process.connect(nursery)
                return client, await client.hello(token=signed, **more)
            except OSError:
                await trio.sleep(0.1)


async def texts(client: Client, chat: str) -> list[str]:
    """Return what this one said in a chat."""
    opened = await client.ask("chat.open", chat=chat, after=0)
    said: list[str] = []
    seq = 0
    while seq < opened["head"]:
        frame = await client.next()
        if frame["t"] == "ev":
            seq = frame["seq"]
            if frame["kind"] == "msg" and frame["by"] == client.welcome["who"]:
                said.append(frame["body"]["text"])
    return said


async def even(folder: Path, *names: str) -> None:
    """Return when these nodes have everything."""
    ask = partial(typed, "cluster", "status", "--data", folder)
    with trio.fail_after(PATIENCE_S):
        while True:
            shown = await trio.to_thread.run_sync(ask)
            said = json.loads(shown.stdout)
            applied = {node["name"]: node["applied"] for node in said["nodes"]}
            if said["end"] and all(applied.get(name) == said["end"] for name in names):
                return
            await trio.sleep(0.1)


async def test_a_shop_moves_in_loses_its_servers_and_goes_on(
    tmp_path: Path, server: Server, nursery: trio.Nursery
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    keys = await furnish(one, "ann")
    signed = keys.token("shopper", "sara")
    with Process(one) as first, Process(two) as second:
        # Alone, then the first node of a cluster.
        await first.start()
        sara, welcome = await come(first, nursery, signed)
        started = await sara.ask("chat.start", text="alone")
        chat, epoch = started["chat"], welcome["epoch"]
        await end(first, sara)
        take_part(one, server)
        await first.start()
        since = {"epoch": epoch, "chats": {chat: started["seq"]}}
        sara, welcome = await come(first, nursery, signed, resume=since)
        assert welcome["epoch"] == epoch
        assert (await sara.next())["t"] == "live"
        await sara.ask("msg.send", chat=chat, text="as a node")
        # Another comes with an empty folder, and takes over.
        take_part(two, server)
        await second.start()
        await even(one, "one", "two")
        await end(first, sara)
        sara, welcome = await come(second, nursery, signed)
        assert welcome["epoch"] == epoch
        await sara.ask("msg.send", chat=chat, text="as another")
        assert await texts(sara, chat) == ["alone", "as a node", "as another"]
        await end(second, sara)
        # The servers lose everything: no folder is touched, and it is said what to do.
        server.kill()
        shutil.rmtree(tmp_path / "nats" / "one")
        server.start()
        await second.start()
        assert await second.end() == 1
        said = (two / "log").read_text().splitlines()[-1]
        assert "which ends at 0: its servers have lost what came between" in said
        # What is done then; it is also how a shop moves out.
        left = await trio.to_thread.run_sync(typed, "cluster", "leave", "--data", two)
        assert left.exit_code == 0, left.output
        await second.start()
        sara, welcome = await come(second, nursery, signed, resume=since)
        assert welcome["epoch"] != epoch
        assert (await sara.next())["code"] == "resync_required"
        assert await texts(sara, chat) == ["alone", "as a node", "as another"]
        shutil.rmtree(one)
        take_part(one, server)
        await first.start()
        await even(two, "one", "two")
        await sara.link.cut()


async def end(process: Process, client: Client) -> None:
    """Let a node or a broker go, and a connection to it."""
    await client.link.cut()
    process.send(signal.SIGTERM)
    assert await process.end() == 0
