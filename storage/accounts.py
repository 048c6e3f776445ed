"""Sites and their keys, agents and profiles: typed rows and plain functions.

Those that write take the `Database` of a `Change`, those that read the connection of a
`Query` (inside a `Change`: `db.conn`). None commits. What somebody else may have taken
or changed meanwhile is answered by value; an exception is a bug of the caller.
"""

import sqlite3
from typing import Literal, NewType

import msgspec
from sqlite_utils import Database

Use = Literal["shop", "staff"]
"""Shop keys sign shoppers' tokens and nothing else, staff keys those of agents."""


class Secret(bytes):
    """A key's secret; shows itself in no log and no traceback."""

    def __repr__(self) -> str:
        return "Secret(...)"


class PasswordHash(str):
    """An argon2 hash with its salt; not for logs either."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "PasswordHash(...)"


class Site(msgspec.Struct, frozen=True):
    """One shop."""

    id: str
    name: str
    created_at: int


class Key(msgspec.Struct, frozen=True):
    """What signs tokens."""

    kid: str
    site: str | None
    """`None` for staff keys, which serve all sites."""
    use: Use
    alg: str
    secret: Secret
    created_at: int
    removed_at: int | None = None


class Agent(msgspec.Struct, frozen=True):
    """A team member's account."""

    site: str
    id: str
    email: str | None
    name: str
    role: str
    password: PasswordHash | None
    """`None`: no login, tokens come from the command line."""
    disabled_at: int | None
    created_at: int
    token_version: int = 0
    """Tokens of any other are good for nothing any more."""
    notify: str = "[]"
    """What they want to be mailed of: a list in JSON, storage does not look inside."""


class Profile(msgspec.Struct, frozen=True):
    """What is known of a shopper."""

    site: str
    id: str
    """Ours; the one that the journal knows."""
    sub: str | None
    """The shop's own id of the person; stands here alone."""
    name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    created_at: int
    updated_at: int


Table = NewType("Table", str)
SITE = Table("site")
KEY = Table("key")
AGENT = Table("agent")
PROFILE = Table("profile")
# Without what the shop tells beside, which may be long: see `storage.people`.
_PROFILE = """
SELECT site, id, sub, name, email, phone, locale, created_at, updated_at FROM profile
WHERE site = ?"""


def add_site(db: Database, site: Site) -> bool:
    """Return whether `site` was added; not if its id is taken."""
    return _insert(db, SITE, site)


def sites(connection: sqlite3.Connection) -> list[Site]:
    """Return all sites, the oldest first."""
    sql = "SELECT * FROM site ORDER BY created_at, id"
    return [Site(*row) for row in connection.execute(sql).fetchall()]


def site(connection: sqlite3.Connection, id_: str) -> Site | None:
    """Return the site with this id."""
    row = connection.execute("SELECT * FROM site WHERE id = ?", (id_,)).fetchone()
    return None if row is None else Site(*row)


def add_key(db: Database, key: Key) -> bool:
    """Return whether `key` was added; not if its kid is taken."""
    return _insert(db, KEY, key)


def keys(connection: sqlite3.Connection) -> list[Key]:
    """Return the keys of all sites that were not removed, the oldest first."""
    sql = """
    SELECT kid, site, use, alg, secret, created_at FROM key
    WHERE removed_at IS NULL ORDER BY created_at, kid"""
    return [
        Key(kid, of, use, alg, Secret(secret), created_at)
        for kid, of, use, alg, secret, created_at in connection.execute(sql).fetchall()
    ]


def keys_of(connection: sqlite3.Connection, site: str) -> list[Key]:
    """Return the keys with which `site` signs its shoppers' tokens, the oldest first.

    Of several with the same moment the order is theirs by kid, as in `keys`.
    """
    return [key for key in keys(connection) if key.site == site]


def remove_key(db: Database, kid: str, at: int) -> bool:
    """Return whether a key that was in use is no more; its kid stays taken."""
    sql = """
    UPDATE key SET removed_at = ?, secret = x'' WHERE kid = ? AND removed_at IS NULL"""
    return db.execute(sql, (at, kid)).rowcount == 1


def add_agent(db: Database, agent: Agent) -> bool:
    """Return whether `agent` was added; not if the id or the e-mail is taken."""
    return _insert(db, AGENT, agent)


def save_agent(db: Database, agent: Agent) -> bool:
    """Return whether the account now is `agent`.

    Not if there is none with this id, or the e-mail is another's.
    """
    sql = """
    UPDATE OR IGNORE agent SET email = ?, name = ?, role = ?, password = ?,
      disabled_at = ?, token_version = ?, notify = ? WHERE site = ? AND id = ?"""
    return _update(
        db,
        sql,
        agent.email,
        agent.name,
        agent.role,
        agent.password,
        agent.disabled_at,
        agent.token_version,
        agent.notify,
        agent.site,
        agent.id,
    )


def agent(connection: sqlite3.Connection, site: str, id_: str) -> Agent | None:
    """Return the agent with this id."""
    sql = "SELECT * FROM agent WHERE site = ? AND id = ?"
    found = _agents(connection, sql, site, id_)
    return found[0] if found else None


def agents(connection: sqlite3.Connection, site: str) -> list[Agent]:
    """Return the agents of `site`, the oldest first, disabled ones too."""
    return _agents(
        connection, "SELECT * FROM agent WHERE site = ? ORDER BY created_at, id", site
    )


def agents_by_email(connection: sqlite3.Connection, email: str) -> list[Agent]:
    """Return who logs in with `email`, at most one a site; case does not matter."""
    return _agents(
        connection, "SELECT * FROM agent WHERE email = ? ORDER BY site", email
    )


def add_profile(db: Database, new: Profile) -> Profile:
    """Add `new` and return it; or the one that has its id or its sub already."""
    if _insert(db, PROFILE, new):
        return new
    found = None
    if new.sub is not None:
        found = profile_by_sub(db.conn, new.site, new.sub)
    return found or profile(db.conn, new.site, new.id) or new


def save_profile(db: Database, changed: Profile) -> bool:
    """Return whether the row now is `changed`.

    Not if there is none with this id, or the sub is another's.
    """
    sql = """
    UPDATE OR IGNORE profile SET sub = ?, name = ?, email = ?, phone = ?, locale = ?,
      updated_at = ? WHERE site = ? AND id = ?"""
    return _update(
        db,
        sql,
        changed.sub,
        changed.name,
        changed.email,
        changed.phone,
        changed.locale,
        changed.updated_at,
        changed.site,
        changed.id,
    )


def profile(connection: sqlite3.Connection, site: str, id_: str) -> Profile | None:
    """Return the profile with our id `id_`."""
    sql = f"{_PROFILE} AND id = ?"
    row = connection.execute(sql, (site, id_)).fetchone()
    return None if row is None else Profile(*row)


def profile_by_sub(
    connection: sqlite3.Connection, site: str, sub: str
) -> Profile | None:
    """Return the profile that the shop calls `sub`."""
    sql = f"{_PROFILE} AND sub = ?"
    row = connection.execute(sql, (site, sub)).fetchone()
    return None if row is None else Profile(*row)


def profile_called(
    connection: sqlite3.Connection, site: str, name: str
) -> Profile | None:
    """Return who is called `name`: by the shop, or else by our id of them."""
    found = profile_by_sub(connection, site, name)
    return found or profile(connection, site, name)


def _insert(db: Database, table: Table, row: msgspec.Struct) -> bool:
    values = msgspec.structs.astuple(row)
    columns, marks = ", ".join(row.__struct_fields__), ", ".join("?" * len(values))
    # Not `OR IGNORE`, which would hide a broken CHECK and a missing value too.
    sql = f"INSERT INTO {table}({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - constants
    return _update(db, sql, *values)


def _update(db: Database, sql: str, *values: object) -> bool:
    return db.execute(sql, values).rowcount == 1


def _agents(connection: sqlite3.Connection, sql: str, *values: str) -> list[Agent]:
    found: list[Agent] = []
    for row in connection.execute(sql, values).fetchall():
        site_, id_, email, name, role, password, *times = row
        hashed = None if password is None else PasswordHash(password)
        found.append(Agent(site_, id_, email, name, role, hashed, *times))
    return found
