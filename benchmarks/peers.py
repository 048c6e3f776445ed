"""The servers that the broker is measured against: each a relay that stores nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import machine, workbench

READY_S = 30
"""How long a peer may take to listen."""
GOODBYE_S = 15
"""How long it may take to end; the broker promises 12 s."""


class Missed(Exception):
    """A server did not come up, or was gone when it was to be measured."""


class Served(NamedTuple):
    """A server that runs, and how the load generator speaks to it."""

    port: int
    pid: int
    profile: Path
    fields: Path | None = None


class Peer(NamedTuple):
    """One relay. `prepare` builds it and returns its command, without the port."""

    name: str
    prepare: Callable[[], tuple[str, ...]]
    profile: str
    version: Callable[[], str]


def _floor() -> tuple[str, ...]:
    return (str(workbench.compiled("floor", workbench.SERVERS / "floor.c")),)


def _node(script: str) -> tuple[str, ...]:
    workbench.node_modules()
    return ("node", str(workbench.SERVERS / script))


def _python(script: str) -> tuple[str, ...]:
    # Both libraries are dependencies of our own: no environment of theirs is needed.
    return (sys.executable, str(workbench.SERVERS / script))


def _npm_version(package: str) -> str:
    text = (workbench.node_modules() / package / "package.json").read_bytes()
    node = machine.said_by("node", "--version").removeprefix("v")
    return f"{msgspec.json.decode(text)['version']}, node {node}"


def _python_version(package: str) -> str:
    return f"{version(package)}, Python {machine.describe().python}"


def _centrifuge_version() -> str:
    package = "golang-github-centrifugal-centrifuge-dev"
    source = machine.said_by("dpkg-query", "--showformat=${Version}", "-W", package)
    go = machine.said_by("go", "env", "GOVERSION").removeprefix("go")
    return f"{source.partition('+')[0]}, Go {go}, one core, memory engine"


PEERS = (
    Peer("C floor", _floor, "relay", lambda: "this repository's, bare epoll"),
    Peer(
        "ws",
        lambda: _node("ws_relay.js"),
        "relay",
        lambda: _npm_version("ws"),
    ),
    Peer(
        "socket.io",
        lambda: _node("socketio_relay.js"),
        "socketio",
        lambda: _npm_version("socket.io"),
    ),
    Peer(
        "centrifuge",
        lambda: (str(workbench.centrifuge()),),
        "centrifuge",
        _centrifuge_version,
    ),
    Peer(
        "websockets",
        lambda: _python("websockets_relay.py"),
        "relay",
        lambda: _python_version("websockets"),
    ),
    Peer(
        "trio-websocket",
        lambda: _python("trio_websocket_relay.py"),
        "relay",
        lambda: _python_version("trio-websocket"),
    ),
)


@contextmanager
def serving(peer: Peer) -> Generator[Served]:
    """Run `peer` on the servers' core, on a port of its own.

    Raises:
        Missed: it did not come up.
    """
    port = free_port()
    variables = {
        "GOMAXPROCS": "1",
        "NODE_PATH": str(workbench.cache() / "node/node_modules"),
    }
    command = (*peer.prepare(), str(port))
    with (
        (workbench.cache() / f"{peer.name}.log").open("wb") as log,
        machine.on_core(machine.server_core()),
    ):
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **variables}
        )
    with ending(process):
        _wait_until_listening(process, port)
        yield Served(port, process.pid, workbench.PROFILES / f"{peer.profile}.prof")


@contextmanager
def ending(process: subprocess.Popen[bytes]) -> Generator[None]:
    """End `process` on the way out, kindly first."""
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + READY_S
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise Missed(f"it ended with {process.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            machine.wait_until_calm(process.pid)
            return
    raise Missed(f"it did not listen within {READY_S} s")
