"""`shopwire serve --workers N`: the nodes of a cluster on one machine, at one port.

A supervisor, which serves nobody itself, binds the port and hands it to N processes,
each of them a node; without a NATS server to go to it runs one of its own. What dies is
started again. The first node works in the data folder itself, so that a shop moves in
by being served so, and is the last to leave, so that all is there after a stop.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
import trio

from broker.admin import is_served
from broker.cluster import house
from broker.cluster.groups import one_error
from broker.config import Config
from broker.doors import in_url
from broker.keys import FILE
from broker.shipping import ship_of
from storage.errors import DataHeld
from storage.lock import DataLock

MOST_DEATHS, WITHIN_S = 5, 60.0
"""One that dies more often than that in so many seconds would do so for ever."""
FIRST_PAUSE_S = 0.2
"""Seconds before one is started again; doubled each time."""
OWNS_S = 60.0
"""Seconds for the first node to own, with a log to catch up with."""
ORPHANS_S = 12.0
"""Seconds for what a killed supervisor has left to end."""
OTHERS_S, FIRST_S, SERVER_S = 3.0, 6.0, 1.0
"""Seconds to end in: nodes that hand over, the one that then tells everybody to come
again, the NATS server. Together less than the 12 that are promised."""
AGAIN_S = 0.05
BAD_CONFIG = 2
"""The exit code of one whose configuration is no good: it would be so again."""
NATS = "the NATS server"
NOTIFIED = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""Variables of a supervisor above us, who is to hear of this process alone."""

log = logging.getLogger(__name__)


class GivenUp(click.ClickException):
    """Something does not stay alive; all the rest has been ended."""


class Deaths:
    """When one that dies is started again."""

    def __init__(self) -> None:
        self._at = deque[float]()

    def pause(self, now: float) -> float | None:
        """Return how many seconds to wait this time; `None`: it is given up."""
        self._at.append(now)
        while self._at[0] <= now - WITHIN_S:
            self._at.popleft()
        number = len(self._at)
        return FIRST_PAUSE_S * 2.0 ** (number - 1) if number <= MOST_DEATHS else None


class Ready(msgspec.Struct, frozen=True):
    """Of the line that a node prints, what is looked at here."""

    ready: bool


class Child(NamedTuple):
    """What is kept alive."""

    name: str
    command: tuple[str, ...]
    inherits: tuple[int, ...]
    """Descriptors; one is the lock's, which is held as long as any child lives."""
    log: Path | None = None
    """Where it complains, if it is not a node, whose log is ours."""

    async def start(self, environ: dict[str, str]) -> trio.Process:
        """Return a new process, tied to this one by its standard input."""
        stderr = None if self.log is None else self.log.open("ab")
        try:
            return await trio.lowlevel.open_process(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if stderr is None else subprocess.DEVNULL,
                stderr=stderr,
                env=environ,
                pass_fds=self.inherits,
                # A key on the terminal is for the supervisor, which tells them in turn.
                start_new_session=True,
            )
        finally:
            if stderr is not None:
                stderr.close()


class Workers:
    """The nodes, and the NATS server if it is ours."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        file: Path | None,
        inherits: tuple[int, int],
    ) -> None:
        """Serve `folder`, by a configuration that was read from `file` if one is named.

        `inherits` are the descriptors of the public port and of the lock.
        """
        self._folder = folder
        self._config = config
        own = folder / FILE
        self._file = file or (own if own.exists() else None)
        """What the configuration of all is read from, if there is such a file."""
        self._inherits = inherits
        self._nats = config.cluster.nats
        self._processes: dict[str, trio.Process] = {}
        self._leaving = False

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Keep all alive until cancelled; started when all are ready.

        Raises:
            GivenUp: one of them does not stay so.
            ConfigError: there is no NATS server to be run here.
        """
        async with one_error(), trio.open_nursery() as nursery:
            try:
                if self._nats is None:
                    self._nats = await self._serve_nats(nursery)
                # Who finds nobody else founds the cluster, with what its folder has.
                await nursery.start(self._keep, self._node(1))
                await self._owned()
                for number in range(2, self._config.cluster.workers + 1):
                    await nursery.start(self._keep, self._node(number))
                task_status.started()
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await self._leave()
                nursery.cancel_scope.cancel()

    def reload(self) -> None:
        """Have every node read its certificate again."""
        for name, process in self._processes.items():
            if name != NATS:
                process.send_signal(signal.SIGHUP)

    async def _leave(self) -> None:
        """Have all hand over and end, the first node last."""
        self._leaving = True
        first = self._node(1).name
        others = [name for name in self._processes if name not in {first, NATS}]
        for names, patience_s in ((others, OTHERS_S), ([first], FIRST_S)):
            ending = self._running(names)
            for process in ending:
                process.terminate()
            await ended(ending, patience_s)
        server = self._running([NATS])
        for process in server:
            # It is tied by that.
            if process.stdin is not None:
                await process.stdin.aclose()
        await ended(server, SERVER_S)

    def _running(self, names: Sequence[str]) -> list[trio.Process]:
        return [self._processes[name] for name in names if name in self._processes]

    # What is run.

    async def _serve_nats(self, nursery: trio.Nursery) -> str:
        """Run a NATS server of our own; return its URL once it listens."""
        served = house.furnished(self._folder)
        child = Child(NATS, served.command, self._inherits[1:], served.log)
        await nursery.start(self._keep, child)
        if not await served.listens():
            raise GivenUp(f"{NATS} does not listen; see {served.log}.")
        return served.url

    def _node(self, number: int) -> Child:
        place = house.place(self._folder, number)
        command = [sys.executable, "-m", "broker", "serve", "--data", str(place)]
        command += ["--inherited", str(self._inherits[0])]
        if self._file is not None:
            command += ["--config", str(self._file)]
        name = self._config.cluster.node or "worker"
        return Child(f"{name}-{number}", tuple(command), self._inherits)

    def _environ(self, name: str) -> dict[str, str]:
        cluster = self._config.cluster
        host = cluster.address.rpartition(":")[0]
        told = {
            "NATS": str(self._nats),
            "NODE": name,
            "ADDRESS": f"{host}:{house.free_port()}",
            "WORKERS": "1",
        }
        if cluster.nats is None:
            told["REPLICAS"] = "1"
        ours = {key: os.environ[key] for key in os.environ if key not in NOTIFIED}
        return ours | {f"SHOPWIRE_CLUSTER_{key}": told[key] for key in told}

    async def _owned(self) -> None:
        """Wait until the first node has the broker in its folder."""
        with trio.move_on_after(OWNS_S):
            while not await is_served(self._folder):  # noqa: ASYNC110  # a process
                await trio.sleep(AGAIN_S)

    # Keeping it alive.

    async def _keep(self, child: Child, *, task_status: trio.TaskStatus[None]) -> None:
        deaths, begun = Deaths(), False
        while not self._leaving:
            process = await child.start(self._environ(child.name))
            self._processes[child.name] = process
            if await said_ready(process) and not begun:
                begun = True
                task_status.started()
            code = await process.wait()
            if self._leaving:
                break
            pause = deaths.pause(trio.current_time())
            if code == BAD_CONFIG or pause is None:
                raise GivenUp(f"{child.name} does not stay alive: it left with {code}.")
            log.warning("%s ended with %d, and is started again", child.name, code)
            await trio.sleep(pause)


@asynccontextmanager
async def working(
    folder: Path, config: Config, file: Path | None
) -> AsyncGenerator[tuple[Workers, str]]:
    """Run the workers until the end of the block; yield them and where they serve.

    Raises:
        ConfigError: the configuration does not go with a cluster.
        DataHeld: another supervisor has the folder.
        GivenUp: one of them does not stay alive.
        OSError: the port cannot be had.
    """
    ship_of(config.ship, folder, alone=False)
    if config.cluster.nats is None:
        house.refuse_papers(config.cluster)
        house.program()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240  # nothing runs yet
    server = config.server
    async with held(folder) as lock:
        with socket.create_server((server.host, server.port), backlog=4096) as public:
            host, port = public.getsockname()[:2]
            workers = Workers(folder, config, file, (public.fileno(), lock.fileno()))
            async with one_error(), trio.open_nursery() as nursery:
                await nursery.start(workers.run)
                yield workers, f"{server.scheme}://{in_url(host)}:{port}"
                # Who comes from now on is not to wait for nobody.
                public.close()
                nursery.cancel_scope.cancel()


@asynccontextmanager
async def held(folder: Path) -> AsyncGenerator[DataLock]:
    """Hold a folder, which the children of a killed supervisor may have for a while.

    Raises:
        DataHeld: another supervisor has it.
    """
    inner = folder / house.FOLDER
    inner.mkdir(mode=0o700, exist_ok=True)
    lock, deadline = DataLock(inner), trio.current_time() + ORPHANS_S
    while not lock.held:
        try:
            lock.acquire()
        except DataHeld as error:
            if error.pid is not None or trio.current_time() > deadline:
                raise DataHeld(folder, error.pid) from None
            await trio.sleep(AGAIN_S)
    try:
        yield lock
    finally:
        lock.release()


async def ended(processes: Sequence[trio.Process], patience_s: float) -> None:
    """Wait until all have ended; those that have not in time are killed."""
    with trio.move_on_after(patience_s):
        for process in processes:
            await process.wait()
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def said_ready(process: trio.Process) -> bool:
    """Return whether a process has said that it can be used; who is mute, can."""
    if process.stdout is None:
        return True
    line = b""
    async with process.stdout as said:
        while not line.endswith(b"\n"):
            more = await said.receive_some()
            if not more:
                return False
            line += more
    return msgspec.json.decode(line, type=Ready).ready
