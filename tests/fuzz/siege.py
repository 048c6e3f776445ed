"""A broker under siege: the process, a healthy chat on it, and what both cost."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import trio

from tests.faults.processes import ROOT
from tests.fuzz.healthy import Account
from tests.system.client import JSON
from tests.system.process import Keys, Process, furnish

FILES_MORE = 5
"""Descriptors that may be open more than before: SQLite and trio keep a few."""
GROWTH_BYTES = 20 * 1024 * 1024
"""Of memory, over a whole siege."""
CALM_S = 15.0
"""Seconds for everything to be let go of, longer than any deadline of a connection."""
PEOPLE = 20
"""Shoppers whose tokens the attackers have."""
CONFIG = """
[server]
path = "{path}"
[limits]
trusted_networks = ["{trusted}"]
{limits}"""


class State(NamedTuple):
    """What a process holds."""

    pid: int
    files: int
    resident: int
    """Bytes of memory."""
    cpu_s: float


class Siege:
    """The process, as seen from outside."""

    def __init__(self, process: Process, keys: Keys, chats: list[str]) -> None:
        self.process = process
        self.tokens = [keys.token("shopper", name) for name in names()]
        self.tokens.append(keys.token("agent", "ann"))
        self.chats = chats
        self._keys = keys
        host, _, port = process.url.partition("://")[2].rpartition(":")
        self.address = (host, int(port))

    @property
    def url(self) -> str:
        """Where sockets connect to."""
        return f"ws://{self.address[0]}:{self.address[1]}/ws"

    def state(self) -> State:
        """Return what the process holds now."""
        proc = Path("/proc") / str(self.process.pid)
        status = (proc / "status").read_text()
        line = next(at for at in status.splitlines() if at.startswith("VmRSS:"))
        ticks = (proc / "stat").read_text().rpartition(")")[2].split()
        return State(
            self.process.pid,
            len(list((proc / "fd").iterdir())),
            int(line.split()[1]) * 1024,
            (int(ticks[11]) + int(ticks[12])) / 100,
        )

    async def calm(self, files: int) -> State:
        """Wait until no more files are open than before, and return what is held."""
        with trio.move_on_after(CALM_S):
            while self.state().files > files + FILES_MORE:  # noqa: ASYNC110  # a process
                await trio.sleep(0.1)
        return self.state()

    def complaints(self) -> list[str]:
        """Return what the broker has logged as gone wrong, not just as refused."""
        lines = (self.process.folder / "log").read_text().splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        others = [line for line in lines if not line.startswith("{")]
        return others + [str(e) for e in entries if e["level"] in {"error", "critical"}]

    @asynccontextmanager
    async def healthy(self) -> AsyncGenerator[list[Account]]:
        """Have a chat go on meanwhile; its account is there after the block."""
        accounts: list[Account] = []
        talking = subprocess.Popen(  # noqa: ASYNC220  # a test has the time
            [
                *(sys.executable, "-m", "tests.fuzz.healthy"),
                *(self.url, self._keys.token("shopper", "healthy")),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with talking:
            assert talking.stdout is not None
            begun = await trio.to_thread.run_sync(talking.stdout.readline)
            assert begun == "begun\n"
            try:
                yield accounts
            finally:
                said, _ = await trio.to_thread.run_sync(talking.communicate)
        accounts.append(Account(*json.loads(said)))


def names() -> list[str]:
    return [f"shopper{number}" for number in range(PEOPLE)]


@asynccontextmanager
async def besieged(
    folder: Path,
    path: str,
    limits: str = "",
    *,
    trusted: str = "127.0.0.0/8",
    command: tuple[str, ...] = (),
) -> AsyncGenerator[Siege]:
    """Run a broker with people and chats, which trusts a network, maybe not ours."""
    keys = await furnish(folder, "ann")
    config = CONFIG.format(path=path, limits=limits, trusted=trusted)
    (folder / "shopwire.toml").write_text(config)
    with Process(folder) as process:
        await process.start(*command)
        siege = Siege(process, keys, await _begun(process, keys))
        yield siege


async def _begun(process: Process, keys: Keys) -> list[str]:
    """Start a chat for each shopper; return their ids."""
    chats: list[str] = []
    for name in names():
        async with trio.open_nursery() as nursery:
            client = await process.connect(nursery, JSON)
            await client.hello(token=keys.token("shopper", name))
            chats.append((await client.ask("chat.start", text="hello"))["chat"])
            await client.ask("bye")
            await client.cut()
    return chats
