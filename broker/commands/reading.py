"""Reading a folder's journal, whether or not a broker holds it."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import click

from storage.meta import JOURNAL
from storage.schema import BUSY_MS


def existing(folder: Path) -> Path:
    """Return the folder's journal.

    Raises:
        click.ClickException: there is none.
    """
    path = folder / JOURNAL
    if not path.exists():
        why = f"{folder} holds no journal. Name another --data, or `shopwire serve` it."
        raise click.ClickException(why)
    return path


@contextmanager
def journal(folder: Path) -> Generator[sqlite3.Connection]:
    """Yield a connection that cannot write.

    Raises:
        click.ClickException: there is no journal.
        sqlite3.Error: it is damaged.
    """
    # Not storage's own way for readers: the last of those to leave carries the WAL into
    # the file, while a broker may be starting to do the same.
    uri = f"{existing(folder).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        yield connection


@contextmanager
def moment(connection: sqlite3.Connection) -> Generator[None]:
    """Read the journal as it is at one moment, however much is written meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
