"""What a shop knows of a person beside their name, and what they did there.

Plain functions, like those of `storage.accounts`. What is personal stands in two places
beside the chats: the row in `profile`, facts included, and the rows in `profile_event`.
"""

import sqlite3
from typing import NamedTuple

from sqlite_utils import Database

from storage import accounts, erasing
from storage.accounts import Profile
from storage.records import TicketRow

STARTED, CLOSED = "chat_started", "chat_closed"
"""Kinds of what is read from the tickets: it is not stored a second time."""
FIRST = (2**63 - 1, "")
"""A place in a history before which everything has happened."""

_TICKETS = "SELECT * FROM ticket WHERE site = ? AND profile = ?"


class Happening(NamedTuple):
    """Something that a person did, or that was done for them."""

    at: int
    id: str
    """The shop's own, once in the person's history."""
    kind: str
    data: str
    """JSON; storage does not look inside."""


class Window(NamedTuple):
    """Which part of a history to read, from its new end on."""

    before: tuple[int, str]
    """Moment and id of what the page is to come before."""
    kinds: tuple[str, ...]
    """None: all."""
    limit: int


def put_facts(db: Database, person: Profile, facts: str) -> Profile:
    """Let the person with this sub be as told; return them under the id they have."""
    known = accounts.add_profile(db, person)
    sql = """
    UPDATE profile SET name = ?, email = ?, phone = ?, locale = ?, updated_at = ?,
      facts = ? WHERE site = ? AND id = ?"""
    told = (person.name, person.email, person.phone, person.locale, person.updated_at)
    db.execute(sql, (*told, facts, known.site, known.id))
    return accounts.profile(db.conn, known.site, known.id) or known


def whose(
    connection: sqlite3.Connection, site: str, name: str, stream: int | None
) -> str | None:
    """Return our id of a person: by what the shop calls them, or by that id itself.

    Or by the id of a chat of theirs, which would be in `stream`: visitors have no row,
    and nobody knows their ids by heart. Who was erased is found by both ids too.
    """
    found = accounts.profile_called(connection, site, name)
    if found is not None:
        return found.id
    sql = """
    SELECT profile FROM ticket WHERE site = :site AND profile = :name
    UNION ALL SELECT profile FROM ticket
      WHERE stream = :stream AND site = :site AND chat = :name
    UNION ALL SELECT profile FROM erasure WHERE site = :site AND profile = :name
    LIMIT 1"""
    values = {"site": site, "name": name, "stream": stream}
    row = connection.execute(sql, values).fetchone()
    return None if row is None else row[0]


def person(connection: sqlite3.Connection, site: str, id_: str) -> Profile | None:
    """Return who has our id `id_`; `None`: nobody, or somebody who was erased.

    Of a visitor nothing is known but when they talked.
    """
    known = accounts.profile(connection, site, id_)
    if known is not None or erasing.of_person(connection, site, id_) is not None:
        return known
    sql = """
    SELECT min(opened_at), max(last_at) FROM ticket WHERE site = ? AND profile = ?"""
    first, last = connection.execute(sql, (site, id_)).fetchone()
    if first is None:
        return None
    return Profile(site, id_, None, None, None, None, None, first, last)


def facts(connection: sqlite3.Connection, site: str, profile: str) -> str | None:
    """Return what the shop has told of a person; `None`: nothing."""
    sql = "SELECT facts FROM profile WHERE site = ? AND id = ?"
    row = connection.execute(sql, (site, profile)).fetchone()
    return None if row is None else row[0]


def add_happenings(
    db: Database, person: Profile, happenings: tuple[Happening, ...]
) -> tuple[Profile, list[Happening]]:
    """Return the person, and which of `happenings` were not known by their ids."""
    known = accounts.add_profile(db, person)
    sql = """
    INSERT INTO profile_event VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
    added = [
        happening
        for happening in happenings
        if db.execute(
            sql,
            (
                known.site,
                known.id,
                happening.id,
                happening.at,
                happening.kind,
                happening.data,
            ),
        ).rowcount
        == 1
    ]
    return known, added


def happenings(
    connection: sqlite3.Connection, site: str, profile: str, window: Window
) -> list[Happening]:
    """Return the newest of `window`, newest first: the shop's, and our own of chats."""
    before, kinds, limit = window
    wanted = f"AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
    sql = f"""
    SELECT at, id, kind, data FROM profile_event
    WHERE site = ? AND profile = ? AND (at, id) < (?, ?) {wanted}
    ORDER BY at DESC, id DESC LIMIT ?"""  # noqa: S608 - question marks alone
    values = (site, profile, *before, *kinds, limit)
    found = [Happening(*row) for row in connection.execute(sql, values).fetchall()]
    found += [
        happening
        for row in tickets_of(connection, site, profile)
        for happening in of_ticket(row)
        if happening[:2] < before and (not kinds or happening.kind in kinds)
    ]
    found.sort(reverse=True)
    return found[:limit]


def of_ticket(row: TicketRow) -> list[Happening]:
    """Return what a ticket adds to its person's history."""
    found = [of_chat(STARTED, row.opened_at, row.chat, row.channel)]
    if row.closed_at is not None:
        found.append(of_chat(CLOSED, row.closed_at, row.chat, row.channel))
    return found


def of_chat(kind: str, at: int, chat: str, channel: str) -> Happening:
    """Return the begin or the end of a chat, as its person's history has it."""
    # A blank is in no id of a shop's: this is never one of those. Of a chat that began
    # and ended in the same millisecond the end is the later word in the alphabet, too.
    data = f'{{"chat":"{chat}","channel":"{channel}"}}'
    return Happening(at, f"{chat} {'begin' if kind == STARTED else 'end'}", kind, data)


def tickets_of(
    connection: sqlite3.Connection, site: str, profile: str
) -> list[TicketRow]:
    """Return all tickets of a person, the newest first."""
    sql = f"{_TICKETS} ORDER BY stream DESC"
    rows = connection.execute(sql, (site, profile)).fetchall()
    return [TicketRow(*row) for row in rows]
