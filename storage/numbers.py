"""At which telephone number a ticket's person writes and is answered.

Beside `profile.phone` the only place where numbers stand: the journal has none.
"""

import sqlite3
from typing import Final

from sqlite_utils import Database

from storage.accounts import Profile
from storage.records import TicketRow

SMS: Final = "sms"
"""The channel; and, in the `start` table, who it was that began: the provider's ids of
messages are its own, whoever's number they come from."""

TABLES = """
-- Numbers as the network writes them, with a plus and digits alone.
CREATE TABLE texting(stream INTEGER PRIMARY KEY, number TEXT NOT NULL) STRICT;
CREATE INDEX texting_number ON texting(number);
-- `phone` without what people put between its digits. A column, for indexes on
-- expressions serve no table WITHOUT ROWID.
ALTER TABLE profile ADD COLUMN number TEXT GENERATED ALWAYS AS (
  replace(replace(replace(replace(replace(
    phone, ' ', ''), '-', ''), '(', ''), ')', ''), '.', '')) VIRTUAL;
CREATE INDEX profile_number ON profile(number, site) WHERE number IS NOT NULL;
"""


def put(db: Database, stream: int, number: str) -> None:
    """Let the person of a ticket be answered at `number` from now on."""
    sql = """
    INSERT INTO texting VALUES (?, ?)
    ON CONFLICT(stream) DO UPDATE SET number = excluded.number"""
    db.execute(sql, (stream, number))


def of_ticket(connection: sqlite3.Connection, stream: int) -> str | None:
    """Return the number at which the person of a ticket is answered."""
    sql = "SELECT number FROM texting WHERE stream = ?"
    row = connection.execute(sql, (stream,)).fetchone()
    return None if row is None else row[0]


def unclosed(
    connection: sqlite3.Connection, site: str, number: str
) -> TicketRow | None:
    """Return the open or snoozed ticket that is answered at `number`."""
    sql = """
    SELECT ticket.* FROM texting JOIN ticket USING (stream)
    WHERE texting.number = ? AND site = ? AND channel = ? AND status <> 'closed'
    ORDER BY stream DESC LIMIT 1"""
    row = connection.execute(sql, (number, site, SMS)).fetchone()
    return None if row is None else TicketRow(*row)


def profile(connection: sqlite3.Connection, site: str, number: str) -> Profile | None:
    """Return the person at `site` with this number, however the shop has written it.

    Of several the shop's own customer, and the one last told of.
    """
    # By itself SQLite would rather read all people of the site.
    sql = """
    SELECT site, id, sub, name, email, phone, locale, created_at, updated_at
    FROM profile INDEXED BY profile_number WHERE number = ? AND site = ?
    ORDER BY sub IS NULL, updated_at DESC, id LIMIT 1"""
    row = connection.execute(sql, (number, site)).fetchone()
    return None if row is None else Profile(*row)
