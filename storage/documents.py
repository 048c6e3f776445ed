"""A site's versioned documents: settings, FAQ, macros, knowledge.

Each is one text that is swapped whole, under a name; storage does not look inside. All
versions stay: events refer to the settings they were made under, and an owner may ask
who changed what.
"""

import sqlite3

import msgspec
from sqlite_utils import Database

from storage import deeds
from storage.deeds import Deed

_NEWEST = "SELECT * FROM document WHERE site = ? AND name = ?"


class Document(msgspec.Struct, frozen=True):
    """One version of a document."""

    site: str
    name: str
    version: int
    """From 1 without a gap."""
    at: int
    by: str
    document: str
    """JSON."""


class Version(msgspec.Struct, frozen=True):
    """Who made a version, and when."""

    version: int
    at: int
    by: str


class Conflict(msgspec.Struct, frozen=True):
    """Somebody else was faster."""

    current: int
    """The newest version; 0 if there is none."""


def newest(connection: sqlite3.Connection, site: str, name: str) -> Document | None:
    """Return the newest version of a document; `None` if there was never one."""
    sql = f"{_NEWEST} ORDER BY version DESC LIMIT 1"
    row = connection.execute(sql, (site, name)).fetchone()
    return None if row is None else Document(*row)


def at_version(
    connection: sqlite3.Connection, site: str, name: str, version: int
) -> Document | None:
    """Return a document as it was in `version`."""
    row = connection.execute(
        f"{_NEWEST} AND version = ?", (site, name, version)
    ).fetchone()
    return None if row is None else Document(*row)


def versions(
    connection: sqlite3.Connection, site: str, name: str, before: int, limit: int
) -> list[Version]:
    """Return up to `limit` versions of a document before one, the newest first."""
    rows = connection.execute(
        "SELECT version, at, by FROM document WHERE site = ? AND name = ?"
        " AND version < ? ORDER BY version DESC LIMIT ?",
        (site, name, before, limit),
    )
    return [Version(*row) for row in rows]


def put(db: Database, new: Document) -> Conflict | None:
    """Add `new`, if its version is the one after the newest; else say which that is."""
    last = newest(db.conn, new.site, new.name)
    current = 0 if last is None else last.version
    if new.version != current + 1:
        return Conflict(current)
    sql = "INSERT INTO document VALUES (?, ?, ?, ?, ?, ?)"
    db.execute(sql, msgspec.structs.astuple(new))
    act, version = f"{new.name}.put", str(new.version)
    deeds.add(db, Deed(new.site, new.at, new.by, act, version))
    return None
