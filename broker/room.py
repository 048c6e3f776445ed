"""How much room the folder takes and has left, and how old its copy is."""

import logging
import shutil
import time
from pathlib import Path

import msgspec
import trio

from storage.backup import LAST
from storage.meta import JOURNAL
from storage.schema import WAL_BYTES

EVERY_S = 30
LITTLE = 1024 * 1024 * 1024
"""Bytes left on the disk at which somebody should know: a busy shop writes that in
days, and a copy of the journal or an upgrade needs some at once."""
LONG_WAL = 4 * WAL_BYTES
"""Bytes of a write-ahead log at which something keeps it from being carried over: a
tool that has read the journal for hours."""

log = logging.getLogger(__name__)


class Room(msgspec.Struct, frozen=True):
    """What there is, in bytes."""

    journal: int
    wal: int
    free: int
    copied_s: float | None
    """Seconds since the last copy was complete; `None` if there never was one."""


def look(folder: Path) -> Room:
    """Return how it is now: four calls to the system."""
    copied = _stat(folder / LAST, "st_mtime")
    return Room(
        journal=int(_stat(folder / JOURNAL, "st_size") or 0),
        wal=int(_stat(folder / f"{JOURNAL}-wal", "st_size") or 0),
        free=shutil.disk_usage(folder).free,
        copied_s=None if copied is None else max(0.0, time.time() - copied),
    )


class Alarms:
    """Says once when there is little room, and once when there is enough again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._there: dict[str, bool] = {}

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            self.tell(look(self._folder))
            await trio.sleep(EVERY_S)

    def tell(self, room: Room) -> None:
        """Log what has become of it since the last time."""
        self._say("disk", room.free < LITTLE, f"{room.free >> 20} MiB are left")
        self._say("WAL", room.wal > LONG_WAL, f"it has {room.wal >> 20} MiB")

    def _say(self, what: str, wrong: bool, how: str) -> None:  # noqa: FBT001 - a fact
        if wrong == self._there.get(what, False):
            return
        self._there[what] = wrong
        if wrong:
            log.warning("the %s of the journal needs a look: %s", what, how)
        else:
            log.info("the %s of the journal is well again: %s", what, how)


def _stat(path: Path, field: str) -> float | None:
    try:
        return float(getattr(path.stat(), field))
    except FileNotFoundError:
        return None
