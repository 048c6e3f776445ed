"""Power loss: SQLite on files of which a cut leaves what a real disk might.

Every file is kept twice in memory, as the process sees it and as it was when last
synced, with the writes since then between the two. At a cut the process gets no
further; of the unsynced writes survive none (`DROP`), a random subset in any order
(`SUBSET`), or such a subset of which some end at a sector's edge (`TORN`).
"""

import enum
import random
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw
from typing_extensions import Buffer

SECTOR = 512
MAIN = "/journal.db"
"""The database's name in the machine; the WAL's begins with it."""


class PowerCut(BaseException):
    """There is no process any more; no `except Exception` may go on without one."""


class Loss(enum.Enum):
    """What becomes of writes that were not synced."""

    DROP = "drop"
    SUBSET = "subset"
    TORN = "torn"


class Plate:
    """One file: its bytes now, its bytes as last synced, and the writes since."""

    def __init__(self, synced: bytes = b"") -> None:
        self.live = bytearray(synced)
        self.synced = synced
        self.pending: list[Callable[[bytearray], None]] = []

    def change(self, change: Callable[[bytearray], None]) -> None:
        change(self.live)
        self.pending.append(change)

    def sync(self) -> None:
        self.synced = bytes(self.live)
        self.pending.clear()


class Disk:
    """All files of one machine, and the moment at which its power goes."""

    def __init__(
        self, image: bytes, loss: Loss, seed: int, *, cut_at: int | None = None
    ) -> None:
        self.files = {MAIN: Plate(image)}
        self.random = random.Random(seed)
        self.operations = 0
        self.off = False
        self.failing_syncs = False
        self._loss = loss
        self._cut_at = cut_at

    def operate(self) -> None:
        """Count a write, sync or deletion, unless the power goes right before it."""
        self.operations += 1
        if self.off or self.operations == self._cut_at:
            self.off = True
            raise PowerCut

    def tear(self, data: bytes) -> bytes:
        if (
            self._loss is Loss.TORN
            and len(data) > SECTOR
            and self.random.random() < 0.3
        ):
            return data[: SECTOR * self.random.randrange(1, len(data) // SECTOR + 1)]
        return data

    def survivors(self, folder: Path) -> Path:
        """Write what is left to `folder`, and return where the database is."""
        self.off = True
        for name, plate in self.files.items():
            left = bytearray(plate.synced)
            if self._loss is not Loss.DROP:
                # Nearly all is as hard a case as half: a whole commit but for a page.
                chance = self.random.choice((0.5, 0.9, 0.98))
                for change in plate.pending:
                    if self.random.random() < chance:
                        change(left)
            (folder / name.lstrip("/")).write_bytes(left)
        return folder / MAIN.lstrip("/")


class _File(apsw.VFSFile):
    """Replaces all of its parent, whose constructor would open a real file."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk = disk
        self._plate = disk.files.setdefault(name, Plate())

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        return bytes(self._plate.live[offset : offset + amount])

    def xWrite(self, data: Buffer, offset: int) -> None:  # noqa: N802 - likewise
        self._disk.operate()
        whole = bytes(data)

        def write(content: bytearray) -> None:
            # Torn, if at all, only where it is put together from what survived.
            part = whole if content is self._plate.live else self._disk.tear(whole)
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(part)] = part

        self._plate.change(write)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - likewise
        self._disk.operate()

        def truncate(content: bytearray) -> None:
            del content[newsize:]

        self._plate.change(truncate)

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802 - likewise
        self._disk.operate()
        if self._disk.failing_syncs:
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
        self._plate.sync()

    def xFileSize(self) -> int:  # noqa: N802 - likewise
        return len(self._plate.live)

    def xLock(self, level: int) -> None:  # noqa: N802 - one process, one connection
        pass

    def xUnlock(self, level: int) -> None:  # noqa: N802 - likewise
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802 - likewise
        return False

    def xClose(self) -> None:  # noqa: N802 - likewise
        pass

    def xFileControl(self, op: int, ptr: int) -> bool:  # noqa: ARG002, N802 - likewise
        return False

    def xSectorSize(self) -> int:  # noqa: N802 - likewise
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802 - what unix promises too
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE


class _Machine(apsw.VFS):
    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, "")
        self._disk = disk

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        flags[1] = flags[0]
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _File(self._disk, path or f"/temporary-{self._disk.operations}")

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: ARG002, FBT001, N802 - likewise
        self._disk.operate()
        self._disk.files.pop(filename, None)

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: ARG002, N802 - likewise
        return pathname in self._disk.files

    def xFullPathname(self, name: str) -> str:  # noqa: N802 - likewise
        return name


class Fetched:
    """The rows of a statement that has run to its end."""

    def __init__(self, rows: list[tuple[int, ...]]) -> None:
        self._rows = rows

    def fetchone(self) -> tuple[int, ...] | None:
        return self._rows.pop(0) if self._rows else None


class PoweredConnection:
    """What the writer needs of a connection, on apsw: stdlib SQLite takes no VFS."""

    def __init__(self, disk: Disk, vfs: str) -> None:
        self._disk = disk
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._connection = apsw.Connection(MAIN, flags=flags, vfs=vfs)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: tuple[object, ...] = (), /) -> Fetched:
        return Fetched(
            self._do(lambda: list(self._connection.execute(sql, parameters)))
        )

    def executemany(self, sql: str, parameters: list[tuple[object, ...]], /) -> None:
        self._do(lambda: list(self._connection.executemany(sql, parameters)))

    def close(self) -> None:
        self._connection.close()

    def _do(
        self, statement: Callable[[], list[tuple[int, ...]]]
    ) -> list[tuple[int, ...]]:
        try:
            return statement()
        except (apsw.Error, PowerCut) as error:
            if self._disk.off:
                raise PowerCut from None
            raise _translated(error) from error


def _translated(error: BaseException) -> sqlite3.Error:
    """Return the exception that the standard library would have raised."""
    code = getattr(error, "extendedresult", 0)
    name = apsw.mapping_extended_result_codes.get(code) or "SQLITE_ERROR"
    translated = sqlite3.OperationalError(str(error))
    translated.sqlite_errorname = str(name)
    return translated


@contextmanager
def powered(disk: Disk) -> Generator[PoweredConnection]:
    """A connection to the database on `disk`, until the end or the cut."""
    vfs = f"machine-{id(disk)}"
    machine = _Machine(vfs, disk)
    connection = PoweredConnection(disk, vfs)
    try:
        # Without it WAL wants shared memory, of which this machine has none.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        yield connection
    finally:
        disk.off = True
        with suppress(apsw.Error, PowerCut):  # It had something left to write.
            connection.close()
        machine.unregister()
