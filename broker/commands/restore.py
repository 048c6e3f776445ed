"""`shopwire restore`: a folder made of a copy, checked."""

from datetime import UTC, datetime
from pathlib import Path

import click

from broker.commands import options
from broker.commands.backup import check
from broker.commands.show import show
from storage.backup import restore
from storage.lock import DataLock
from storage.meta import JOURNAL
from storage.shipped import is_shipped, restore_shipped


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@options.data
@click.option(
    "--until",
    metavar="TIME",
    help="As of this moment, such as 2026-11-23T09:30:00Z, if SOURCE was shipped to.",
)
def command(source: Path, folder: Path, until: str | None) -> None:
    """Make a new folder of a backup, or of a copy that follows, and check it.

    SOURCE is what `backup` made, or where `serve --ship` ships to. Clients notice by
    themselves that they talk to another journal, and begin again.
    """
    moment = None if until is None else _moment(until)
    shipped = source.is_dir() and is_shipped(source)
    if moment is not None and not shipped:
        why = f"{source} is one copy, of one moment; only what is shipped has others."
        raise click.UsageError(why)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with DataLock(folder):
        if shipped:
            _restore_shipped(source, folder, moment)
        else:
            copy = restore(source, folder)
            show({"restored": str(folder), "copied": copy})
        check(folder / JOURNAL, images=source.is_dir())


def _restore_shipped(source: Path, folder: Path, until: float | None) -> None:
    arrived = restore_shipped(source, folder, until)
    as_of = datetime.fromtimestamp(arrived.until, UTC).isoformat(
        timespec="milliseconds"
    )
    show(
        {
            "restored": str(folder),
            "as_of": as_of,
            "transactions": arrived.transactions,
            "copied": arrived.copied,
        }
    )
    if arrived.ends_early is not None:
        click.echo(f"{arrived.ends_early} The folder is as of {as_of}.", err=True)


def _moment(text: str) -> float:
    """Return the seconds that stand for a moment; without a zone it is this machine's.

    Raises:
        click.UsageError: it is none.
    """
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        why = f"--until: {text!r} is no moment; write one as 2026-11-23T09:30:00Z."
        raise click.UsageError(why) from error
