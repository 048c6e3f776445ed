"""Finding messages, notes and names by the words in them (spec F56).

The index lags behind the journal: it is brought up to date in small steps beside the
commits, never in one that somebody waits for, and once more before a search. How far it
has come stands in `meta`. It could be made anew at any time, and is when it is damaged.

Entries have the gseq of the event they stand for: a message, a note, or an opening,
which stands for the shopper's name. What is found is held against the text as it is
now: a name of the past or an erased word is never found, whatever the index has.
"""

import json
import sqlite3
from hashlib import blake2b

import msgspec
from sqlite_utils import Database

from storage import meta
from storage.folding import fold, places, words

POSITION = "search"
"""In `meta`: the gseq up to which events are in the index."""
STEP = 128
"""Events in one step, for which appends wait: 3 ms, 20 when the index is merged, on a
busy machine. A step of 32 costs half as much again an event (decision 008)."""
NAMES = 16
"""Changed names in one step; each may have many tickets."""
WORDS = 8
"""Words of a query that count."""
PAGE = 200
"""Entries looked at by one statement."""
SCANNED = 2000
"""Entries looked at in one search, 0.1 s: if few of them pass, the caller goes on."""
BEFORE = 40
AROUND = 160
"""Characters of a text that are shown, and of these before the first match."""
FIRST = 2**63 - 1

TABLES = """
CREATE VIRTUAL TABLE search USING fts5(
  site, text, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3');
-- Whose names have changed since the index knew them.
CREATE TABLE renamed(
  site TEXT NOT NULL, profile TEXT NOT NULL, PRIMARY KEY (site, profile))
  STRICT, WITHOUT ROWID;
CREATE TRIGGER profile_renamed AFTER UPDATE OF name ON profile
  WHEN old.name IS NOT new.name
  BEGIN INSERT OR IGNORE INTO renamed VALUES (new.site, new.id); END;
CREATE TRIGGER profile_gone AFTER DELETE ON profile
  BEGIN INSERT OR IGNORE INTO renamed VALUES (old.site, old.id); END;
"""
_MESSAGES = """
SELECT m.gseq, t.site, m.text FROM message m JOIN ticket t USING (stream)
WHERE m.gseq > ? AND m.gseq <= ?"""
_OPENINGS = """
SELECT e.gseq, t.site, p.name FROM event e JOIN ticket t USING (stream)
JOIN profile p ON p.site = t.site AND p.id = t.profile
WHERE e.gseq > ? AND e.gseq <= ? AND e.kind = 'opened' AND p.name IS NOT NULL"""
_RENAMED = """
SELECT e.gseq, t.site, p.name FROM ticket t
JOIN event e ON e.stream = t.stream AND e.seq = 1
LEFT JOIN profile p ON p.site = t.site AND p.id = t.profile
WHERE t.site = ? AND t.profile = ? AND e.gseq <= ?"""
_CANDIDATES = """
SELECT rowid FROM search WHERE search MATCH ? AND rowid < ?
ORDER BY rowid DESC LIMIT ?"""
_HITS = """
SELECT e.gseq, t.chat, e.seq, e.at, e.by, e.kind, m.text, p.name, t.status, t.channel,
  t.assignee
FROM event e JOIN ticket t USING (stream) LEFT JOIN message m USING (gseq)
LEFT JOIN profile p ON p.site = t.site AND p.id = t.profile
WHERE e.gseq IN (SELECT value FROM json_each(:found)) AND t.site = :site
  AND (:status IS NULL OR t.status = :status)
  AND (:channel IS NULL OR t.channel = :channel)
  AND (:agent IS NULL OR t.assignee = :agent)
  AND (t.team IS NULL OR t.assignee = :asker
    OR t.team NOT IN (SELECT value FROM json_each(:hidden)))
  AND (:since IS NULL OR e.at >= :since) AND (:until IS NULL OR e.at <= :until)
ORDER BY e.gseq DESC"""


class Query(msgspec.Struct, frozen=True):
    """What is looked for; `None` stands for any."""

    site: str
    text: str
    status: str | None = None
    channel: str | None = None
    agent: str | None = None
    """Whose tickets."""
    since: int | None = None
    until: int | None = None
    limit: int = 20
    before: int = FIRST
    """The `cursor` of what was found before."""
    asker: str = ""
    """The agent who looks."""
    hidden: tuple[str, ...] = ()
    """Teams whose tickets the asker may not open, but for their own."""


class Hit(msgspec.Struct, frozen=True):
    """One place where it was found."""

    chat: str
    seq: int
    at: int
    by: str
    kind: str
    """`msg`, `note`, or `name` if it is the shopper's."""
    name: str
    status: str
    channel: str
    assignee: str | None
    snippet: tuple[str, ...]
    """Text, match, text, match, text…: every second one is what was looked for."""


class Found(msgspec.Struct, frozen=True):
    """The newest hits first."""

    hits: tuple[Hit, ...]
    cursor: int | None
    """To go on with; `None` if that was all."""


def behind(connection: sqlite3.Connection) -> bool:
    """Return whether there is anything that the index does not know."""
    head = meta.head(connection)
    if position(connection) < head:
        return True
    return connection.execute("SELECT 1 FROM renamed LIMIT 1").fetchone() is not None


def position(connection: sqlite3.Connection) -> int:
    """Return up to where the index knows the events."""
    return meta.position(connection, POSITION)


def advance(db: Database) -> None:
    """Take the next step: some events, and some names that have changed."""
    connection = db.conn
    low = position(connection)
    head = meta.head(connection)
    high = min(low + STEP, head)
    if high > low:
        for sql in (_MESSAGES, _OPENINGS):
            _insert(connection, connection.execute(sql, (low, high)).fetchall())
        meta.move(connection, POSITION, high)
    names = connection.execute("SELECT * FROM renamed LIMIT ?", (NAMES,)).fetchall()
    for site, profile in names:
        rows = connection.execute(_RENAMED, (site, profile, high)).fetchall()
        _delete(connection, [gseq for gseq, _, _ in rows])
        _insert(connection, [row for row in rows if row[2] is not None])
        gone = "DELETE FROM renamed WHERE site = ? AND profile = ?"
        connection.execute(gone, (site, profile))


def rebuild(db: Database) -> None:
    """Begin anew with an empty index."""
    db.conn.execute("DROP TABLE IF EXISTS search")
    db.conn.execute(TABLES[: TABLES.index(";")])
    db.conn.execute("DELETE FROM meta WHERE key = ?", (POSITION,))


def forget(db: Database, streams: list[int]) -> None:
    """Leave nothing in the index of what was said in these chats (spec U10)."""
    for stream in streams:
        drop(db, stream)
    merge(db)


def drop(db: Database, stream: int) -> None:
    """Find nothing in a chat any more; its words are gone with the next `merge`."""
    sql = "SELECT gseq FROM event WHERE stream = ?"
    rows = db.conn.execute(sql, (stream,)).fetchall()
    _delete(db.conn, [gseq for (gseq,) in rows])


def merge(db: Database) -> None:
    """Leave nothing in the index's own files of words that were dropped."""
    db.conn.execute("INSERT INTO search(search) VALUES ('optimize')")


def find(connection: sqlite3.Connection, query: Query) -> Found:
    """Return what there is of `query` in the index, as far as one look goes."""
    wanted = words(fold(query.text))[:WORDS]
    hits: list[Hit] = []
    before, looked = query.before, 0
    while wanted and looked < SCANNED:
        candidates = _candidates(connection, query.site, wanted, before)
        for gseq, hit in _hits(connection, query, wanted, candidates):
            hits.append(hit)
            if len(hits) == query.limit:
                return Found(tuple(hits), gseq)
        if len(candidates) < PAGE:
            return Found(tuple(hits), None)
        before = candidates[-1]
        looked += len(candidates)
    return Found(tuple(hits), before if wanted else None)


def _candidates(
    connection: sqlite3.Connection, site: str, wanted: list[str], before: int
) -> list[int]:
    # Words have nothing but letters and digits: none can be taken for syntax.
    texts = " AND ".join(f'text:"{word}"*' for word in wanted)
    match = f'site:"{_mark(site)}" AND {texts}'
    rows = connection.execute(_CANDIDATES, (match, before, PAGE)).fetchall()
    return [gseq for (gseq,) in rows]


def _hits(
    connection: sqlite3.Connection,
    query: Query,
    wanted: list[str],
    candidates: list[int],
) -> list[tuple[int, Hit]]:
    values = msgspec.structs.asdict(query)
    values |= {"found": json.dumps(candidates), "hidden": json.dumps(query.hidden)}
    found: list[tuple[int, Hit]] = []
    for row in connection.execute(_HITS, values).fetchall():
        gseq, chat, seq, at, by, kind, text, name, status, channel, assignee = row
        shown = (name if kind == "opened" else text) or ""
        at_places = places(shown, wanted)
        if at_places is None:
            continue  # it says something else by now
        hit = Hit(
            chat,
            seq,
            at,
            by,
            "name" if kind == "opened" else kind,
            name or "",
            status,
            channel,
            assignee,
            _snippet(shown, at_places),
        )
        found.append((gseq, hit))
    return found


def _snippet(text: str, found: list[tuple[int, int]]) -> tuple[str, ...]:
    begin = max(0, found[0][0] - BEFORE)
    end = min(len(text), begin + AROUND)
    parts, done = list[str](), begin
    for start, stop in found:
        if stop > end:
            break
        parts += [text[done:start], text[start:stop]]
        done = stop
    return (*parts, text[done:end])


def _insert(connection: sqlite3.Connection, rows: list[tuple[int, str, str]]) -> None:
    connection.executemany(
        "INSERT INTO search(rowid, site, text) VALUES (?, ?, ?)",
        [(gseq, _mark(site), fold(text)) for gseq, site, text in rows if text],
    )


def _delete(connection: sqlite3.Connection, gseqs: list[int]) -> None:
    sql = "DELETE FROM search WHERE rowid = ?"
    connection.executemany(sql, [(gseq,) for gseq in gseqs])


def _mark(site: str) -> str:
    """Return a word that stands for `site`, whatever characters its id has."""
    return "s" + blake2b(site.encode(), digest_size=8).hexdigest()
