"""The command line as a user runs it."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner

from clients.load.command import command
from tests.clients.load.runs import NOTHING_WRONG
from tests.clients.load.stub import Stub, served

pytestmark = pytest.mark.slow

CHAOS = "kill=1,full=1,slow=1,clock=1,twice=20%"
HARM = ("kill", "full", "slow", "clock")
MIX = """[mix]
base = "day"
faq = 1
images = 0.1
"""
LOAD = (sys.executable, "-m", "broker", "load")


def tokens(folder: Path, chats: int) -> Path:
    path = folder / "tokens"
    people = [("shopper", f"s{n}") for n in range(chats)] + [("agent", "a")]
    lines = [json.dumps({"role": r, "sub": s, "token": f"{r}:{s}"}) for r, s in people]
    path.write_text("\n".join(lines))
    return path


async def ended(*options: str | Path) -> "subprocess.CompletedProcess[bytes]":
    return await trio.run_process(
        [*LOAD, *map(str, options)], check=False, capture_stdout=True
    )


async def test_a_run_against_a_url_ends_with_its_verdict(tmp_path: Path) -> None:
    out, people = tmp_path / "r.json", tokens(tmp_path, 3)
    options = ("--rate", "50/s", "--duration", "1s", "--chats", "3", "--agents", "1")
    async with served(Stub()) as stub:
        url = f"ws://127.0.0.1:{stub.port}/ws"
        to = ("--url", url, "--tokens", people, "--json", out)
        held = await ended(*to, *options)
        assert held.returncode in NOTHING_WRONG, held.stdout
        report: dict[str, Any] = json.loads(out.read_bytes())
        broke = await ended(*to, *options, "--threshold", "send.p50<0.001ms")
    assert broke.returncode in {99, 3}
    assert report["verdict"] in {"pass", None}
    assert report["traffic_hash"] in held.stdout.decode()


async def test_ctrl_c_ends_it_with_the_report_so_far(tmp_path: Path) -> None:
    out, people = tmp_path / "r.json", tokens(tmp_path, 3)
    async with served(Stub()) as stub, trio.open_nursery() as nursery:
        url = f"ws://127.0.0.1:{stub.port}/ws"
        options = ("--url", url, "--tokens", str(people), "--json", str(out))
        command = [*LOAD, *options, "--chats", "3", "--duration", "50s"]
        process: trio.Process = await nursery.start(trio.run_process, command)
        with trio.fail_after(15):
            while len(stub.texts) < 6:  # noqa: ASYNC110  # another process causes it
                await trio.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert await process.wait() in NOTHING_WRONG
    report = json.loads(out.read_bytes())
    assert report["stopped"]
    assert report["correctness"]["lost"]["count"] == 0


async def test_workers_share_the_chats_of_a_broker_that_is_harmed(
    tmp_path: Path,
) -> None:
    out = tmp_path / "r.json"
    mix = tmp_path / "mix.toml"
    mix.write_text(MIX)
    options = ("--rate", "40/s", "--duration", "8s", "--chats", "8", "--json", out)
    run = await ended(mix, *options, "--workers", "2", "--chaos", CHAOS)
    report = json.loads(out.read_bytes())
    assert run.returncode in NOTHING_WRONG, run.stdout
    assert not report["problems"]
    assert all(not wrong["count"] for wrong in report["correctness"].values())
    assert report["latency"]["resume"]["count"] > 0
    done = report["totals"]
    assert [done.get(f"chaos_{what}") for what in HARM] == [1, 1, 1, 1]
    assert done["second_connections"] > 0
    assert done["picks"] >= 8
    assert done["images"] > 0


@pytest.mark.parametrize(
    "options",
    [
        ["--rate", "fast"],
        ["--threshold", "send.p99"],
        ["--url", "ws://127.0.0.1:1/ws"],
        ["--url", "http://shop.example/ws", "--tokens", "none"],
        ["none.toml"],
        ["--chaos", "kill=1", "--url", "ws://127.0.0.1:1/ws", "--tokens", "none"],
        ["--compare", "none.json"],
    ],
)
def test_bad_arguments_end_with_2(options: list[str]) -> None:
    assert CliRunner().invoke(command, options).exit_code == 2


def test_nobody_listening_is_not_held(tmp_path: Path) -> None:
    options = ("--url", "ws://127.0.0.1:1/ws", "--tokens", tokens(tmp_path, 1))
    run = subprocess.run(
        [*LOAD, *map(str, options), "--chats", "1"], check=False, capture_output=True
    )
    assert run.returncode == 1
    assert b"Connection refused" in run.stderr
