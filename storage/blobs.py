"""Images as rows: whose they are, and which of the files are theirs.

An image belongs to the chat it was uploaded to. One that was uploaded before there was
a chat belongs to who did it, until a message names it; from then on to that chat.
"""

import sqlite3

import msgspec
from sqlite_utils import Database


class Blob(msgspec.Struct, frozen=True):
    """One image, as it is kept."""

    id: str
    site: str
    chat: str | None
    """`None` if there was none when it was uploaded."""
    owner: str
    """Who uploaded it."""
    source: str
    """Digest of what was uploaded, to know it again."""
    digest: str
    """Of what is kept of it, which names the file."""
    mime: str
    name: str
    """What to call it when it is saved."""
    size: int
    width: int
    height: int


_UNNAMED = "EXISTS (SELECT 1 FROM unnamed WHERE blob = id)"
_SAME = f"""
SELECT * FROM blob WHERE source = :source AND site = :site AND (
  chat IS :chat AND (chat IS NOT NULL OR owner = :owner AND {_UNNAMED})
  OR EXISTS (SELECT 1 FROM named WHERE blob = id AND stream = :stream))
ORDER BY id LIMIT 1"""  # noqa: S608 - a constant
_NAMEABLE = f"""
SELECT id FROM blob WHERE id = :id AND site = :site AND (chat = :chat
  OR EXISTS (SELECT 1 FROM named WHERE blob = id AND stream = :stream)
  OR chat IS NULL AND owner = :owner AND {_UNNAMED})"""  # noqa: S608 - likewise


class Place(msgspec.Struct, frozen=True):
    """Where an image is wanted, and by whom."""

    site: str
    chat: str | None
    stream: int | None
    """The chat's in the journal."""
    owner: str


def same(connection: sqlite3.Connection, place: Place, source: str) -> Blob | None:
    """Return the image at `place` that was made of the same bytes."""
    values = {"source": source, **msgspec.structs.asdict(place)}
    row = connection.execute(_SAME, values).fetchone()
    return None if row is None else Blob(*row)


def nameable(
    connection: sqlite3.Connection, place: Place, ids: tuple[str, ...]
) -> frozenset[str]:
    """Return which of `ids` a message at `place` may name."""
    values = msgspec.structs.asdict(place)
    return frozenset(
        id_
        for id_ in ids
        if connection.execute(_NAMEABLE, {"id": id_, **values}).fetchone() is not None
    )


def add(db: Database, new: Blob, place: Place, at: int) -> Blob:
    """Add `new` and return it; or the one there is of the same bytes, renewed."""
    found = renew(db, place, new.source, at)
    if found is not None:
        return found
    marks = ", ".join("?" * len(new.__struct_fields__))
    sql = f"INSERT INTO blob VALUES ({marks})"  # noqa: S608 - a constant
    db.execute(sql, msgspec.structs.astuple(new))
    db.execute("INSERT INTO unnamed VALUES (?, ?)", (new.id, at))
    return new


def renew(db: Database, place: Place, source: str, at: int) -> Blob | None:
    """Return the image there is of the same bytes; its hour begins anew.

    Whoever uploads it again means to send it.
    """
    found = same(db.conn, place, source)
    if found is not None:
        db.execute("UPDATE unnamed SET at = ? WHERE blob = ?", (at, found.id))
    return found


def blob(connection: sqlite3.Connection, id_: str) -> Blob | None:
    """Return the image with this id."""
    row = connection.execute("SELECT * FROM blob WHERE id = ?", (id_,)).fetchone()
    return None if row is None else Blob(*row)


def streams_naming(connection: sqlite3.Connection, id_: str) -> list[int]:
    """Return the streams of the chats in which a message names it."""
    sql = "SELECT stream FROM named WHERE blob = ?"
    return [stream for (stream,) in connection.execute(sql, (id_,)).fetchall()]


def unnamed(connection: sqlite3.Connection, before: int, limit: int) -> list[str]:
    """Return up to `limit` images that wait for a message since before `before`."""
    sql = "SELECT blob FROM unnamed WHERE at < ? ORDER BY at LIMIT ?"
    return [id_ for (id_,) in connection.execute(sql, (before, limit)).fetchall()]


def drop_unnamed(db: Database, before: int, limit: int) -> list[str]:
    """Delete up to `limit` images that wait for a message since before `before`.

    Return the digests of the files that are nobody's any more.
    """
    digests: set[str] = set()
    for id_ in unnamed(db.conn, before, limit):
        found = blob(db.conn, id_)
        db.execute("DELETE FROM unnamed WHERE blob = ?", (id_,))
        db.execute("DELETE FROM blob WHERE id = ?", (id_,))
        if found is not None:
            digests.add(found.digest)
    return sorted(digest for digest in digests if not is_used(db.conn, digest))


def is_used(connection: sqlite3.Connection, digest: str) -> bool:
    """Return whether an image is made of the file called `digest`."""
    sql = "SELECT 1 FROM blob WHERE digest = ? LIMIT 1"
    return connection.execute(sql, (digest,)).fetchone() is not None


def digests(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all files that images are made of."""
    sql = "SELECT DISTINCT digest FROM blob WHERE digest <> ''"
    return {digest for (digest,) in connection.execute(sql).fetchall()}
