"""What a transaction says, written down as it says it, to be said again elsewhere.

A copy of the journal that hears the same statements with the same parameters, in the
same order, from the same beginning, is the same journal: SQLite decides nothing by
chance or by the clock, and neither do our statements. Reads are left out, and what was
rolled back to a savepoint.

Only a replicated journal has a connection like this (`storage.replica`).
"""

import sqlite3
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

Parameters = Any
"""Of one statement: whatever sqlite3 takes, which has no public name for it."""
Statement = tuple[str, bool, Any]
"""The SQL, whether it was executed with each of many, and the parameters."""

READS = frozenset({"SELECT", "PRAGMA", "EXPLAIN", "VALUES"})
"""What a statement begins with that leaves no trace in the tables."""
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
"""What stands somewhere in one that begins with WITH, if it writes."""
SQUEEZED = 512
"""Bytes from which a transaction is compressed: one message's is 1.5 KiB, of which two
thirds are its SQL, and becomes 0.7 for 20 us."""
LEVEL = 1


class Unrecorded(Exception):
    """A write that could not be repeated elsewhere: a bug of who wrote."""


class Transaction(msgspec.Struct, frozen=True, array_like=True):
    """One commit of the journal, as it goes to the other copies."""

    journal: str
    """The epoch of the journal it belongs to; empty if that is not known yet."""
    over: int
    """The position of the transaction before it; 0 if it is the first."""
    base: bool
    """Whether it stands on what was written before there was a second copy: who has
    nothing needs a copy of that first."""
    scrub: bool
    """Whether what it overwrites is to leave the disk too (spec U10)."""
    by: str
    """The node that wrote it."""
    statements: tuple[Statement, ...]


class Tape:
    """The statements of the transaction under way."""

    __slots__ = ("_marks", "_statements", "_torn")

    def __init__(self) -> None:
        self._statements: list[Statement] = []
        self._marks: list[int] = []
        """How many statements there were when each open savepoint was set."""
        self._torn = False

    def clear(self) -> None:
        """Begin anew, with the transaction."""
        self._statements.clear()
        self._marks.clear()

    def note(self, sql: str, parameters: object, *, many: bool = False) -> None:
        """Write down a statement that went through."""
        verb = verb_of(sql)
        if verb == "SAVEPOINT":
            self._marks.append(len(self._statements))
        elif verb == "RELEASE":
            self._marks.pop()
        elif verb == "ROLLBACK":
            self._undo(sql)
        elif verb in {"BEGIN", "COMMIT", "END"}:
            self.clear()
        elif verb not in READS:
            self._statements.append((sql, many, parameters))

    def tear(self, sql: str) -> None:
        """Write down that `sql` broke off with some of its rows written."""
        self._statements.append((sql, True, TORN))

    def statements(self) -> tuple[Statement, ...]:
        """Return what would be committed now.

        Raises:
            Unrecorded: a statement broke off half-way, and was not rolled back.
        """
        for sql, _, parameters in self._statements:
            if parameters is TORN:
                raise Unrecorded(f"half of this was written: {sql}")
        return tuple(self._statements)

    def _undo(self, sql: str) -> None:
        if " TO " not in sql.upper():
            self.clear()
        else:
            # The savepoint stays, and is released next.
            del self._statements[self._marks[-1] :]


TORN = object()


class Recorded(sqlite3.Connection):
    """A connection whose transactions are written down, on `tape`.

    Whatever is executed on it goes through a cursor of its own making, sqlite-utils'
    scripts inside a transaction included.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.tape = Tape()

    def cursor(self, factory: object = None) -> "RecordedCursor":  # type: ignore[override]  # there is no other kind
        """Return a cursor that writes down what it executes."""
        del factory
        return RecordedCursor(self, self.tape)

    def execute(self, sql: str, parameters: Parameters = (), /) -> "RecordedCursor":
        """Execute one statement, and write it down if it writes.

        Raises:
            Unrecorded: it would write outside a transaction; it was not executed.
        """
        return self.cursor().execute(sql, parameters)

    def executemany(
        self, sql: str, parameters: Iterable[Parameters], /
    ) -> "RecordedCursor":
        """Execute one statement with each of `parameters`, and write that down.

        Raises:
            Unrecorded: it would write outside a transaction; it was not executed.
        """
        return self.cursor().executemany(sql, parameters)

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        """Refuse: it would commit what is under way.

        Raises:
            Unrecorded: always.
        """
        raise Unrecorded(f"a script outside a transaction: {sql_script[:80]}")


class RecordedCursor(sqlite3.Cursor):
    """Writes down what it executes."""

    def __init__(self, connection: Recorded, tape: Tape) -> None:
        super().__init__(connection)
        self._tape = tape

    def execute(self, sql: str, parameters: Parameters = (), /) -> "RecordedCursor":
        """Execute one statement, as the connection does."""
        self._look_at(sql)
        super().execute(sql, parameters)
        self._tape.note(sql, parameters)
        return self

    def executemany(
        self, sql: str, parameters: Iterable[Parameters], /
    ) -> "RecordedCursor":
        """Execute one statement with each of `parameters`, likewise."""
        rows = list(parameters)
        self._look_at(sql)
        try:
            super().executemany(sql, rows)
        except BaseException:
            self._tape.tear(sql)
            raise
        self._tape.note(sql, rows, many=True)
        return self

    def _look_at(self, sql: str) -> None:
        if not self.connection.in_transaction and verb_of(sql) not in OUTSIDE:
            raise Unrecorded(f"outside a transaction: {sql}")


OUTSIDE = READS | {"BEGIN", "ROLLBACK"}
"""What may be executed outside a transaction."""


@lru_cache(maxsize=1024)
def verb_of(sql: str) -> str:
    """Return the word that says what `sql` does.

    Of one that begins with WITH it is `SELECT` if it only reads.
    """
    lines = (line.partition("--")[0] for line in sql.splitlines())
    words = " ".join(lines).upper().split()
    verb = words[0].rstrip(";") if words else "SELECT"
    if verb == "WITH":
        return next((word for word in words if word in WRITES), "SELECT")
    return verb


def _plain(value: object) -> object:
    """Return what SQLite keeps of a value of a kind of ours."""
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    raise Unrecorded(f"a parameter of type {type(value).__name__}")


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_decoder = msgspec.msgpack.Decoder(Transaction)


def encode(transaction: Transaction) -> bytes:
    """Return the bytes of `transaction`.

    Raises:
        Unrecorded: a parameter is of a kind that does not come back as it was.
    """
    plain = _encoder.encode(transaction)
    if len(plain) < SQUEEZED:
        return b"\0" + plain
    return b"\1" + zlib.compress(plain, LEVEL)


def decode(data: bytes) -> Transaction:
    """Return the transaction that these bytes stand for.

    Raises:
        ValueError: they are none of ours.
    """
    try:
        plain = zlib.decompress(data[1:]) if data[:1] == b"\1" else data[1:]
        return _decoder.decode(plain)
    except (zlib.error, msgspec.DecodeError) as error:
        raise ValueError("no transaction of a journal") from error
