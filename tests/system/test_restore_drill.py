"""The drill: the broker dies, its folder is lost, and the copy takes its place."""

import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from tests.broker.commands.typed import typed
from tests.faults.processes import ROOT
from tests.system.client import Frame
from tests.system.process import Keys, Process, furnish

FOLLOW = (sys.executable, "-m", "broker", "backup", "--follow", "--every", "0.1")
SERVE = (sys.executable, "-m", "broker", "serve")
BEFORE, AFTER = 5, 3


@pytest.mark.alone("a cluster that lives takes no older folder in")
@pytest.mark.slow
async def test_after_the_folder_is_lost_all_is_there_up_to_the_copy(
    tmp_path: Path,
) -> None:
    data, copy = tmp_path / "data", tmp_path / "elsewhere" / "copy"
    keys = await furnish(data)
    with Process(data) as process:
        await process.start()
        told = await talk(process, keys, partial(copied, data, copy))
        await process.kill()
    shutil.rmtree(data)
    restored = typed("restore", copy, "--data", data)
    assert restored.exit_code == 0, restored.output
    with Process(data) as process:
        await process.start()
        await come_back(process, keys, told)
    assert not list(data.glob("*.partial*"))


@pytest.mark.alone("a node ships nothing")
@pytest.mark.slow
async def test_after_the_folder_is_lost_all_is_there_that_was_shipped(
    tmp_path: Path,
) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    other.mkdir()
    keys = await furnish(data)
    with Process(data) as process:
        await process.start(*SERVE, "--ship", str(other))
        told = await talk(process, keys, partial(shipped, process))
        await process.kill()
    # Some of the last may have arrived, too: as one who has heard one more.
    told["position"] += 1
    shutil.rmtree(data)
    restored = typed("restore", other, "--data", data)
    assert restored.exit_code == 0, restored.output
    assert json.loads(restored.stdout)["copied"]["events"] >= told["copied"]
    with Process(data) as process:
        # On to the same folder: a generation of the new journal's.
        await process.start(*SERVE, "--ship", str(other))
        await come_back(process, keys, told)


async def talk(
    process: Process, keys: Keys, safe: Callable[[], Awaitable[None]]
) -> Frame:
    """Say some, wait until they are `safe`, and say more; return how far it came."""
    async with trio.open_nursery() as nursery:
        sara = await process.connect(nursery)
        welcome = await sara.hello(token=keys.token("shopper", "sara"))
        started = await sara.ask("chat.start", text="start", id="start")
        last = ahead = started
        for n in range(BEFORE):
            last = await sara.ask("msg.send", chat=started["chat"], text=str(n))
        await safe()
        for n in range(AFTER):
            ahead = await sara.ask("msg.send", chat=started["chat"], text=f"late {n}")
        await sara.link.cut()
        nursery.cancel_scope.cancel()
    return {
        "chat": started["chat"],
        "epoch": welcome["epoch"],
        "copied": last["seq"],
        "position": ahead["seq"],
    }


async def shipped(process: Process) -> None:
    """Wait until all that was committed has arrived."""
    async with httpx.AsyncClient(base_url=process.url) as web:
        with trio.fail_after(20):
            metrics = ""
            while "shopwire_ship_waiting 0.0\n" not in metrics:
                await trio.sleep(0.05)
                metrics = (await web.get("/metrics")).text


async def copied(folder: Path, copy: Path) -> None:
    """Wait until one copy of the folder is made."""
    follower = follow(folder, copy)
    try:
        assert follower.stdout is not None
        made = json.loads(await trio.to_thread.run_sync(follower.stdout.readline))
    finally:
        follower.kill()
        follower.communicate()
    assert made["copied"]["events"] > BEFORE


def follow(folder: Path, copy: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*FOLLOW, str(copy), "--data", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


async def come_back(process: Process, keys: Keys, told: Frame) -> None:
    """Be ahead of the server, be told so, begin again, and go on."""
    async with trio.open_nursery() as nursery:
        sara = await process.connect(nursery)
        resume = {"epoch": told["epoch"], "chats": {told["chat"]: told["position"]}}
        welcome = await sara.hello(token=keys.token("shopper", "sara"), resume=resume)
        assert welcome["epoch"] != told["epoch"]
        behind = await sara.next()
        assert (behind["code"], behind["chat"]) == ("resync_required", told["chat"])
        opened = await sara.ask("chat.open", chat=told["chat"], after=0)
        assert told["copied"] <= opened["head"] < told["position"]
        texts: list[str] = []
        while (frame := await sara.next())["t"] == "ev":
            texts.append(str(frame["body"].get("text")))
        assert [text for text in texts if text in map(str, range(BEFORE))] == [
            str(n) for n in range(BEFORE)
        ]
        again = await sara.ask("msg.send", chat=told["chat"], text="go on")
        assert again["t"] == "ok"
        await sara.link.cut()
        nursery.cancel_scope.cancel()
