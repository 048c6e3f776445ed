"""A broker whose disk and clock fail when they are told to (spec U11).

    python -m clients.load.faulty FOLDER CONFIG PORT

It serves as `shopwire serve` does, and reads from its input a line with the name of a
fault. The disk is a real SQLite that may not grow, or a writer's thread that waits
where it would wait for the disk; the clock is the process' own.
"""

import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import trio
from sqlite_utils import Database

from broker import log
from broker.commands import options
from broker.commands.serve import announce, listening, raise_descriptor_limit
from broker.config import Config
from broker.server import Broker
from storage.errors import StorageError

LASTS_S = 2.0
"""How long a disk is full or slow."""
SYNC_S = 0.3
"""What each commit takes then: a disk that is shared, or a battery that is empty."""
JUMP_S = 1800.0
"""How far the clock jumps; in an hour an image that nobody sent is forgotten, and that
would be right."""
FEWEST, MOST = 1, 2**30
"""Pages that the file may have; fewer than it has are as many as it has."""
AGAIN_S = 0.05
"""Between two attempts to make room: the disk is full for that as well."""


class Wall:
    """The wall's clock of this process."""

    def __init__(self) -> None:
        self._true = time.time
        self.ahead = 0.0

    def now(self) -> float:
        """Return what it shows."""
        return self._true() + self.ahead

    def jump(self) -> None:
        """Go ahead of the true time, or back to it."""
        self.ahead = JUMP_S - self.ahead


Fault = Callable[[Broker, Wall], Awaitable[None]]


async def full(broker: Broker, wall: Wall) -> None:
    """Let the file not grow by a page."""
    del wall
    await _unless_refused(broker, partial(_pages, most=FEWEST))
    await trio.sleep(LASTS_S)
    await _unless_refused(broker, partial(_pages, most=MOST))


async def slow(broker: Broker, wall: Wall) -> None:
    """Let each commit wait."""
    del wall
    until = trio.current_time() + LASTS_S
    while trio.current_time() < until:
        await _unless_refused(broker, _wait)


async def clock(broker: Broker, wall: Wall) -> None:
    """Let the wall's clock jump."""
    del broker
    wall.jump()
    await trio.lowlevel.checkpoint()


FAULTS: dict[str, Fault] = {"full": full, "slow": slow, "clock": clock}
"""By the word that asks for it, which is the scenario's."""


async def _unless_refused(broker: Broker, does: Callable[[Database], None]) -> None:
    """Do something in the writer's thread, again if it was refused with its batch."""
    while True:
        try:
            await broker.change(does)
        except (StorageError, sqlite3.Error):
            await trio.sleep(AGAIN_S)
        else:
            return


def _pages(db: Database, *, most: int) -> None:
    db.execute(f"PRAGMA max_page_count={most:d}").fetchone()


def _wait(_db: Database) -> None:
    time.sleep(SYNC_S)


async def serve(folder: Path, config: Config, wall: Wall) -> None:
    """Serve, and fail as told, until nobody is there who could tell."""
    async with Broker.open(folder, config) as broker, trio.open_nursery() as nursery:
        announce(await listening(broker, nursery), folder)
        while word := await trio.to_thread.run_sync(
            sys.stdin.readline, abandon_on_cancel=True
        ):
            nursery.start_soon(FAULTS[word.strip()], broker, wall)
        nursery.cancel_scope.cancel()


def main() -> None:
    """Serve a folder."""
    folder, file, port = sys.argv[1:]
    config = options.configured(Path(folder), Path(file), server_port=int(port))
    log.set_up(config.log)
    raise_descriptor_limit()
    wall = Wall()
    time.time = wall.now
    trio.run(serve, Path(folder), config, wall)


if __name__ == "__main__":
    main()
