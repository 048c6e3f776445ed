"""A clean stop: everything taken in is durable, everybody is told (spec F53)."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trio

from tests.faults.processes import ROOT
from tests.long import times
from tests.system.client import FORMS, Client
from tests.system.crowd import crowd, in_journal, until_it_breaks, welcomed
from tests.system.process import Process, furnish
from tests.system.test_kill import everybody, nothing_is_lost_or_doubled

pytestmark = pytest.mark.slow

STOPS = times(20, short=5)
WITHIN_S = 12
"""Seconds in which the contract has it over (protocol section 1)."""


async def test_sigterm_tells_everybody_and_exits_in_time(tmp_path: Path) -> None:
    keys = await furnish(tmp_path, "ann")
    with Process(tmp_path) as process:
        await process.start()
        async with trio.open_nursery() as nursery:
            clients: list[Client] = []
            for form in FORMS:
                for role, sub in (("shopper", "sara"), ("agent", "ann")):
                    client = await process.connect(nursery, form)
                    await client.hello(token=keys.token(role, sub))
                    clients.append(client)
            started = await clients[0].ask("chat.start", text="hello")
            began = time.monotonic()
            process.send(signal.SIGTERM)
            for client in clients:
                closing = await client.until(t="closing")
                assert closing["code"] == 1012
                assert 500 <= closing["reconnect_after_ms"] <= 3000
                assert await client.read_to_the_end() == 1012
            assert await process.end() == 0
            assert time.monotonic() - began < WITHIN_S
            nursery.cancel_scope.cancel()
        await process.start()
        token = keys.token("shopper", "sara")
        resume = {"chats": {started["chat"]: started["seq"]}}
        async with welcomed(process, token, resume=resume) as sara:
            assert (await sara.next())["upto"] == started["seq"]
            process.send(signal.SIGTERM)
            assert await sara.read_to_the_end() == 1012
        assert await process.end() == 0


async def test_a_stop_under_load_loses_nothing(tmp_path: Path) -> None:
    keys = await furnish(tmp_path, "agent-0")
    talkers, watchers = crowd(keys, 10, 1)
    with Process(tmp_path) as process:
        for _ in range(STOPS):
            await process.start()
            async with trio.open_nursery() as nursery:
                for live in everybody(talkers, watchers):
                    nursery.start_soon(until_it_breaks, live, process)
                await trio.sleep(0.3)
                began = time.monotonic()
                process.send(signal.SIGTERM)
                assert await process.end() == 0
                assert time.monotonic() - began < WITHIN_S
        nothing_is_lost_or_doubled(process, talkers)
        for talker in talkers:
            # Whatever was durable at the end had been answered too, or comes as `dup`.
            assert len(in_journal(process.journal, talker.chat)) > 1


async def test_a_second_server_on_the_folder_is_refused(tmp_path: Path) -> None:
    await furnish(tmp_path)
    with Process(tmp_path) as process:
        await process.start()
        second = await trio.to_thread.run_sync(
            lambda: subprocess.run(
                [sys.executable, "-m", "broker", "serve", "--data", str(tmp_path)],
                cwd=ROOT,
                check=False,
                capture_output=True,
                text=True,
                timeout=30,
            )
        )
        assert second.returncode != 0
        assert str(process.pid) in second.stderr
        assert second.stdout == ""
        process.send(signal.SIGTERM)
        assert await process.end() == 0


async def test_who_has_not_said_hello_does_not_hold_up_the_end(
    tmp_path: Path,
) -> None:
    keys = await furnish(tmp_path)
    with Process(tmp_path) as process:
        await process.start()
        async with trio.open_nursery() as nursery:
            silent = await process.connect(nursery)
            sara = await process.connect(nursery)
            await sara.hello(token=keys.token("shopper", "sara"))
            began = time.monotonic()
            process.send(signal.SIGTERM)
            assert await sara.read_to_the_end() == 1012
            assert await silent.read_to_the_end() == 1012
            assert await process.end() == 0
            assert time.monotonic() - began < 6
            nursery.cancel_scope.cancel()
