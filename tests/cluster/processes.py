"""Nodes as processes of their own, and what stands before them and behind them."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import trio

from tests.cluster.servers import free_port
from tests.faults.processes import ROOT


class NodeProcess:
    """One node; it keeps its folder and its ports from life to life."""

    def __init__(
        self, folder: Path, name: str, nats: str | None = None, replicas: int = 1
    ) -> None:
        """Take part in the cluster on `nats`; without it, stand alone."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = folder, name
        self.port, internal = free_port(), free_port()
        self._environ = {"SHOPWIRE_LIMITS_TRUSTED_NETWORKS": "127.0.0.0/8"}
        if nats is not None:
            self._environ |= {
                "SHOPWIRE_CLUSTER_NATS": nats,
                "SHOPWIRE_CLUSTER_NODE": name,
                "SHOPWIRE_CLUSTER_ADDRESS": f"127.0.0.1:{internal}",
                "SHOPWIRE_CLUSTER_REPLICAS": str(replicas),
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


class Wire:
    """Between one node and one NATS server; it can be cut.

    Nothing that was sent into a cut one is lost: as TCP would, it arrives when the wire
    is mended, however late, and though the sender has given up since.
    """

    def __init__(self, port: int) -> None:
        """Lead to `port`."""
        self.port = free_port()
        self._to = port
        self._mended = trio.Event()
        self._mended.set()

    def cut(self) -> None:
        """Let nothing through."""
        self._mended = trio.Event()

    def mend(self) -> None:
        """Let everything through again, what has waited first."""
        self._mended.set()

    async def whole(self) -> None:
        """Return when it is not cut."""
        await self._mended.wait()

    async def serve(self, stream: trio.SocketStream) -> None:
        """Carry one connection."""
        async with stream:
            await self.whole()
            with suppress(OSError):
                other = await trio.open_tcp_stream("127.0.0.1", self._to)
                await both(stream, other, self.whole)


async def both(
    one: trio.SocketStream,
    other: trio.SocketStream,
    whole: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint,
) -> None:
    """Carry bytes both ways, until either ends, whenever the way is `whole`."""

    async def carry(source: trio.SocketStream, target: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while piece := await source.receive_some(65536):
                await whole()
                await target.send_all(piece)
        await whole()
        nursery.cancel_scope.cancel()

    async with other, trio.open_nursery() as nursery:
        nursery.start_soon(carry, one, other)
        nursery.start_soon(carry, other, one)
