"""NATS servers that tests start, on 127.0.0.1, and end."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

STARTS_S = 10


def program() -> str:
    """Return where the server's program is; skip the test if there is none."""
    # Beside Python first: whoever runs an environment's need not have entered it.
    beside = str(Path(sys.executable).parent)
    found = shutil.which("nats-server", path=beside) or shutil.which("nats-server")
    if found is None:
        pytest.skip("no nats-server: install the `test` extra, or NATS's own")
    return found


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One server; it keeps its port and what it has stored from life to life."""

    def __init__(self, folder: Path, name: str = "one", more: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._config = folder / f"{name}.conf"
        self._config.write_text(
            f'server_name: {name}\nlisten: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{folder / name}", sync_interval: always }}\n'
            f"{more}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        """Let it run; return when it listens."""
        self._process = subprocess.Popen(
            [program(), "-c", str(self._config)], stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + STARTS_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return self
        raise TimeoutError(f"{self.name} does not listen")

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def send(self, number: int) -> None:
        """Send a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None


def three(folder: Path, *, discreet: bool = False) -> Sequence[Server]:
    """Return the servers of one cluster, not started yet.

    `discreet`: they tell clients nothing of each other.
    """
    more = "no_advertise: true, " if discreet else ""
    ports = [free_port() for _ in range(3)]
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    return [
        Server(
            folder,
            f"n{number}",
            f'cluster {{ name: shop, {more}listen: "127.0.0.1:{port}",'
            f" routes: [{routes}] }}",
        )
        for number, port in enumerate(ports)
    ]
