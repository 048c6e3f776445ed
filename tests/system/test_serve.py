"""`shopwire serve` as its operator meets it: a process, signals, other commands."""

import json
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio

from broker import admin
from tests.faults.processes import ROOT
from tests.system.process import Process

pytestmark = pytest.mark.slow


def run(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "broker", *map(str, words)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
        input=stdin,
    )


async def shopwire(*words: object, stdin: str = "") -> str:
    """Return what a command prints that succeeds, while others go on."""
    done = await trio.to_thread.run_sync(partial(run, *words, stdin=stdin))
    assert done.returncode == 0, done.stderr
    return done.stdout


def names(folder: Path) -> list[str]:
    """Return what is in `folder`."""
    return sorted(file.name for file in folder.iterdir())


async def stopped(process: Process, *, code: int = 0) -> None:
    process.send(signal.SIGTERM)
    assert await process.end() == code


async def test_one_line_says_that_it_can_serve(tmp_path: Path) -> None:
    with Process(tmp_path) as process:
        await process.start()
        async with httpx.AsyncClient() as client:
            ready = await client.get(f"{process.url}/readyz")
        assert ready.json() == {"ready": True, "durability": "full"}
        assert process._process is not None
        assert process._process.stdout is not None
        rest = process._process.stdout
        process.send(signal.SIGTERM)
        # `end` would close what it says: nothing more.
        assert await trio.to_thread.run_sync(rest.read) == ""
        assert await process.end() == 0
    log = (tmp_path / "log").read_text()
    for line in log.splitlines():
        assert json.loads(line)["level"] in {"info", "warning"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_both_signals_stop_it_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Process(tmp_path) as process:
        await process.start()
        process.send(number)
        assert await process.end() == 0
    assert names(tmp_path) == ["journal.db", "lock", "log"]


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with Process(tmp_path) as process:
        await process.start()
        # One that takes nothing: for it the broker would wait some seconds.
        host, _, port = process.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port))) as stuck:
            stuck.sendall(
                b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\n"
                b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                b"Sec-WebSocket-Protocol: shopwire.v1.json\r\n\r\n"
            )
            assert stuck.recv(4096).startswith(b"HTTP/1.1 101")
            began = time.monotonic()
            process.send(signal.SIGTERM)
            await trio.sleep(0.3)
            process.send(signal.SIGTERM)
            assert await process.end() != 0
            assert time.monotonic() - began < 1.5
        await process.start()
        await stopped(process)


async def test_an_idle_http_connection_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with Process(tmp_path) as process:
        await process.start()
        async with httpx.AsyncClient(base_url=process.url) as idle:
            await idle.get("/healthz")
            began = time.monotonic()
            await stopped(process)
            assert time.monotonic() - began < 1.5


async def test_the_descriptor_limit_is_raised(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        with Process(tmp_path) as process:
            await process.start()
            limits = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
            assert limits == (hard, hard)
            await stopped(process)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_commands_reach_a_broker_that_runs(tmp_path: Path) -> None:
    data = ("--data", tmp_path)
    with Process(tmp_path) as process:
        await process.start()
        token = await shopwire("token", "--role", "agent", "--sub", "ann", *data)
        added = json.loads(await shopwire("site", "add", "outlet", *data))
        words = ("--role", "shopper", "--sub", "sara", "--site", "outlet")
        shopper = await shopwire("token", *words, *data)
        async with trio.open_nursery() as nursery:
            ann = await process.connect(nursery)
            assert (await ann.hello(token=token.strip()))["who"] == "agent:ann"
            sara = await process.connect(nursery)
            assert (await sara.hello(token=shopper.strip()))["site"] == added["id"]
            shown = json.loads(await shopwire("agent", "disable", "ann", *data))
            assert shown["disabled"] is True
            with trio.fail_after(1):
                assert (await ann.until(t="closing"))["code"] == 4001
                assert await ann.read_to_the_end() == 4001
            await sara.cut()
        secret = "correct horse battery"
        boss = ("agent", "add", "boss", "--role", "admin", "--email", "b@shop.example")
        await shopwire(*boss, "--password", *data, stdin=secret + "\n")
        async with httpx.AsyncClient(base_url=process.url) as client:
            login = {"email": "b@shop.example", "password": secret}
            token = (await client.post("/v1/login", json=login)).json()["token"]
            bearer = {"Authorization": f"Bearer {token}"}
            agents = await client.get("/v1/sites/default/agents", headers=bearer)
        assert [agent["id"] for agent in agents.json()["agents"]] == ["ann", "boss"]
        await stopped(process)
    listed = json.loads(await shopwire("agent", "list", *data))
    assert [agent["id"] for agent in listed] == ["ann", "boss"]


@pytest.mark.alone("a node is ready before it owns")
async def test_a_killed_broker_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    with Process(tmp_path) as process:
        await process.start()
        await process.kill()
        assert admin.NAME in names(tmp_path)
        # Who only reads leaves it to the next broker to tidy up.
        before = names(tmp_path)
        assert "default" in await shopwire("site", "list", "--data", tmp_path)
        assert await shopwire("doctor", "--data", tmp_path)
        assert names(tmp_path) == before
        words = ("token", "--role", "shopper", "--sub", "sara", "--data", tmp_path)
        assert await shopwire(*words)
        await process.start()
        assert await shopwire(*words)
        await stopped(process)


async def test_commands_that_come_while_it_begins_and_ends_are_carried_out(
    tmp_path: Path,
) -> None:
    done: list[str] = []

    async def add(number: int) -> None:
        await shopwire("site", "add", f"site-{number}", "--data", tmp_path)
        done.append(f"site-{number}")

    with Process(tmp_path) as process:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(process.start)
            for number in range(4):
                nursery.start_soon(add, number)
        await stopped(process)
    listed = json.loads(await shopwire("site", "list", "--data", tmp_path))
    assert {site["id"] for site in listed} == {"default", *done}


async def test_a_broken_journal_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with Process(tmp_path) as process:
        await process.start()
        token = await shopwire(
            "token", "--role", "shopper", "--sub", "sara", "--data", tmp_path
        )
        async with trio.open_nursery() as nursery:
            sara = await process.connect(nursery)
            await sara.hello(token=token.strip())
            began = time.monotonic()
            # What a dying disk does: the file's pages are not what they were.
            spoil(process.journal)
            await sara.say("chat.start", text="hello")
            assert await process.end() == 1
            assert time.monotonic() - began < 12
            await sara.cut()
    log = (tmp_path / "log").read_text()
    assert "journal.db cannot be used" in log
    assert "Traceback" not in log


def spoil(journal: Path) -> None:
    """Overwrite the journal and its WAL in place."""
    for file in (journal, journal.with_name(f"{journal.name}-wal")):
        descriptor = os.open(file, os.O_WRONLY)
        size = os.fstat(descriptor).st_size
        os.pwrite(descriptor, b"\xff" * size, 0)
        os.close(descriptor)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(journal).execute("SELECT count(*) FROM event")


def begun(*words: str, folder: Path) -> subprocess.Popen[str]:
    """Start a command whose temporary files go to `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", "broker", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(folder)},
    )


async def test_the_demo_serves_a_shop_to_join(tmp_path: Path) -> None:
    with begun("demo", "--port", "0", folder=tmp_path) as demo:
        assert demo.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = await trio.to_thread.run_sync(demo.stdout.readline)
            assert line, said
            said += line
        assert "ws://127.0.0.1:" in said
        assert "talk --url" in said
        url, token = re.search(r"http://\S+", said), re.search(r"--token (\S+)", said)
        assert url is not None
        assert token is not None
        async with httpx.AsyncClient(
            base_url=url[0], headers={"Authorization": f"Bearer {token[1]}"}
        ) as ann:
            for name in ("faq", "macros"):
                stocked = (await ann.get(f"/v1/sites/default/{name}")).json()
                assert stocked["items"]
        demo.send_signal(signal.SIGINT)
        assert await trio.to_thread.run_sync(demo.wait) == 0
    assert names(tmp_path) == []


async def test_a_demo_takes_another_port_if_the_usual_one_is_taken(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with begun("demo", "--port", str(port), folder=tmp_path) as demo:
            assert demo.stdout is not None
            first = await trio.to_thread.run_sync(demo.stdout.readline)
            demo.send_signal(signal.SIGTERM)
            assert await trio.to_thread.run_sync(demo.wait) == 0
    assert "http://127.0.0.1:" in first
    assert f":{port}" not in first


async def test_the_demo_plays_a_conversation_and_ends() -> None:
    said = await shopwire("demo", "--script")
    shopper, _, agent = said.partition("What the agent sees:")
    assert "note" not in shopper
    assert "note" in agent
    assert "closed" in shopper


async def test_a_supervisor_is_told_of_all_its_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", supervisor.getsockname())
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        with Process(tmp_path) as process:
            await process.start()
            said = [await trio.to_thread.run_sync(supervisor.recv, 4096)]
            assert said == [f"READY=1\nSTATUS=Serving at {process.url}".encode()]
            said += [
                await trio.to_thread.run_sync(supervisor.recv, 4096) for _ in range(3)
            ]
            await stopped(process)
        supervisor.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                said.append(supervisor.recv(4096))
    assert said[1:4] == [b"WATCHDOG=1"] * 3
    assert b"STOPPING=1" in said[4:]
