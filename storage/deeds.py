"""Who did what: settings, keys, accounts, exports, erasures, runs, restores (spec F47).

A deed is written in the commit of what was done, so that there is neither one without
the other; nobody changes one, and none goes. It names people by our own ids of them and
says nothing of what was said, so that it may stay when they are forgotten.
"""

import sqlite3

import msgspec
from sqlite_utils import Database

from storage import meta

OPERATOR = "operator"
"""Who did what was asked for on the command line, by whoever may open the folder."""
EVERYWHERE = ""
"""The site of a deed that concerns all of them."""
NEWEST = 2**53
"""A number above that of any deed."""
BEGAN, RESTORED = "journal.begin", "journal.restore"

TABLES = """
-- What is personal does not belong here: it stays when a person is forgotten.
CREATE TABLE deed(
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, at INTEGER NOT NULL,
  by TEXT NOT NULL, act TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL)
  STRICT;
CREATE INDEX deed_site ON deed(site, id);
CREATE INDEX deed_object ON deed(object);
CREATE TRIGGER deed_stands BEFORE UPDATE ON deed BEGIN
  SELECT raise(ABORT, 'what was done is not changed'); END;
CREATE TRIGGER deed_stays BEFORE DELETE ON deed BEGIN
  SELECT raise(ABORT, 'what was done is not forgotten'); END;
-- One that was there before has begun, and was not restored.
INSERT INTO deed(site, at, by, act, object, detail)
SELECT '', coalesce((SELECT min(created_at) FROM site), 0), 'operator',
  'journal.begin', value, '' FROM meta WHERE key = 'epoch' AND value <> '';
"""


class Deed(msgspec.Struct, frozen=True):
    """Something that was done."""

    site: str
    at: int
    by: str
    """`agent:<id>` over HTTP, `operator` on the command line, `system` by itself."""
    act: str
    object: str = ""
    """Our id of what it was done to: an account, a key, a person, a version."""
    detail: str = ""
    """In words of ours alone."""


class Kept(Deed, frozen=True):
    """One as it is kept: a larger `id` is a later one."""

    id: int = 0


def add(db: Database, new: Deed) -> None:
    """Write down what is being done in this very commit."""
    sql = """
    INSERT INTO deed(site, at, by, act, object, detail) VALUES (?, ?, ?, ?, ?, ?)"""
    db.execute(sql, msgspec.structs.astuple(new))


def of_site(
    connection: sqlite3.Connection, site: str, before: int, limit: int
) -> list[Kept]:
    """Return up to `limit` deeds before one, the last first.

    Those of one site, and those that concern all.
    """
    sql = """
    SELECT site, at, by, act, object, detail, id FROM deed
    WHERE site IN (?, ?) AND id < ? ORDER BY id DESC LIMIT ?"""
    rows = connection.execute(sql, (site, EVERYWHERE, before, limit)).fetchall()
    return [Kept(*row) for row in rows]


def of_object(connection: sqlite3.Connection, site: str, object_: str) -> list[Kept]:
    """Return all that was done to one thing of a site, the first first."""
    sql = """
    SELECT site, at, by, act, object, detail, id FROM deed
    WHERE site = ? AND object = ? ORDER BY id"""
    rows = connection.execute(sql, (site, object_)).fetchall()
    return [Kept(*row) for row in rows]


def began(connection: sqlite3.Connection) -> int:
    """Return when this journal began, or was made of a copy."""
    sql = "SELECT at FROM deed WHERE object = ? AND act IN (?, ?)"
    row = connection.execute(sql, (meta.epoch(connection), BEGAN, RESTORED)).fetchone()
    return int(row[0])


def begin(db: Database, now: int, *, new: bool) -> None:
    """Write down that this journal begins, `new` or made of a copy; once each."""
    epoch = meta.epoch(db.conn)
    sql = "SELECT 1 FROM deed WHERE object = ? AND act IN (?, ?)"
    if db.execute(sql, (epoch, BEGAN, RESTORED)).fetchone() is None:
        act = BEGAN if new else RESTORED
        add(db, Deed(EVERYWHERE, now, OPERATOR, act, epoch))
