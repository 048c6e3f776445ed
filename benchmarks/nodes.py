"""`python -m benchmarks.nodes`: what a message costs in a cluster, and alone.

`shopwire load` talks at one rate with a broker that stands alone, with two nodes on one
NATS server that syncs each entry, and with three on three, by turns. Before each stands
the same relay, which picks a node for each connection and is not counted. CPU is the
processes' own, from their first connection to their last.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import trio

from benchmarks import machine
from benchmarks.tables import table
from broker.admin import is_served
from tests.cluster.probe import Probe
from tests.cluster.processes import Front, NodeProcess
from tests.cluster.servers import Server, three
from tests.cluster.siege import Traffic, load
from tests.system.process import Keys, furnish

AGENTS = 4
READY_S = 60


class Setting(NamedTuple):
    """What is measured."""

    name: str
    nodes: int
    servers: int


SETTINGS = (
    Setting("one broker, alone", 1, 0),
    Setting("two nodes, one server", 2, 1),
    Setting("three nodes, one server", 3, 1),
    Setting("three nodes, three servers", 3, 3),
)


class Report(msgspec.Struct):
    """What is looked at of what the load tester reports."""

    verdict: str | None
    why: str
    totals: dict[str, int]
    latency: dict[str, dict[str, float | None]]


class Costs(NamedTuple):
    """Of one run: microseconds of CPU a message, and milliseconds."""

    owner: float
    others: float
    """Of each of the nodes that do not own."""
    servers: float
    """Of all NATS servers together."""
    acknowledged_ms: float
    """Until half of the messages were."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nodes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=200, help="Messages a second.")
    parser.add_argument("--chats", type=int, default=50)
    asked = parser.parse_args()
    found: dict[Setting, list[Costs]] = {setting: [] for setting in SETTINGS}
    for _ in range(asked.rounds):
        for setting in SETTINGS:
            with tempfile.TemporaryDirectory() as folder:
                traffic = Traffic(f"{asked.rate}/s", asked.chats)
                run = partial(measured, Path(folder), setting, asked.seconds, traffic)
                found[setting].append(trio.run(run))
    heads = ("", "owner", "each other", "servers", "all", "acknowledged")
    print(table(heads, [row(setting, found[setting]) for setting in SETTINGS]))
    print(
        f"CPU a message in microseconds, medians; load average {os.getloadavg()[0]:.1f}"
    )


def row(setting: Setting, runs: Sequence[Costs]) -> tuple[str, ...]:
    """Return the medians of a setting's runs, as a table has them."""
    owner, others, servers, ms = (
        statistics.median(each) for each in zip(*runs, strict=True)
    )
    whole = owner + others * (setting.nodes - 1) + servers
    costs = (f"{cost:.0f}" if cost else "" for cost in (owner, others, servers, whole))
    return (setting.name, *costs, f"{ms:.0f} ms")


async def measured(
    folder: Path, setting: Setting, seconds: int, traffic: Traffic
) -> Costs:
    """Have people talk with a setting; return what that cost.

    Raises:
        RuntimeError: something was lost, doubled or out of order.
    """
    keys = await furnish(folder / "0", *(f"agent-{n}" for n in range(AGENTS)))
    async with running(folder, setting, keys) as (url, nodes, servers):
        processes = [node.pid for node in nodes] + [each.pid for each in servers]
        before = [machine.cpu_s(pid) for pid in processes]
        said = await load(folder, keys, url, seconds, traffic)
        report = msgspec.convert(said, Report)
        used = [
            machine.cpu_s(pid) - b for pid, b in zip(processes, before, strict=True)
        ]
    if report.verdict == "fail":
        raise RuntimeError(f"{setting.name}: {report.why}")
    per = [1e6 * each / report.totals["answered"] for each in used]
    owner, *rest = per
    others, ours = rest[: len(nodes) - 1], rest[len(nodes) - 1 :]
    mean = statistics.mean(others) if others else 0.0
    return Costs(owner, mean, sum(ours), report.latency["send"]["p50"] or 0.0)


@asynccontextmanager
async def running(
    folder: Path, setting: Setting, keys: Keys
) -> AsyncGenerator[tuple[str, list[NodeProcess], Sequence[Server]]]:
    """Run a setting; yield where to connect, the nodes, the owner first, and NATS."""
    servers: Sequence[Server] = ()
    if setting.servers:
        place = folder / "nats"
        servers = three(place) if setting.servers > 1 else [Server(place)]
    for server in servers:
        server.start()
    nats = ",".join(server.url for server in servers) or None
    names = [str(number) for number in range(setting.nodes)]
    nodes = [NodeProcess(folder / n, n, nats, max(1, setting.servers)) for n in names]
    try:
        async with trio.open_nursery() as nursery:
            await owning(nodes[0])
            for node in nodes[1:]:
                node.start()
            front = Front(nodes)
            serve = partial(trio.serve_tcp, front.serve, 0, host="127.0.0.1")
            (listener,) = await nursery.start(serve)
            url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
            with trio.fail_after(READY_S):
                for node in nodes:
                    own = f"http://127.0.0.1:{node.port}"
                    await Probe(keys.token("shopper", "probe"), own).answered()
            yield url, nodes, servers
            nursery.cancel_scope.cancel()
    finally:
        for node in nodes:
            node.kill()
        for server in servers:
            server.kill()


async def owning(node: NodeProcess) -> None:
    """Start a node, and return when it owns."""
    node.start()
    with trio.fail_after(READY_S):
        while not await is_served(node.folder):  # noqa: ASYNC110  # a process
            await trio.sleep(0.05)


if __name__ == "__main__":
    main()
