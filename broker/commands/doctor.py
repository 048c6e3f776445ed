"""`shopwire doctor`: whether all parts of a journal agree."""

import sqlite3
import sys
from pathlib import Path

import click

from actors.chat.events import TEXTED
from broker import replay
from broker.commands import options
from broker.commands import preflight as preflighting
from broker.commands.reading import existing, journal, moment
from storage import queries
from storage.doctor import Problem, examine, traces

HOPELESS = {Problem.UNREADABLE, Problem.DAMAGED}
"""Where these were found, replaying would only find them again."""


@click.command("doctor")
@options.data
@options.config
@click.option(
    "--preflight",
    is_flag=True,
    help="Look at the machine instead: is it fit to serve this folder?",
)
@click.option("--find", metavar="TEXT", help="Say which files still hold this text.")
def command(
    folder: Path, file: Path | None, find: str | None, *, preflight: bool
) -> None:
    """Examine a folder's journal; print what is wrong and exit with 1, if anything is.

    Looks at SQLite's own integrity, the numbering of events, and whether tickets,
    messages and snapshots are what the events make. Changes nothing.

    With --preflight it looks at the machine, before a broker is started: configuration,
    folder, disk, SQLite, open files, clock, port.
    """
    if preflight:
        _preflight(folder, file)
        return
    path = existing(folder)
    if find is not None:
        files = traces(path, find.encode())
        for holder in files:
            click.echo(f"{holder} holds the text.")
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


def _preflight(folder: Path, file: Path | None) -> None:
    # What is wrong in it ends the command with its own sentence, and 2.
    config = options.configured(folder, file)
    checks = list(preflighting.examine(folder, config))
    for check in checks:
        click.echo(f"{'ok' if check.well else 'NO':<3} {check.name:<7} {check.said}")
    if not all(check.well for check in checks):
        sys.exit(1)


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
