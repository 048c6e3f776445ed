"""The broker as its users run it: a process that listens, and can be killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import trio
from trio_websocket import wrap_client_stream

from broker.gate import sign
from broker.server import Broker
from broker.sites import DEFAULT_SITE
from storage import accounts
from storage.accounts import Agent, Key
from storage.meta import JOURNAL
from tests.faults.processes import ROOT
from tests.long import environment
from tests.system.client import JSON, Client, Form, Socket
from tests.system.shop import MONTH, QUEUED

PATIENCE_S = 30
HANDSHAKE_S = 5
CONFIG = '[limits]\ntrusted_networks = ["127.0.0.0/8"]\n'


def nothing(folder: Path) -> dict[str, str]:
    """Have a process know of no cluster."""
    del folder
    return {}


environ_of: Callable[[Path], dict[str, str]] = nothing
"""What a process on a folder is told besides: `clustered` has more to say."""


class Keys:
    """What signs tokens, read from a folder that no broker holds yet."""

    def __init__(self, keys: list[Key], now: float) -> None:
        self._keys = keys
        self._expires = now + MONTH

    def token(self, role: str, sub: str) -> str:
        use = "shop" if role == "shopper" else "staff"
        key = next(key for key in self._keys if key.use == use)
        claims: dict[str, object] = {
            "site": DEFAULT_SITE,
            "sub": sub,
            "role": role,
            "exp": self._expires,
        }
        return sign(key, claims)


async def furnish(folder: Path, *agents: str, admins: tuple[str, ...] = ()) -> Keys:
    """Found a shop in `folder`, with these people; return its keys."""
    async with Broker.open(folder) as broker:
        for sub in agents + admins:
            role = "admin" if sub in admins else "agent"
            account = Agent(DEFAULT_SITE, sub, None, sub, role, None, None, 0)
            await broker.change(partial(accounts.add_agent, agent=account))
        keys = Keys(await broker.query(accounts.keys), broker.clock() / 1000)
    (folder / "shopwire.toml").write_text(CONFIG)
    return keys


class Process:
    """One broker process at a time on one folder; a context manager kills the last.

    What it logs is in `log` of that folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / JOURNAL
        self.url = ""
        self.starts = 0
        self._process: subprocess.Popen[str] | None = None

    async def start(self, *command: str, port: int = 0) -> None:
        """Start it, maybe by another command; return when it says it can be used."""
        serve = (sys.executable, "-m", "broker", "serve")
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # a test has the time
                [*(command or serve), "--data", str(self.folder), "--port", str(port)],
                cwd=ROOT,
                env=environment() | environ_of(self.folder),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.starts += 1
        assert self._process.stdout is not None
        line = await trio.to_thread.run_sync(self._process.stdout.readline)
        assert line, (self.folder / "log").read_text()
        ready = json.loads(line)
        assert ready["ready"] is True
        assert ready["pid"] == self.pid
        assert ready["data"] == str(self.folder)
        self.url = ready["url"]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def end(self) -> int:
        """Wait for its end; return the exit code, below zero if it was killed."""
        process = self._process
        assert process is not None
        with trio.fail_after(PATIENCE_S):
            code = await trio.to_thread.run_sync(process.wait, abandon_on_cancel=True)
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        return code

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.send(signal.SIGKILL)
        assert await self.end() == -signal.SIGKILL

    async def connect(self, nursery: trio.Nursery, form: Form = JSON) -> Client:
        """Return a connection that owes a hello.

        Raises:
            OSError: nobody listens.
        """
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        stream = await trio.open_tcp_stream(host, int(port))
        try:
            # The library waits for ever if the other side dies in the middle of it.
            with trio.fail_after(HANDSHAKE_S):
                socket = await wrap_client_stream(
                    nursery,
                    stream,
                    f"{host}:{port}",
                    "/ws",
                    subprotocols=[form.name],
                    message_queue_size=QUEUED,
                )
        except BaseException as error:
            await trio.aclose_forcefully(stream)
            if isinstance(error, trio.TooSlowError):
                raise OSError("no handshake") from None
            raise
        return Client(Socket(stream, socket, form))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        process = self._process
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
