"""The only two ways to open the database.

WAL with a sync on every commit, and no checkpoint but the writer's own. One connection
ever writes or checkpoints: SQLite before 3.51.3 can corrupt a WAL when two do so at
once. All others are `query_only`.
"""

import logging
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, TypeVar, overload

import msgspec
from sqlite_utils import Database

from storage import meta
from storage.backup import back_up
from storage.errors import (
    Blame,
    Followed,
    JournalBroken,
    NotDurable,
    SchemaTooNew,
    UpgradeFailed,
    blame,
)
from storage.migrations import migrations
from storage.replica import LogEnd, Replicated
from storage.shipping import Ship, Shipped
from storage.sync import sync
from storage.taking import taker_of, transaction

log = logging.getLogger(__name__)

BEFORE = "before-upgrade.db"
"""Name of the copy that is made before a journal is upgraded: one, the last."""
BUSY_MS = 5000
"""How long a statement waits for an outside tool before it fails."""
WAL_BYTES = 64 * 1024 * 1024
"""What a reset WAL is cut to: a burst's disk space comes back."""

WRITER = (
    ("busy_timeout", str(BUSY_MS), BUSY_MS),
    # macOS alone: there fsync does not reach the platter without it.
    ("fullfsync", "ON", 1),
    ("checkpoint_fullfsync", "ON", 1),
    # A checkpoint inside a commit takes its p99 from 2.2 to 5.5 ms.
    ("wal_autocheckpoint", "0", 0),
    ("journal_size_limit", str(WAL_BYTES), WAL_BYTES),
    ("foreign_keys", "ON", 1),
    ("temp_store", "MEMORY", 2),
    ("cache_size", "-65536", -65536),
    # What was erased must not linger in freed pages (spec U10).
    ("secure_delete", "ON", 1),
    ("trusted_schema", "OFF", 0),
)
"""Name, what to set it to, what it must then read."""

Synchronous = Literal["FULL", "NORMAL", "OFF"]
SYNCHRONOUS: dict[Synchronous, int] = {"FULL": 2, "NORMAL": 1, "OFF": 0}
"""What SQLite reads back."""

READER = (
    ("busy_timeout", str(BUSY_MS), BUSY_MS),
    ("query_only", "ON", 1),
    ("temp_store", "MEMORY", 2),
    # Small: what it reads is in the system's cache too, and 16 MiB of its own were a
    # third of the memory of a broker with 10,000 connections.
    ("cache_size", "-1024", -1024),
    ("trusted_schema", "OFF", 0),
)


class Cursor(Protocol):
    """What the writer fetches are numbers."""

    def fetchone(self) -> tuple[int, ...] | None:
        """Return the next row."""
        ...


class Connection(Protocol):
    """What the writer needs of `sqlite3.Connection`; power cuts are tested on apsw."""

    @property
    def in_transaction(self) -> bool:
        """Whether `BEGIN` was executed and neither `COMMIT` nor `ROLLBACK` since."""
        ...

    def execute(self, sql: str, parameters: tuple[object, ...] = ..., /) -> Cursor:
        """Execute one statement."""
        ...

    def executemany(self, sql: str, parameters: list[tuple[object, ...]], /) -> object:
        """Execute one statement with each of `parameters`."""
        ...

    def close(self) -> None:
        """Let go of the file."""


Made = TypeVar("Made", bound=sqlite3.Connection)


class Keep(msgspec.Struct, frozen=True):
    """How what is committed is made to last."""

    relaxed: bool = False
    """Nothing is synced: for folders that go when the process goes."""
    log: LogEnd | None = None
    """Where each transaction goes before it is committed here; it makes it last, then,
    and this file is one of its copies."""
    ship: Ship | None = None
    """Where each transaction goes once it is committed here."""

    @property
    def synchronous(self) -> Synchronous:
        """What SQLite is told: when it is to sync the file."""
        if self.relaxed:
            return "OFF"
        # In WAL mode no commit waits for it, and yet the file stays sound.
        return "FULL" if self.log is None else "NORMAL"


DURABLE = Keep()


def open_writer(
    path: Path, keep: Keep = DURABLE, *, epoch: str | None = None
) -> sqlite3.Connection:
    """Return the one connection that may write, its tables up to date.

    A journal that is new, or was restored, gets `epoch`.

    Raises:
        SchemaTooNew: a newer program wrote the file; it was not touched.
        Followed: it is a copy that follows a log, and there is none here.
        NotDurable: the file system refuses WAL, so an ack would not mean durable.
        JournalBroken: the file is damaged or cannot be reached.
        BackupFailed: there is no room for a copy from before an upgrade.
        UpgradeFailed: its tables could not be brought up to date; they are as before.
        SteppedDown: the log does not take what has to be brought up to date.
    """
    with _translated(path):
        create(path)
        connection = _connected(path, keep)
        try:
            db = Database(connection, execute_plugins=False)
            refuse_newer(db, path)
            configure_writer(connection, path, keep.synchronous)
            if keep.log is None:
                _refuse_followed(connection, path)
                _keep_before(db, path)
            committed = meta.shipped(connection)
            taker = taker_of(connection)
            with db.atomic() if taker is None else transaction(connection, taker):
                _upgrade(db, path)
                meta.adopt_epoch(connection, epoch)
                if keep.ship is None:
                    meta.forget_shipped(connection)
            if keep.ship is not None:
                keep.ship.begin(path, meta.epoch(connection), committed)
            _sync_folders(path)
        except BaseException:
            connection.close()
            raise
    return connection


def _keep_before(db: Database, path: Path) -> None:
    """Copy a journal that is about to be upgraded; the copy of the last time goes."""
    if meta.exists(db.conn) and migrations.pending(db):
        back_up(path, path.with_name(BEFORE))


def _upgrade(db: Database, path: Path) -> None:
    """Bring the tables up to date in the open transaction: all steps or none."""
    is_new = not meta.exists(db.conn)
    pending = [each.name for each in migrations.pending(db)]
    try:
        migrations.apply(db)
    except sqlite3.Error as error:
        raise UpgradeFailed(path, str(error)) from error
    if pending and not is_new:
        log.info(
            "the journal was upgraded (%s); %s has it as it was",
            ", ".join(pending),
            path.with_name(BEFORE),
        )


def create(path: Path) -> None:
    """Make sure that there is a file, which only its owner may read."""
    # SQLite would create it for everyone to read; the WAL takes over the mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def open_reader(path: Path) -> sqlite3.Connection:
    """Return a connection to an existing journal that cannot write.

    Raises:
        JournalBroken: there is none, or it is damaged.
    """
    with _translated(path):
        connection = connect(path)
        try:
            _configure(connection, path, READER)
        except BaseException:
            connection.close()
            raise
    return connection


def _connected(path: Path, keep: Keep) -> sqlite3.Connection:
    if keep.log is not None:
        replicated = connect(path, Replicated)
        replicated.log = keep.log
        return replicated
    if keep.ship is not None:
        shipped = connect(path, Shipped)
        shipped.ship = keep.ship
        return shipped
    return connect(path)


@overload
def connect(path: Path) -> sqlite3.Connection: ...
@overload
def connect(path: Path, factory: type[Made]) -> Made: ...
def connect(
    path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """Return a bare connection to the existing file `path`.

    Autocommit mode: transactions are ours to begin. Opened in one thread, used in
    another, never in two at once.
    """
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        factory=factory,
    )


def configure_writer(
    connection: Connection, path: Path, synchronous: Synchronous = "FULL"
) -> None:
    """Make `connection` the writer's.

    Raises:
        NotDurable: WAL or the sync on every commit was refused.
    """
    # Has an effect before the first table alone, and before WAL writes a header.
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    durable = (
        ("journal_mode", "WAL", "wal"),
        ("synchronous", synchronous, SYNCHRONOUS[synchronous]),
    )
    for name, value, expected in durable:
        connection.execute(f"PRAGMA {name}={value}").fetchone()
        if (read := _read_back(connection, name)) != expected:
            raise NotDurable(path, name, read)
    _configure(connection, path, WRITER)


def _configure(
    connection: Connection, path: Path, pragmas: tuple[tuple[str, str, int], ...]
) -> None:
    for name, value, expected in pragmas:
        connection.execute(f"PRAGMA {name}={value}").fetchone()
        if (read := _read_back(connection, name)) != expected:
            why = f"this build of SQLite keeps {name} at {read!r}"
            raise JournalBroken(path, why, "Use an ordinary build of SQLite.")


def _read_back(connection: Connection, name: str) -> object:
    row = connection.execute(f"PRAGMA {name}").fetchone()
    return None if row is None else row[0]


def refuse_newer(db: Database, path: Path) -> None:
    """Make sure that this program knows all that is in the file.

    Raises:
        SchemaTooNew: it does not.
    """
    nothing = Database(memory=True, execute_plugins=False)
    known = {migration.name for migration in migrations.pending(nothing)}
    nothing.close()
    applied = [migration.name for migration in migrations.applied(db)]
    if unknown := [name for name in applied if name not in known]:
        raise SchemaTooNew(path, unknown)


def _refuse_followed(connection: sqlite3.Connection, path: Path) -> None:
    if meta.exists(connection) and meta.applied(connection) is not None:
        raise Followed(path)


@contextmanager
def _translated(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise JournalBroken(
            path, str(error), "Check the folder and who may write to it."
        ) from error
    except UnicodeDecodeError as error:
        # SQLite quotes what it cannot make sense of.
        advice = "Restore a backup, or look what is left with `shopwire doctor`."
        raise JournalBroken(path, "its schema is damaged", advice) from error
    except sqlite3.Error as error:
        if blame(error) is Blame.BATCH:
            advice = "End the program that has it open, or free some space."
        else:
            advice = "Restore a backup, or look what is left with `shopwire doctor`."
        raise JournalBroken(path, str(error), advice) from error


def _sync_folders(path: Path) -> None:
    """Make the file's name durable, and its folder's, which may be as new."""
    for folder in (path.parent, path.parent.parent):
        sync(folder)
