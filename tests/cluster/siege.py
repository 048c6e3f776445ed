"""A cluster of processes under load, whose owners are killed, paused and cut off.

    python -m tests.cluster.siege --servers 3 --kills 20 --pauses 10 --cuts 5

The server that leads the log is killed and paused by turns, too. Three nodes behind a
proxy that knows who lives, NATS servers, and `shopwire load` with its oracle. Says how
long it took until a message was acknowledged again, and fails if one that was
acknowledged is lost, doubled or misplaced, or if the copies differ.
"""

import json
import random
import signal
import sqlite3
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import click
import msgspec
import trio

from broker.cluster.nats.client import NatsClient
from broker.cluster.nats.directory import NatsDirectory
from broker.cluster.nats.link import NatsError
from broker.cluster.nats.log import Names
from broker.cluster.ports import Node
from broker.cluster.serving import ports
from broker.config import ClusterConfig, Config
from tests.cluster.probe import Probe
from tests.cluster.processes import Front, NodeProcess, Wire
from tests.cluster.servers import Server, three
from tests.faults.processes import ROOT
from tests.system.process import Keys, furnish

CALM_S = 4.0
"""Seconds between two blows, and after the last."""
PATIENCE_S = 60.0


class Siege:
    """The cluster, and what is done to it."""

    def __init__(self, folder: Path, servers: int) -> None:
        self.folder = folder
        self.servers = (
            [Server(folder / "nats")]
            if servers == 1
            else [*three(folder / "nats", discreet=True)]
        )
        replicas = len(self.servers)
        nats = ",".join(server.url for server in self.servers)
        self.config = Config(cluster=ClusterConfig(nats=nats, replicas=replicas))
        self.wires: dict[str, list[Wire]] = {}
        """Of each node, one to each server."""
        self.nodes = [self._node(f"node{n}") for n in range(3)]
        self.front = Front(self.nodes)
        self.took: dict[str, list[float]] = {}

    def _node(self, name: str) -> NodeProcess:
        wires = self.wires[name] = [Wire(server.port) for server in self.servers]
        nats = ",".join(f"nats://127.0.0.1:{wire.port}" for wire in wires)
        return NodeProcess(self.folder / name, name, nats, len(self.servers))

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[tuple["Sight", str]]:
        """Run it all; yield who sees what it does, and where the front is."""
        try:
            for server in self.servers:
                server.start()
            onlooker = Node("", "127.0.0.1:1", "", 0, draining=True)
            async with trio.open_nursery() as nursery:
                listeners = await nursery.start(trio.serve_tcp, self.front.serve, 0)
                port = listeners[0].socket.getsockname()[1]
                for wire in [each for wires in self.wires.values() for each in wires]:
                    serve = partial(trio.serve_tcp, host="127.0.0.1")
                    await nursery.start(serve, wire.serve, wire.port)
                # A cluster of three has to find its leader first.
                async with ports(self.config, onlooker) as (client, _, directory):
                    nursery.start_soon(directory.look_for, 1e6)
                    for node in self.nodes:
                        node.start()
                        await self.owner(directory)
                    yield Sight(client, directory), f"http://127.0.0.1:{port}"
                nursery.cancel_scope.cancel()
        finally:
            for node in self.nodes:
                node.kill()
            for server in self.servers:
                server.kill()

    async def owner(self, directory: NatsDirectory) -> NodeProcess:
        """Return the node that owns."""
        with trio.fail_after(PATIENCE_S):
            while (owner := directory.owner(0)) is None:  # noqa: ASYNC110  # it has no event
                await trio.sleep(0.05)
        return next(node for node in self.nodes if node.name == owner.name)

    async def blow(
        self, kind: str, seconds: float, sight: "Sight", probe: Probe
    ) -> float:
        """Do something; return the seconds until somebody is heard."""
        owner = await self.owner(sight.directory)
        leader = await self._leader(sight.client)
        began = perf_counter()
        match kind:
            case "kill":
                owner.send(signal.SIGKILL)
                owner.end()
            case "term":
                owner.send(signal.SIGTERM)
            case "pause":
                owner.send(signal.SIGSTOP)
                self.front.shunned.add(owner.name)
            case "cut":
                for wire in self.wires[owner.name]:
                    wire.cut()
                self.front.shunned.add(owner.name)
            case "leader kill":
                leader.kill()
            case _:
                leader.send(signal.SIGSTOP)
        with trio.fail_after(PATIENCE_S):
            await probe.answered()
        took = perf_counter() - began
        self.took.setdefault(kind, []).append(took)
        await trio.sleep(max(0.0, seconds - took))
        await self._heal(kind, owner, leader)
        await self._whole(sight.client)
        return took

    async def _heal(self, kind: str, owner: NodeProcess, leader: Server) -> None:
        match kind:
            case "kill":
                owner.start()
            case "term":
                assert await trio.to_thread.run_sync(owner.end) == 0
                owner.start()
            case "pause" | "cut":
                if kind == "pause":
                    owner.send(signal.SIGCONT)
                for wire in self.wires[owner.name]:
                    wire.mend()
                await trio.sleep(1)
                self.front.shunned.discard(owner.name)
            case "leader kill":
                leader.start()
            case _:
                leader.send(signal.SIGCONT)

    async def _leader(self, client: NatsClient) -> Server:
        """Return the server that leads the log."""
        found = await self._info(client)
        names = {server.name: server for server in self.servers}
        return names.get(found.leader, self.servers[0])

    async def _whole(self, client: NatsClient) -> None:
        """Return when every server has all of the log: they could be hit again."""
        with trio.fail_after(PATIENCE_S):
            while True:
                found = await self._info(client)
                others = [each for each in found.replicas if each.current]
                if len(others) == len(self.servers) - 1:
                    return
                await trio.sleep(0.2)

    async def _info(self, client: NatsClient) -> "Raft":
        asked = f"$JS.API.STREAM.INFO.{Names.of('shopwire', 0).entries}"
        with trio.fail_after(PATIENCE_S):
            while True:
                try:
                    answer = await client.request(asked)
                    found = msgspec.json.decode(answer.data, type=Info).cluster
                except NatsError:
                    found = Raft()
                if found.leader or len(self.servers) == 1:
                    return found
                await trio.sleep(0.2)


class Sight(NamedTuple):
    """Who sees what a cluster does, from outside."""

    client: NatsClient
    directory: NatsDirectory


class Follower(msgspec.Struct, frozen=True):
    """One of a stream's servers that do not lead it."""

    current: bool = False


class Raft(msgspec.Struct, frozen=True):
    """Who has a stream."""

    leader: str = ""
    replicas: tuple[Follower, ...] = ()


class Info(msgspec.Struct, frozen=True):
    """Of what a server says of a stream, what is looked at here."""

    cluster: Raft = Raft()


class Traffic(NamedTuple):
    """What people do meanwhile."""

    rate: str
    chats: int = 40
    calm_s: float = CALM_S
    """Seconds between two blows, and after the last."""


async def load(
    folder: Path, keys: Keys, url: str, seconds: float, traffic: Traffic
) -> dict[str, object]:
    """Have people talk for so long; return the report."""
    rate, chats = traffic.rate, traffic.chats
    tokens, report = folder / "tokens", folder / "report.json"
    people = [("shopper", f"s{n}") for n in range(chats)]
    people += [("agent", f"agent-{n}") for n in range(4)]
    lines = [
        json.dumps({"role": role, "sub": sub, "token": keys.token(role, sub)})
        for role, sub in people
    ]
    tokens.write_text("\n".join(lines))
    ran = await trio.run_process(
        [
            *(sys.executable, "-m", "broker", "load"),
            *("--url", url.replace("http", "ws") + "/ws", "--tokens", str(tokens)),
            *("--chats", str(chats), "--agents", "4", "--rate", rate),
            *("--duration", f"{seconds:.0f}s", "--json", str(report)),
        ],
        cwd=ROOT,
        check=False,
        capture_stdout=True,
        capture_stderr=True,
    )
    (folder / "load.out").write_bytes(ran.stdout + ran.stderr)
    if not report.exists():
        raise RuntimeError((ran.stdout + ran.stderr).decode())
    found: dict[str, object] = json.loads(report.read_text())
    return found


async def besiege(
    siege: Siege, blows: list[tuple[str, float]], traffic: Traffic
) -> bool:
    """Run it; print what came of it; return whether nothing was wrong.

    How long answers took is printed, and no part of that.
    """
    keys = await furnish(siege.nodes[0].folder, *(f"agent-{n}" for n in range(4)))
    calm = traffic.calm_s
    report: dict[str, object] = {}
    async with siege.running() as (sight, url):
        probe = Probe(keys.token("shopper", "probe"), url)
        with trio.fail_after(PATIENCE_S):
            await probe.answered()
        seconds = sum(calm + 4 + length for _, length in blows) + calm

        async def talk() -> None:
            report.update(await load(siege.folder, keys, url, seconds, traffic))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(talk)
            await trio.sleep(calm)
            for kind, length in blows:
                took = await siege.blow(kind, length, sight, probe)
                click.echo(f"{kind} {length:.1f}: answered after {took:.2f} s")
                await trio.sleep(calm)
        for node in siege.nodes:
            node.send(signal.SIGTERM)
            await trio.to_thread.run_sync(node.end)
    for kind, took_s in siege.took.items():
        ordered = sorted(took_s)
        p50, longest = ordered[len(ordered) // 2], ordered[-1]
        click.echo(f"{kind}: {len(ordered)}, p50 {p50:.2f} s, longest {longest:.2f} s")
    lines = (siege.folder / "load.out").read_text().splitlines()
    click.echo("\n".join(line for line in lines if " s  offered" not in line))
    return report["verdict"] != "fail" and same(siege.nodes)


def same(nodes: list[NodeProcess]) -> bool:
    """Return whether the folders tell the same story, as far as each has come."""
    stories: list[list[tuple[object, ...]]] = []
    for node in nodes:
        with closing(sqlite3.connect(node.folder / "journal.db")) as connection:
            found = connection.execute("SELECT * FROM event ORDER BY gseq").fetchall()
            stories.append(found)
    shortest = min(map(len, stories))
    click.echo(f"events in the copies: {[len(story) for story in stories]}")
    return all(story[:shortest] == stories[0][:shortest] for story in stories)


@click.command()
@click.option("--kills", default=3)
@click.option("--pauses", default=1)
@click.option("--terms", default=1)
@click.option("--cuts", default=1)
@click.option("--leaders", default=0, help="Of NATS; killed and paused by turns.")
@click.option("--servers", type=click.Choice(["1", "3"]), default="1")
@click.option("--rate", default="60/s")
def main(servers: str, rate: str, **counts: int) -> None:
    """Lay siege; who is paused or cut off is so for 5 to 30 seconds, a server 15."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    blows = [("kill", 0.0)] * counts["kills"] + [("term", 0.0)] * counts["terms"]
    blows += [("pause", chance.uniform(5, 30)) for _ in range(counts["pauses"])]
    blows += [("cut", chance.uniform(5, 30)) for _ in range(counts["cuts"])]
    by_turns = [("leader kill", 0.0), ("leader pause", 15.0)]
    blows += [by_turns[number % 2] for number in range(counts["leaders"])]
    chance.shuffle(blows)
    with tempfile.TemporaryDirectory(prefix="siege-") as folder:
        siege = Siege(Path(folder), int(servers))
        held = trio.run(besiege, siege, blows, Traffic(rate))
        if not held:
            for node in siege.nodes:
                click.echo((node.folder / "log").read_text()[-1500:])
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
