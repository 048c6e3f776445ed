"""Pages of a site's tickets, for those who read them without watching.

No page shows a ticket that an earlier one has shown, and none is passed over, whatever
is said meanwhile: lists run by when a ticket was opened, or closed, which stays.
"""

import json
import sqlite3
from typing import NamedTuple

from storage.inbox import COLUMNS, Named, named
from storage.queries import Listed

NOBODY = "-"
"""As the holder that is wanted: no agent is called so."""
_OPENED = "stream < :stream ORDER BY stream DESC"
_CLOSED = "(closed_at, stream) < (:at, :stream) ORDER BY closed_at DESC, stream DESC"
_FROM = f"""
SELECT {COLUMNS}, name, email, phone FROM ticket
LEFT JOIN profile ON profile.site = ticket.site AND profile.id = ticket.profile"""  # noqa: S608 - constants


class Wanted(NamedTuple):
    """Which tickets of a site; `None` stands for any."""

    site: str
    status: str
    asker: str
    """The agent who asks."""
    hidden: tuple[str, ...] = ()
    """Teams whose tickets the asker may not see, but for their own."""
    channel: str | None = None
    holder: str | None = None
    """Whose tickets, or `NOBODY`'s."""


def page(
    connection: sqlite3.Connection, wanted: Wanted, before: Listed, limit: int
) -> list[Named]:
    """Return up to `limit` tickets behind the place `before`, the newest first."""
    # As a constant: a partial index serves those that are closed.
    closed = wanted.status == "closed"
    status, order = ("'closed'", _CLOSED) if closed else (":status", _OPENED)
    sql = f"""{_FROM}
    WHERE ticket.site = :site AND status = {status}
      AND (:channel IS NULL OR channel = :channel)
      AND (:holder IS NULL OR assignee IS nullif(:holder, '{NOBODY}'))
      AND (team IS NULL OR assignee IS :asker
        OR team NOT IN (SELECT value FROM json_each(:hidden)))
      AND {order} LIMIT :limit"""  # noqa: S608 - constants
    values: dict[str, object] = wanted._asdict()
    values |= {"hidden": json.dumps(wanted.hidden), "limit": limit}
    values |= {"at": before.last_at, "stream": before.stream}
    return named(connection, sql, values)


def of_streams(connection: sqlite3.Connection, streams: list[int]) -> list[Named]:
    """Return these tickets, in this order; those that are not there are left out."""
    sql = f"{_FROM} WHERE stream IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
    found = named(connection, sql, (json.dumps(streams),))
    return sorted(found, key=lambda each: streams.index(each.row.stream))


def marked(connection: sqlite3.Connection, agent: str, streams: list[int]) -> set[int]:
    """Return which of these tickets `agent` has flagged."""
    sql = """
    SELECT stream FROM reading WHERE agent = ? AND marked <> 0
      AND stream IN (SELECT value FROM json_each(?))"""
    rows = connection.execute(sql, (agent, json.dumps(streams))).fetchall()
    return {stream for (stream,) in rows}
