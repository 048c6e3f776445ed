"""Erasing what was said, in place (spec U10).

Whose chats are to be erased stands in `erasure` until it is done, and which chats were
in `erased`: a process that ends halfway goes on where it was. What is overwritten is
gone from the file when the commit and its scrub are over, for deleted bytes are zeroed;
from the index of words when that has been merged.
"""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from storage import deeds, outgoing, queries, search
from storage.deeds import Deed
from storage.records import Record
from storage.sums import of_record

TABLES = """
-- Who is to be forgotten; by our own id of them, which says nothing of them.
CREATE TABLE erasure(
  site TEXT NOT NULL, profile TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
  done_at INTEGER, PRIMARY KEY (site, profile)) STRICT, WITHOUT ROWID;
-- The chats of which nothing is left; `merged`: nor in the index of words.
CREATE TABLE erased(
  stream INTEGER PRIMARY KEY, at INTEGER NOT NULL, merged INTEGER NOT NULL) STRICT;
CREATE INDEX erased_unmerged ON erased(stream) WHERE merged = 0;
-- Files of images that nobody needs any more.
CREATE TABLE doomed(digest TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
"""
_LEFT = """
SELECT stream, chat FROM ticket WHERE site = ? AND profile = ?
  AND stream NOT IN (SELECT stream FROM erased)"""
_OLD = """
SELECT stream, chat FROM ticket WHERE site = ? AND channel = ? AND status = 'closed'
  AND closed_at < ? AND stream NOT IN (SELECT stream FROM erased)
ORDER BY closed_at, stream LIMIT ?"""
# One that another person's chat shows too stays there.
_IMAGES = """
SELECT id, digest FROM blob WHERE digest <> '' AND (chat = :chat
  OR id IN (SELECT blob FROM named WHERE stream = :stream)) AND NOT EXISTS (
  SELECT 1 FROM named JOIN ticket t USING (stream) WHERE blob = blob.id
    AND stream <> :stream AND stream NOT IN (SELECT stream FROM erased)
    AND t.profile <> (SELECT profile FROM ticket WHERE stream = :stream))"""


class Erasure(NamedTuple):
    """Somebody who is to be forgotten."""

    site: str
    profile: str
    at: int
    by: str
    done_at: int | None = None


class Chat(NamedTuple):
    """A chat that is to be erased."""

    stream: int
    chat: str


_REWRITE = "UPDATE event SET body = ?, ver = ?, sum = ? WHERE stream = ? AND seq = ?"
Rewrite = Callable[[Record], tuple[bytes, int] | None]
"""Returns what is left of an event's body, and the version of its form; `None` if all
of it may stay."""


def begin(db: Database, new: Erasure) -> bool:
    """Note that somebody is to be forgotten; return whether that is new."""
    sql = "INSERT INTO erasure VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    is_new = db.execute(sql, new).rowcount == 1
    if is_new:
        deeds.add(db, Deed(new.site, new.at, new.by, "profile.erase", new.profile))
    return is_new


def of_person(
    connection: sqlite3.Connection, site: str, profile: str
) -> Erasure | None:
    """Return what is noted of a person; `None`: they are not to be forgotten."""
    sql = "SELECT * FROM erasure WHERE site = ? AND profile = ?"
    row = connection.execute(sql, (site, profile)).fetchone()
    return None if row is None else Erasure(*row)


def everybody(connection: sqlite3.Connection) -> list[str]:
    """Return our ids of all who were forgotten, or are to be."""
    return [profile for (profile,) in connection.execute("SELECT profile FROM erasure")]


def unfinished(connection: sqlite3.Connection) -> list[Erasure]:
    """Return who is not forgotten yet, or has come to have a chat since."""
    sql = """
    SELECT * FROM erasure AS e WHERE done_at IS NULL OR EXISTS (
      SELECT 1 FROM ticket AS t WHERE t.site = e.site AND t.profile = e.profile
        AND stream NOT IN (SELECT stream FROM erased))
    ORDER BY at, profile"""
    return [Erasure(*row) for row in connection.execute(sql).fetchall()]


def left(connection: sqlite3.Connection, site: str, profile: str) -> list[Chat]:
    """Return the chats of a person that are not erased."""
    rows = connection.execute(_LEFT, (site, profile)).fetchall()
    return [Chat(*row) for row in rows]


def old(
    connection: sqlite3.Connection, site: str, channel: str, before: int, limit: int
) -> list[Chat]:
    """Return up to `limit` chats of a site that ended before a moment, oldest first."""
    rows = connection.execute(_OLD, (site, channel, before, limit)).fetchall()
    return [Chat(*row) for row in rows]


def has_erased(connection: sqlite3.Connection) -> bool:
    """Return whether any chat was ever erased here."""
    sql = "SELECT 1 FROM erased LIMIT 1"
    return connection.execute(sql).fetchone() is not None


def is_unmerged(connection: sqlite3.Connection) -> bool:
    """Return whether the index of words still has some of an erased chat."""
    sql = "SELECT 1 FROM erased WHERE merged = 0 LIMIT 1"
    return connection.execute(sql).fetchone() is not None


def is_erased(connection: sqlite3.Connection, stream: int) -> bool:
    """Return whether nothing is left of what was said in a chat."""
    sql = "SELECT 1 FROM erased WHERE stream = ?"
    return connection.execute(sql, (stream,)).fetchone() is not None


def redact(db: Database, chat: Chat, rewrite: Rewrite, text: str, now: int) -> None:
    """Overwrite what was said in a chat, wherever it stands.

    `text` is the character that messages are overwritten with. Of each only its length
    in bytes stays.
    """
    stream = chat.stream
    _rewrite(db, stream, rewrite)
    search.drop(db, stream)
    sql = """
    UPDATE message SET text = replace(hex(zeroblob(length(CAST(text AS BLOB)))),
      '00', ?) WHERE stream = ?"""
    db.execute(sql, (text, stream))
    db.execute("UPDATE ticket SET preview = '', tags = '[]' WHERE stream = ?", [stream])
    for table in ("snapshot", "texting"):
        db.execute(f"DELETE FROM {table} WHERE stream = ?", [stream])  # noqa: S608 - constants
    outgoing.drop(db, stream, now)
    values = {"stream": stream, "chat": chat.chat}
    for id_, digest in db.execute(_IMAGES, values).fetchall():
        _doom(db, id_, digest)
    add = "INSERT INTO erased VALUES (?, ?, 0) ON CONFLICT DO NOTHING"
    db.execute(add, (stream, now))


def forget_person(db: Database, gone: Erasure, now: int) -> bool:
    """Forget what is known of a person beside their chats, and that this is done.

    Return `False`, and do nothing, if there is a chat of theirs that is not erased.
    """
    if left(db.conn, gone.site, gone.profile):
        return False
    whose = (gone.site, gone.profile)
    sql = """
    SELECT id, digest FROM blob WHERE site = ? AND owner = ? AND digest <> ''
      AND id IN (SELECT blob FROM unnamed)"""
    # Visitors cannot send any.
    owner = f"shopper:{gone.profile}"
    for id_, digest in db.execute(sql, (gone.site, owner)).fetchall():
        _doom(db, id_, digest)
    for table in ("profile_event", "blocked", "start"):
        sql = f"DELETE FROM {table} WHERE site = ? AND profile = ?"  # noqa: S608 - constants
        db.execute(sql, whose)
    db.execute("DELETE FROM profile WHERE site = ? AND id = ?", whose)
    merge(db)
    done = "UPDATE erasure SET done_at = ? WHERE site = ? AND profile = ?"
    db.execute(done, (now, *whose))
    return True


def merge(db: Database) -> None:
    """Let the index of words forget what was dropped from it.

    Deleted words stay in the index's own files until those are merged.
    """
    if is_unmerged(db.conn):
        search.merge(db)
        db.execute("UPDATE erased SET merged = 1 WHERE merged = 0")


def doomed(connection: sqlite3.Connection) -> list[str]:
    """Return the digests of files that have to go."""
    return [digest for (digest,) in connection.execute("SELECT digest FROM doomed")]


def gone(db: Database, digests: list[str]) -> None:
    """Note that these files are no more."""
    for digest in digests:
        db.execute("DELETE FROM doomed WHERE digest = ?", [digest])


def _rewrite(db: Database, stream: int, rewrite: Rewrite) -> None:
    after = 0
    while page := queries.page(db.conn, stream, after):
        for record in page:
            left = rewrite(record)
            if left is not None:
                body, ver = left
                new = msgspec.structs.replace(record, body=body, ver=ver)
                db.execute(
                    _REWRITE, (body, ver, of_record(stream, new), stream, new.seq)
                )
        after = page[-1].seq


def _doom(db: Database, id_: str, digest: str) -> None:
    """Let an image be one of which nothing is left but that it was there."""
    db.execute("DELETE FROM unnamed WHERE blob = ?", [id_])
    sql = "UPDATE blob SET source = '', digest = '', name = '' WHERE id = ?"
    db.execute(sql, [id_])
    db.execute("INSERT INTO doomed VALUES (?) ON CONFLICT DO NOTHING", [digest])
