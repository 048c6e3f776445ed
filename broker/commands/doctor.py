"""`shopwire doctor`: whether all parts of a journal agree."""

import sys
from pathlib import Path

import click

from broker.checkup import findings
from broker.commands import options
from broker.commands import preflight as preflighting
from broker.commands.reading import existing
from storage.doctor import traces


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

    Looks at SQLite's own integrity, the numbering of events, whether tickets, messages
    and snapshots are what the events make, and whether images are there. Changes
    nothing.

    With --preflight it looks at the machine, before a broker is started: configuration,
    folder, disk, SQLite, open files, clock, port, certificate, what it is shipped to.
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
    lines = findings(path)
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
