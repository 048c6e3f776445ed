"""How the tables came to be what they are, step by step."""

import sqlite3

from sqlite_utils import Database, Migrations

from storage import blocks, erasing, numbers, relays, search
from storage import deeds as done
from storage import mailing as mailed
from storage import outgoing as leaving
from storage import tables as first
from storage import webhooks as hooks

migrations = Migrations("shopwire")
"""Oldest first. One that has been released is never edited; the next is appended."""


def _say(db: Database, script: str) -> None:
    """Execute the statements of `script`, each of which ends a line.

    `executescript` looks for their ends character by character when there is a
    transaction: two thirds of the 44 ms that a new journal took.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if line.endswith(";\n") and sqlite3.complete_statement(statement):
            db.conn.execute(statement.strip())
            statement = ""
    if statement.strip():
        db.conn.execute(statement.strip())


@migrations()
def first_tables(db: Database) -> None:
    """Create the journal, the rows written with it, and the accounts."""
    _say(db, first.JOURNAL)
    _say(db, first.ACCOUNTS)


@migrations()
def teams(db: Database) -> None:
    """Let a ticket wait in a team's queue."""
    db.execute("ALTER TABLE ticket ADD COLUMN team TEXT")


@migrations()
def documents_by_name(db: Database) -> None:
    """Keep a site's settings beside its other versioned documents."""
    _say(db, DOCUMENT_TABLE)


@migrations()
def people(db: Database) -> None:
    """Keep what a shop tells of its customers, and what they did there."""
    _say(db, PEOPLE_TABLES)


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
    _say(db, INBOX_TABLES)


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
    _say(db, BLOB_TABLES)


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
    _say(db, search.TABLES)


@migrations()
def outgoing(db: Database) -> None:
    """Keep what is to leave the process, and where people write texts from."""
    _say(db, leaving.TABLES)
    _say(db, numbers.TABLES)


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
    _say(db, mailed.TABLES)


@migrations()
def webhooks(db: Database) -> None:
    """Remember who wants to be told of what happens."""
    _say(db, hooks.TABLES)


@migrations()
def handed_over(db: Database) -> None:
    """Find quickly what other systems have control of."""
    sql = """
    CREATE INDEX ticket_external ON ticket(stream)
      WHERE control = 'external' AND status <> 'closed'"""
    db.execute(sql)


@migrations()
def relayed(db: Database) -> None:
    """Remember what other systems have taken of the chats they have."""
    _say(db, relays.TABLES)


@migrations()
def erasures(db: Database) -> None:
    """Remember who is to be forgotten, and which chats say nothing any more."""
    _say(db, erasing.TABLES)


@migrations()
def deeds(db: Database) -> None:
    """Remember who did what, and of handed over chats that are over nothing more."""
    _say(db, done.TABLES)
    db.execute(relays.OVER)


@migrations()
def checksums(db: Database) -> None:
    """Have events say whether they are as they were written."""
    db.execute("ALTER TABLE event ADD COLUMN sum INTEGER")
