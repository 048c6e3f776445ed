"""Whom a shop means who asks for what is kept of a person, or that it goes.

Visitors have no name: an admin names them by one of their chats.
"""

import sqlite3

from actors.ids import ChatId, stream_of
from storage import people
from storage.accounts import Profile


def id_of(connection: sqlite3.Connection, site: str, name: str) -> str | None:
    """Return our id of who is called `name`, or has a chat of that id."""
    return people.whose(connection, site, name, stream_of(ChatId(name)))


def meant(connection: sqlite3.Connection, site: str, name: str) -> Profile | None:
    """Return the same person; `None` if they were erased, too."""
    found = id_of(connection, site, name)
    return None if found is None else people.person(connection, site, found)
