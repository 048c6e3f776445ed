"""`python -m benchmarks.cluster`: what an append to the log costs, by whose client.

One NATS server that syncs each append, on 127.0.0.1, or three (`--servers 3`) that each
have a copy; ours on trio against nats-py on asyncio, which is NATS's own: each append
names the last message of its subject, as the log's do, by one writer and by many side
by side. A broker runs on trio, so that nats-py would be asked from another thread: that
is the third. Rounds are interleaved; the figures are of the client's process alone.
"""

import argparse
import asyncio
import itertools
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import nats
import trio

from broker.cluster.nats.client import connected
from broker.cluster.nats.jetstream import JetStream
from broker.cluster.nats.link import NatsError
from broker.cluster.nats.link import Server as Address
from tests.cluster.servers import Server, three

DATA = b"x" * 700
"""What a message's transaction has."""
EXPECTED = "Nats-Expected-Last-Subject-Sequence"
WRITERS = (1, 16, 64)
ROUNDS, APPENDS = 5, 3000
FORMS_S = 30
"""Seconds in which three servers become one: they elect, first themselves, then it."""
Found = TypeVar("Found")
Write = Callable[[str, int], Awaitable[int]]
"""Appends to a subject, behind a position; returns the new one."""


class Figures(msgspec.Struct):
    """One run's."""

    appends_s: float
    cpu_us: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--appends", type=int, default=APPENDS)
    parser.add_argument("--servers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--run", nargs=3, metavar=("CLIENT", "URL", "WRITERS"))
    asked = parser.parse_args()
    if asked.run is None:
        compare(asked.rounds, asked.appends, asked.servers)
        return
    client, url, writers = asked.run
    figures = CLIENTS[client](url, int(writers), asked.appends)
    sys.stdout.write(msgspec.json.encode(figures).decode())


def compare(rounds: int, appends: int, count: int) -> None:
    """Print the median of each client's rounds, against `count` servers."""
    found: dict[tuple[int, str], list[Figures]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        servers = [Server(folder)] if count == 1 else three(folder)
        try:
            for server in servers:
                server.start()
            trio.run(found_stream, servers[0].url, count)
            for _, writers in itertools.product(range(rounds), WRITERS):
                for client in CLIENTS:
                    figures = run(client, servers[0].url, writers, appends)
                    found.setdefault((writers, client), []).append(figures)
        finally:
            for server in servers:
                server.kill()
    print("writers  client               appends/s  CPU us an append")
    for (writers, client), each in sorted(found.items()):
        rate = statistics.median(figures.appends_s for figures in each)
        cpu = statistics.median(figures.cpu_us for figures in each)
        print(f"{writers:7}  {client:19}  {rate:9.0f}  {cpu:16.0f}")


async def found_stream(url: str, replicas: int) -> None:
    """Make the stream, as soon as the servers have found each other."""
    config = {"subjects": ["bench.>"], "storage": "file", "num_replicas": replicas}
    async with connected([Address.of(url)], "bench") as client:
        await client.wait_connected(5)
        with trio.fail_after(FORMS_S):
            while True:
                try:
                    await JetStream(client).ensure("BENCH", config)
                except NatsError:
                    await trio.sleep(0.2)
                else:
                    return


def run(client: str, url: str, writers: int, appends: int) -> Figures:
    """Return the figures of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.cluster", "--run", client, url]
    done = subprocess.run(
        [*command, str(writers), "--appends", str(appends)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return msgspec.json.decode(done.stdout, type=Figures)


def subject() -> str:
    """Return one that no run has used."""
    return f"bench.{time.monotonic_ns()}"


async def chain(write: Write, name: str, count: int) -> None:
    """Append `count` times, each behind the one before."""
    last = 0
    for _ in range(count):
        last = await write(name, last)


def measured(began: float, cpu: float, count: int) -> Figures:
    """Return what `count` appends took since then."""
    took, used = time.perf_counter() - began, time.process_time() - cpu
    return Figures(count / took, used / count * 1e6)


def ours(url: str, writers: int, appends: int) -> Figures:
    """Measure `broker.cluster.nats`."""

    async def body() -> Figures:
        async with connected([Address.of(url)], "bench") as client:
            await client.wait_connected(5)
            stream = JetStream(client)

            async def write(name: str, last: int) -> int:
                return (await stream.append(name, DATA, {EXPECTED: str(last)})).seq

            name, each = subject(), max(1, appends // writers)
            began, cpu = time.perf_counter(), time.process_time()
            async with trio.open_nursery() as nursery:
                for number in range(writers):
                    nursery.start_soon(chain, write, f"{name}.{number}", each)
            return measured(began, cpu, each * writers)

    return trio.run(body)


def theirs(url: str, writers: int, appends: int) -> Figures:
    """Measure nats-py."""

    async def body() -> Figures:
        client = await nats.connect(url)
        stream = client.jetstream()

        async def write(name: str, last: int) -> int:
            ack = await stream.publish(name, DATA, headers={EXPECTED: str(last)})
            return ack.seq

        name, each = subject(), max(1, appends // writers)
        began, cpu = time.perf_counter(), time.process_time()
        chains = [chain(write, f"{name}.{number}", each) for number in range(writers)]
        await asyncio.gather(*chains)
        figures = measured(began, cpu, each * writers)
        await client.close()
        return figures

    return asyncio.run(body())


def bridged(url: str, writers: int, appends: int) -> Figures:
    """Measure nats-py in a thread of its own, asked by a loop of trio's."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def body() -> Figures:
        token = trio.lowlevel.current_trio_token()

        async def there(asked: Coroutine[Any, Any, Found]) -> Found:
            done = trio.Event()
            future = asyncio.run_coroutine_threadsafe(asked, loop)
            future.add_done_callback(lambda _: token.run_sync_soon(done.set))
            await done.wait()
            return future.result()

        client = await there(nats.connect(url))
        stream = client.jetstream()

        async def write(name: str, last: int) -> int:
            headers = {EXPECTED: str(last)}
            return (await there(stream.publish(name, DATA, headers=headers))).seq

        name, each = subject(), max(1, appends // writers)
        began, cpu = time.perf_counter(), time.process_time()
        async with trio.open_nursery() as nursery:
            for number in range(writers):
                nursery.start_soon(chain, write, f"{name}.{number}", each)
        figures = measured(began, cpu, each * writers)
        await there(client.close())
        return figures

    try:
        return trio.run(body)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


CLIENTS: dict[str, Callable[[str, int, int], Figures]] = {
    "ours": ours,
    "nats-py": theirs,
    "nats-py in a thread": bridged,
}

if __name__ == "__main__":
    main()
