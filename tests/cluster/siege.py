"""A cluster of processes under load, whose owners are killed and paused.

    python -m tests.cluster.siege --kills 20 --pauses 5 --servers 3

Three nodes behind a proxy that knows who lives, NATS servers, and `shopwire load` with
its oracle. Says how long it took until a message was acknowledged again, and fails if
one that was acknowledged is lost, doubled or misplaced, or if the copies differ.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import click
import trio
from trio_websocket import ConnectionClosed, HandshakeError, wrap_client_stream

from broker.cluster.nats.directory import NatsDirectory
from broker.cluster.ports import Node
from broker.cluster.serving import ports
from broker.config import ClusterConfig, Config
from tests.cluster.servers import Server, free_port, three
from tests.faults.processes import ROOT
from tests.system.client import JSON, Client, Closed, Socket
from tests.system.process import Keys, furnish

CALM_S = 4.0
"""Seconds between two blows, and after the last."""
TRY_S = 1.5
"""Seconds for one try of the probe's, which a broken handshake may hang."""
PATIENCE_S = 60.0
BROKEN = (OSError, ConnectionClosed, HandshakeError, Closed, trio.BrokenResourceError)


class NodeProcess:
    """One node; it keeps its folder and its ports from life to life."""

    def __init__(self, folder: Path, name: str, nats: str, replicas: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = folder, name
        self.port, internal = free_port(), free_port()
        self._environ = {
            "SHOPWIRE_CLUSTER_NATS": nats,
            "SHOPWIRE_CLUSTER_NODE": name,
            "SHOPWIRE_CLUSTER_ADDRESS": f"127.0.0.1:{internal}",
            "SHOPWIRE_CLUSTER_REPLICAS": str(replicas),
            "SHOPWIRE_LIMITS_TRUSTED_NETWORKS": "127.0.0.0/8",
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Let it live; it takes connections once it is ready."""
        serve = [sys.executable, "-m", "broker", "serve", "--data", str(self.folder)]
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                [*serve, "--port", str(self.port)],
                cwd=ROOT,
                env=os.environ | self._environ,
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
            )

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def end(self) -> int | None:
        """Wait until it has ended; return how."""
        return None if self._process is None else self._process.wait()

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()


class Front:
    """What stands before the nodes: each connection goes to one that takes it."""

    def __init__(self, nodes: list[NodeProcess]) -> None:
        self.nodes = nodes
        self.shunned: set[str] = set()
        """Nodes of which the checks have found that they do not answer."""
        self._chance = random.Random(1)

    async def serve(self, stream: trio.SocketStream) -> None:
        """Carry one connection."""
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            async with stream:
                for node in self._chance.sample(self.nodes, len(self.nodes)):
                    if node.name in self.shunned:
                        continue
                    try:
                        other = await trio.open_tcp_stream("127.0.0.1", node.port)
                    except OSError:
                        continue
                    await both(stream, other)
                    return


async def both(one: trio.SocketStream, other: trio.SocketStream) -> None:
    """Carry bytes both ways, until either ends."""

    async def carry(source: trio.SocketStream, target: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while piece := await source.receive_some(65536):
                await target.send_all(piece)
        nursery.cancel_scope.cancel()

    async with other, trio.open_nursery() as nursery:
        nursery.start_soon(carry, one, other)
        nursery.start_soon(carry, other, one)


class Probe:
    """A shopper who always has something to say; knows when they were last heard."""

    def __init__(self, token: str, url: str) -> None:
        self._token = token
        host, _, port = url.removeprefix("http://").rpartition(":")
        self._place = host, int(port)
        self._chat = ""
        self._said = 0

    async def answered(self) -> None:
        """Return when something new has been acknowledged."""
        self._said += 1
        while True:
            with suppress(*BROKEN, trio.TooSlowError, BaseExceptionGroup):
                await self._try()
                return
            await trio.sleep(0.03)

    async def _try(self) -> None:
        stream = await trio.open_tcp_stream(*self._place)
        try:
            async with trio.open_nursery() as nursery:
                # The library waits for ever if the other side dies in a handshake.
                with trio.fail_after(TRY_S):
                    socket = await wrap_client_stream(
                        nursery, stream, "localhost", "/ws", subprotocols=[JSON.name]
                    )
                    client = Client(Socket(stream, socket, JSON))
                    welcome = await client.hello(token=self._token)
                    assert welcome["t"] == "welcome", welcome
                    await self._say(client)
                nursery.cancel_scope.cancel()
        finally:
            await trio.aclose_forcefully(stream)

    async def _say(self, client: Client) -> None:
        ask = client.ask
        if not self._chat:
            self._chat = (await ask("chat.start", id="probe", text="start"))["chat"]
        said = await ask(
            "msg.send", id=f"p{self._said}", chat=self._chat, text=str(self._said)
        )
        assert said["t"] == "ok", said


class Siege:
    """The cluster, and what is done to it."""

    def __init__(self, folder: Path, servers: int) -> None:
        self.folder = folder
        self.servers = (
            [Server(folder / "nats")] if servers == 1 else [*three(folder / "nats")]
        )
        self.nats = ",".join(server.url for server in self.servers)
        replicas = len(self.servers)
        self.config = Config(cluster=ClusterConfig(nats=self.nats, replicas=replicas))
        self.nodes = [
            NodeProcess(folder / f"node{n}", f"node{n}", self.nats, replicas)
            for n in range(3)
        ]
        self.took: dict[str, list[float]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[tuple[NatsDirectory, str]]:
        """Run it all; yield who knows who owns, and where the front is."""
        try:
            for server in self.servers:
                server.start()
            onlooker = Node("", "127.0.0.1:1", "", 0, draining=True)
            async with trio.open_nursery() as nursery:
                front = Front(self.nodes)
                self.front = front
                listeners = await nursery.start(trio.serve_tcp, front.serve, 0)
                port = listeners[0].socket.getsockname()[1]
                # A cluster of three has to find its leader first.
                async with ports(self.config, onlooker) as (_, _, directory):
                    nursery.start_soon(directory.look_for, 1e6)
                    for node in self.nodes:
                        node.start()
                        await self.owner(directory)
                    yield directory, f"http://127.0.0.1:{port}"
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
        self, kind: str, seconds: float, directory: NatsDirectory, probe: Probe
    ) -> float:
        """Do something to the owner; return the seconds until somebody is heard."""
        owner = await self.owner(directory)
        began = perf_counter()
        if kind == "kill":
            owner.send(signal.SIGKILL)
            owner.end()
        elif kind == "term":
            owner.send(signal.SIGTERM)
        else:
            owner.send(signal.SIGSTOP)
            self.front.shunned.add(owner.name)
        with trio.fail_after(PATIENCE_S):
            await probe.answered()
        took = perf_counter() - began
        self.took.setdefault(kind, []).append(took)
        if kind == "pause":
            await trio.sleep(max(0.0, seconds - took))
            owner.send(signal.SIGCONT)
            await trio.sleep(1)
            self.front.shunned.discard(owner.name)
        else:
            if kind == "term":
                assert await trio.to_thread.run_sync(owner.end) == 0
            owner.start()
        return took


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
    found: dict[str, object] = json.loads(report.read_text())
    return found | {"exit": ran.returncode}


async def besiege(
    siege: Siege, blows: list[tuple[str, float]], traffic: Traffic
) -> bool:
    """Run it; print what came of it; return whether the oracle was content."""
    keys = await furnish(siege.nodes[0].folder, *(f"agent-{n}" for n in range(4)))
    calm = traffic.calm_s
    report: dict[str, object] = {}
    async with siege.running() as (directory, url):
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
                took = await siege.blow(kind, length, directory, probe)
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
    return report["exit"] == 0 and same(siege.nodes)


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
@click.option("--servers", type=click.Choice(["1", "3"]), default="1")
@click.option("--rate", default="60/s")
def main(kills: int, pauses: int, terms: int, servers: str, rate: str) -> None:
    """Lay siege; an owner that is paused is so for 5 to 30 seconds."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    blows = [("kill", 0.0)] * kills + [("term", 0.0)] * terms
    blows += [("pause", chance.uniform(5, 30)) for _ in range(pauses)]
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
