"""The parts of one library by what they are about, in an index of SQLite's.

FTS5 finds and ranks what has any of a question's words; which of the few best it is,
if any, is worked out beside it (`knowledge`).
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import log
from threading import Lock
from typing import NamedTuple

from broker.outward.ai.passages import Part
from broker.outward.ai.terms import keys, one_edit, terms, words

NEAREST = 40
"""Parts that are looked at closely; beyond, bm25 has never had the right one."""
SHORT = 5
"""Letters of a stem in which a typo is looked for."""
BEGIN = 4
"""Letters that stems of one word share at least."""
LIKE = 0.8
"""What a word counts that is only like the one asked for."""


class Filed(NamedTuple):
    """A part, and what it is about."""

    part: Part
    head: frozenset[str]
    """Of its question or heading."""
    title: frozenset[str]
    """Of the article's title, where that is not the heading."""
    body: frozenset[str]
    opens: bool
    """Whether it stands before the first heading of an article that has some."""


class Shelf:
    """All parts, to be found by keys. Any thread may ask."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.filed = [_filed(part) for part in parts]
        self._counts = Counter(
            key for each in self.filed for key in each.head | each.title | each.body
        )
        self._rarest = log(1 + len(self.filed))
        self._stems = defaultdict[str, list[str]](list)
        for key in sorted(self._counts):
            if not key.startswith("="):
                self._stems[key[0]].append(key)
        self._lock = Lock()
        # Any thread may come, one at a time.
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(
            "CREATE VIRTUAL TABLE part USING fts5(head, title, body, content='',"
            " tokenize=\"unicode61 tokenchars '=_'\")"
        )
        rows = (
            (row, " ".join(each.head), " ".join(each.title), " ".join(each.body))
            for row, each in enumerate(self.filed)
        )
        sql = "INSERT INTO part(rowid, head, title, body) VALUES (?, ?, ?, ?)"
        self._index.executemany(sql, rows)

    def knows(self, key: str) -> bool:
        """Return whether any part is about it."""
        return key in self._counts

    def weight(self, key: str) -> float:
        """Return how rare it is; the most for what is nowhere."""
        count = self._counts.get(key, 1)
        return log(1 + len(self.filed) / count) / self._rarest if self.filed else 1.0

    def like(self, stem: str) -> list[str]:
        """Return the stems here that `stem` may be another form of, or a typo for."""
        known = self._stems.get(stem[:1], ())
        forms = [
            key
            for key in known
            if key != stem
            and min(len(key), len(stem)) >= BEGIN
            and abs(len(key) - len(stem)) <= 3  # noqa: PLR2004  # an ending's letters
            and (key.startswith(stem) or stem.startswith(key))
        ]
        if forms or stem in self._counts or len(stem) < SHORT:
            return forms
        return [key for key in known if len(key) >= SHORT and one_edit(key, stem)]

    def nearest(self, wanted: Iterable[str]) -> list[Filed]:
        """Return the parts that have any of `wanted`, the nearest first."""
        query = " OR ".join(f'"{key}"' for key in wanted)
        if not query:
            return []
        sql = (
            "SELECT rowid FROM part WHERE part MATCH ?"
            " ORDER BY bm25(part, 4.0, 2.0, 1.0), rowid LIMIT ?"
        )
        with self._lock:
            rows = self._index.execute(sql, (query, NEAREST)).fetchall()
        return [self.filed[row] for (row,) in rows]


def _filed(part: Part) -> Filed:
    heading = words(part.heading)
    head = keys(terms(heading))
    # What makes up an entry of several words ("gift card") is there by itself, too.
    title = keys(terms(words(part.title))) - head
    body = keys(terms(words(part.text))) | {
        key for word in heading for key in keys(terms([word]))
    }
    body -= head
    opens = part.heading == part.title and "#" in part.id
    return Filed(part, frozenset(head), frozenset(title), frozenset(body), opens)
