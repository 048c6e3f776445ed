"""The journal as one of several copies: the log first, then the file.

What commits here was taken by the log before, which is what makes it durable: the
file's own commits need no sync. How far the file has come stands in its `meta`, in the
same commit, so that a copy that was cut off anywhere goes on from there.
"""

import sqlite3
from typing import Protocol

from storage import meta
from storage.capture import Recorded, Transaction, encode
from storage.errors import SteppedDown


class LogEnd(Protocol):
    """The end of the log, to which nobody but us appends as long as it takes it."""

    @property
    def over(self) -> int:
        """Position of the last transaction; 0 if there is none."""
        ...

    @property
    def node(self) -> str:
        """Who we are."""
        ...

    def append(self, data: bytes, *, scrub: bool) -> int:
        """Return the position of a transaction that the log has for good.

        Called in the writer's thread, which waits. `scrub`: what it overwrites is not
        to stay in the log, either.

        Raises:
            SteppedDown: it has not, or that is not known.
        """
        ...

    def close(self) -> None:
        """Take nothing any more: who waits is told so, and the writer can end."""
        ...


class Replicated(Recorded):
    """A connection on which nothing is committed that the log has not taken."""

    log: LogEnd
    """Set by who opens it."""


class Replica:
    """Commits of one connection, on which nobody else commits."""

    def __init__(self, connection: Replicated) -> None:
        self._connection = connection
        self._log = connection.log

    def commit(self, *, scrub: bool = False) -> None:
        """Have the log take the transaction under way, then commit it.

        Raises:
            SteppedDown: nobody may be told that it was written. It is rolled back, or
                will be: if the log has it after all, it comes back by following.
        """
        connection = self._connection
        statements = connection.tape.statements()
        if not statements:
            connection.execute("COMMIT")
            return
        transaction = Transaction(
            journal=meta.epoch(connection),
            over=self._log.over,
            base=False,
            scrub=scrub,
            by=self._log.node,
            statements=statements,
        )
        seq = self._log.append(encode(transaction), scrub=scrub)
        try:
            meta.apply(connection, seq)
            if scrub:
                meta.apply_erasing(connection, seq)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise SteppedDown(f"the log has it, this file has not: {error}") from error
