"""Tables, migrations, and the only two ways to open the database.

WAL with a sync on every commit, and no checkpoint but the writer's own. One connection
ever writes or checkpoints: SQLite before 3.51.3 can corrupt a WAL when two do so at
once. All others are `query_only`.
"""

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlite_utils import Database, Migrations

from storage import blocks, meta, numbers, search
from storage import mailing as mailed
from storage import outgoing as leaving
from storage import tables as first
from storage import webhooks as hooks
from storage.errors import Blame, JournalBroken, NotDurable, SchemaTooNew, blame
from storage.sync import sync

migrations = Migrations("shopwire")
"""Oldest first. One that has been released is never edited; the next is appended."""

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


@migrations()
def first_tables(db: Database) -> None:
    """Create the journal, the rows written with it, and the accounts."""
    db.executescript(first.JOURNAL)
    db.executescript(first.ACCOUNTS)


@migrations()
def teams(db: Database) -> None:
    """Let a ticket wait in a team's queue."""
    db.execute("ALTER TABLE ticket ADD COLUMN team TEXT")


@migrations()
def documents_by_name(db: Database) -> None:
    """Keep a site's settings beside its other versioned documents."""
    db.executescript(DOCUMENT_TABLE)


@migrations()
def people(db: Database) -> None:
    """Keep what a shop tells of its customers, and what they did there."""
    db.executescript(PEOPLE_TABLES)


DOCUMENT_TABLE = """
CREATE TABLE document(
  site TEXT NOT NULL REFERENCES site(id), name TEXT NOT NULL, version INTEGER NOT NULL,
  at INTEGER NOT NULL, by TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (site, name, version)) STRICT;
INSERT INTO document SELECT site, 'settings', version, at, by, document FROM settings;
DROP TABLE settings;
"""

PEOPLE_TABLES = """
-- In the row of the person: what is personal stands in as few places as possible.
ALTER TABLE profile ADD COLUMN facts TEXT;
CREATE TABLE profile_event(
  site TEXT NOT NULL, profile TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
  kind TEXT NOT NULL, data TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX profile_event_id ON profile_event(site, profile, id);
-- The kind, so that a page of one kind reads no row of another.
CREATE INDEX profile_event_at ON profile_event(site, profile, at, id, kind);
"""


@migrations()
def inbox_rows(db: Database) -> None:
    """Keep what an agent's inbox shows beside each ticket, and who has read it.

    Whose word the preview is, and how far agents have read, is filled in by the next
    message and the next cursor.
    """
    db.executescript(INBOX_TABLES)


INBOX_TABLES = """
ALTER TABLE ticket ADD COLUMN shopper_said INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN said_by TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
UPDATE ticket SET shopper_said = coalesce((
  SELECT max(seq) FROM event WHERE event.stream = ticket.stream
    AND kind = 'msg' AND by LIKE 'shopper:%'), 0);
-- Closed ones alone: a list of those goes on for ever, the others are kept in memory.
CREATE INDEX ticket_ended ON ticket(site, closed_at, stream) WHERE status = 'closed';
CREATE INDEX ticket_ended_held ON ticket(site, assignee, closed_at, stream)
  WHERE status = 'closed';
-- How far each agent has read, and who wants to be reminded (spec F19, F20).
CREATE TABLE reading(
  stream INTEGER NOT NULL, agent TEXT NOT NULL, read INTEGER NOT NULL,
  marked INTEGER NOT NULL, mark_id TEXT NOT NULL,
  PRIMARY KEY (stream, agent)) STRICT, WITHOUT ROWID;
CREATE INDEX reading_marked ON reading(stream) WHERE marked <> 0;
"""


@migrations()
def blobs(db: Database) -> None:
    """Create what is known of images; their bytes lie in files beside the journal."""
    db.executescript(BLOB_TABLES)


BLOB_TABLES = """
-- `source` is the digest of what was uploaded, `digest` that of what is kept of it.
CREATE TABLE blob(
  id TEXT NOT NULL PRIMARY KEY, site TEXT NOT NULL, chat TEXT, owner TEXT NOT NULL,
  source TEXT NOT NULL, digest TEXT NOT NULL, mime TEXT NOT NULL, name TEXT NOT NULL,
  size INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX blob_source ON blob(source);
CREATE INDEX blob_digest ON blob(digest);
-- Written in the commit of the message: it fails if the image has just been deleted.
CREATE TABLE named(
  blob TEXT NOT NULL REFERENCES blob(id), stream INTEGER NOT NULL,
  PRIMARY KEY (blob, stream)) STRICT, WITHOUT ROWID;
CREATE INDEX named_stream ON named(stream);
-- Those that no message has named yet, and since when they wait for one.
CREATE TABLE unnamed(
  blob TEXT NOT NULL PRIMARY KEY REFERENCES blob(id), at INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE INDEX unnamed_at ON unnamed(at);
"""


@migrations()
def tags(db: Database) -> None:
    """Let a ticket have tags."""
    db.execute("ALTER TABLE ticket ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'")


@migrations()
def searching(db: Database) -> None:
    """Have an index of words, which begins empty and catches up by itself."""
    db.executescript(search.TABLES)


@migrations()
def outgoing(db: Database) -> None:
    """Keep what is to leave the process, and where people write texts from."""
    db.executescript(leaving.TABLES)
    db.executescript(numbers.TABLES)


@migrations()
def token_versions(db: Database) -> None:
    """Let a new password end the tokens that were signed before."""
    db.execute("ALTER TABLE agent ADD COLUMN token_version INTEGER NOT NULL DEFAULT 0")


@migrations()
def blocked(db: Database) -> None:
    """Remember whom shops have blocked."""
    db.execute(blocks.TABLE)


@migrations()
def silences(db: Database) -> None:
    """Let a list show since when a waiting shopper has heard nothing.

    Of those who wait just now it is not known: they may have heard something since.
    """
    db.execute("ALTER TABLE ticket ADD COLUMN silent_since INTEGER")
    db.execute("UPDATE ticket SET silent_since = waiting_since")


@migrations()
def mailing(db: Database) -> None:
    """Remember who was mailed of what, and what agents want to be mailed of."""
    db.executescript(mailed.TABLES)


@migrations()
def webhooks(db: Database) -> None:
    """Remember who wants to be told of what happens."""
    db.executescript(hooks.TABLES)


@migrations()
def handed_over(db: Database) -> None:
    """Find quickly what other systems have control of."""
    sql = """
    CREATE INDEX ticket_external ON ticket(stream)
      WHERE control = 'external' AND status <> 'closed'"""
    db.execute(sql)


def open_writer(
    path: Path, *, relaxed: bool = False, epoch: str | None = None
) -> sqlite3.Connection:
    """Return the one connection that may write, its tables up to date.

    A journal that is new, or was restored, gets `epoch`. `relaxed` syncs nothing: for
    folders that go when the process goes.

    Raises:
        SchemaTooNew: a newer program wrote the file; it was not touched.
        NotDurable: the file system refuses WAL, so an ack would not mean durable.
        JournalBroken: the file is damaged or cannot be reached.
    """
    with _translated(path):
        # SQLite would create it for everyone to read; the WAL takes over the mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = connect(path)
        try:
            db = Database(connection, execute_plugins=False)
            _refuse_newer(db, path)
            configure_writer(connection, path, relaxed=relaxed)
            migrations.apply(db)
            meta.adopt_epoch(connection, epoch)
            _sync_folders(path)
        except BaseException:
            connection.close()
            raise
    return connection


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


def connect(path: Path) -> sqlite3.Connection:
    """Return a bare connection to the existing file `path`.

    Autocommit mode: transactions are ours to begin. Opened in one thread, used in
    another, never in two at once.
    """
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


def configure_writer(connection: Connection, path: Path, *, relaxed: bool) -> None:
    """Make `connection` the writer's.

    Raises:
        NotDurable: WAL or the sync on every commit was refused.
    """
    # Has an effect before the first table alone, and before WAL writes a header.
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    durable = (
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "OFF", 0) if relaxed else ("synchronous", "FULL", 2),
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


def _refuse_newer(db: Database, path: Path) -> None:
    nothing = Database(memory=True, execute_plugins=False)
    known = {migration.name for migration in migrations.pending(nothing)}
    nothing.close()
    applied = [migration.name for migration in migrations.applied(db)]
    if unknown := [name for name in applied if name not in known]:
        raise SchemaTooNew(path, unknown)


@contextmanager
def _translated(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise JournalBroken(
            path, str(error), "Check the folder and who may write to it."
        ) from error
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
