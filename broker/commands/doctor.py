"""`shopwire doctor`: whether all parts of a journal agree."""

import sqlite3
import sys
from pathlib import Path

import click

from actors.chat.events import TEXTED
from broker import replay
from broker.commands import options
from broker.commands.reading import existing, journal, moment
from storage import queries
from storage.doctor import Problem, examine, traces

HOPELESS = {Problem.UNREADABLE, Problem.DAMAGED}
"""Where these were found, replaying would only find them again."""


@click.command("doctor")
@options.data
@click.option("--find", metavar="TEXT", help="Say which files still hold this text.")
def command(folder: Path, find: str | None) -> None:
    """Examine a folder's journal; print what is wrong and exit with 1, if anything is.

    Looks at SQLite's own integrity, the numbering of events, and whether tickets,
    messages and snapshots are what the events make. Changes nothing.
    """
    path = existing(folder)
    if find is not None:
        files = traces(path, find.encode())
        for file in files:
            click.echo(f"{file} holds the text.")
        sys.exit(1 if files else 0)
    findings = examine(path, texted())
    lines = [f"{each.problem.value}: {each.where}" for each in findings]
    if not HOPELESS & {each.problem for each in findings}:
        lines += _differences(folder)
    for line in lines:
        click.echo(line)
    if lines:
        sys.exit(1)
    click.echo("All is well.")


def texted() -> set[str]:
    """Return the kinds of events that the message table shows."""
    return {body.kind for body in TEXTED}


def _differences(folder: Path) -> list[str]:
    try:
        with journal(folder) as db:
            return [
                f"chat {each.chat or each.stream} event {each.seq}: {each.what}"
                for stream in queries.streams(db)
                for each in _checked(db, stream)
            ]
    except sqlite3.Error as error:
        return [f"{Problem.UNREADABLE.value}: {error}"]


def _checked(db: sqlite3.Connection, stream: int) -> list[replay.Difference]:
    with moment(db):
        return replay.check(db, stream)
