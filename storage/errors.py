"""What can go wrong with what is kept, and whom to blame for it.

`StorageError` is the root. `JournalBroken` and `NotDurable` mean: stop, an operator has
to act. `SchemaTooNew`, `DataHeld` and `Followed`: this program must not touch the
folder. `SteppedDown`, `Diverged` and `NeedsCopy` are a cluster's.
`BackupFailed`, `RestoreFailed` and `ShipDamaged` concern the copy alone. `Unwritable`
passes by itself. `Unstorable` is a bug of the caller.
"""

import enum
from pathlib import Path


class StorageError(Exception):
    """The root: something about what is kept; the text says what to do."""


class JournalBroken(StorageError):
    """The journal cannot be trusted or reached any more: the process must end.

    Raised when opening it, and by `Journal.settle` after an I/O error. What was
    acknowledged before is safe; what was in the writer's hands may be there or not.
    """

    def __init__(self, path: Path, why: str, advice: str) -> None:
        super().__init__(f"The journal {path} cannot be used: {why}. {advice}")
        self.path = path


class SchemaTooNew(StorageError):
    """A newer program has written the journal: this one must not."""

    def __init__(self, path: Path, unknown: list[str]) -> None:
        super().__init__(
            f"The journal {path} was written by a newer Shopwire (it has"
            f" {', '.join(unknown)}). Start that version, or restore a backup made"
            " before the upgrade."
        )
        self.path = path
        self.unknown = unknown


class UpgradeFailed(StorageError):
    """The tables could not be brought up to date: nothing was changed."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The journal {path} was not upgraded: {why}. It is as it was: the version"
            " that wrote it can go on with it. Free some space, or ask its makers."
        )
        self.path = path


class NotDurable(StorageError):
    """The file system refuses what an acknowledgement rests on."""

    def __init__(self, path: Path, pragma: str, value: object) -> None:
        super().__init__(
            f"The journal {path} would not survive a power loss: {pragma} is {value!r}."
            " Put the data folder on a local disk (network file systems refuse WAL)."
        )
        self.path = path


class DataHeld(StorageError):
    """Another process uses a folder of ours, which is chosen with `option`."""

    def __init__(self, folder: Path, pid: int | None, option: str = "--data") -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"The folder {folder} is in use by {holder}. Stop that one first, or choose"
            f" another folder with {option}."
        )
        self.folder = folder
        self.pid = pid


class Followed(StorageError):
    """The journal is one of a cluster's copies: what is written here alone is lost."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The journal {path} belongs to a cluster. Serve it with --cluster, ask"
            " the cluster's owner, or take it out with `shopwire cluster leave`."
        )
        self.path = path


class SteppedDown(StorageError):
    """The cluster's log did not take a transaction, or nobody knows whether it did.

    Nothing of it was acknowledged, and nothing more may be written: another node does.
    """


class Diverged(StorageError):
    """A copy does not fit the log that it follows: it has to be made anew."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The journal {path} does not fit the cluster's log: {why}. Move it away;"
            " the node fetches another copy."
        )
        self.path = path


class NeedsCopy(StorageError):
    """The log's beginning is not there any more: a copy has to be fetched first."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The journal {path} is too old to follow the cluster's log; the node"
            " fetches a copy."
        )
        self.path = path


class BackupFailed(StorageError):
    """There is no new copy; an older one at the same place was left alone."""

    def __init__(self, target: Path, why: str) -> None:
        super().__init__(
            f"No backup was made at {target}: {why}. Check the room on that disk and"
            " who may write there, then try again."
        )
        self.target = target


class RestoreFailed(StorageError):
    """There is no new folder; the copy it was to be made of is as it was."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"Nothing was restored to {folder}: {why}. The copy is as it was; look at"
            " what is said, then try again."
        )
        self.folder = folder


class ShipDamaged(StorageError):
    """What was shipped is not whole from some place on."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"What was shipped ends early, in {path}: {why}.")
        self.path = path


class Unwritable(StorageError):
    """The disk is full or the file is locked: nothing was changed, try again later."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"The journal {path} takes no writes now: {why}. Free some space or end the"
            " tool that locks it; writing goes on by itself."
        )
        self.path = path


class Unstorable(StorageError):
    """A value that SQLite would refuse or give back changed; nothing was queued."""

    def __init__(self, field: str) -> None:
        super().__init__(
            f"{field} holds a NUL, a lone surrogate or a number beyond 64 bits. Refuse"
            " such input where it comes in."
        )
        self.field = field


class Blame(enum.Enum):
    """Whose fault a failed write is."""

    ITEM = "item"
    """One of the batch: its neighbours are tried without it."""
    BATCH = "batch"
    """The moment: all of the batch are refused, later ones may succeed."""
    JOURNAL = "journal"
    """The file: nothing its page cache says can be trusted any more."""


# A full disk shows as SHMSIZE when the WAL's index is what cannot grow (os_unix.c).
_BATCH = ("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR_SHMSIZE")
_JOURNAL = (
    "SQLITE_IOERR",
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
    "SQLITE_READONLY",
    "SQLITE_CANTOPEN",
)


def blame(error: BaseException) -> Blame:
    """Return whose fault `error` is; what does not come from SQLite is the item's."""
    if isinstance(error, SteppedDown):
        return Blame.JOURNAL
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith(_BATCH):
        return Blame.BATCH
    # FTS5 reports a damaged search index so; it can be rebuilt, the journal is well.
    if name.startswith(_JOURNAL) and not name.startswith("SQLITE_CORRUPT_VTAB"):
        return Blame.JOURNAL
    return Blame.ITEM
