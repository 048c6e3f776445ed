"""`shopwire backup`: a copy that can be opened as a folder's journal."""

from pathlib import Path

import click

from broker.commands import options
from broker.commands.reading import existing
from broker.commands.show import show
from storage.backup import back_up


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@options.data
def command(target: Path, folder: Path) -> None:
    """Write a checked copy of the journal to TARGET, also while it is served.

    To restore, put it into an empty folder as journal.db and serve that.
    """
    journal = existing(folder)
    if target.absolute().parent.resolve() == folder.resolve():
        why = f"{target} lies in the folder itself. Name a place on another disk."
        raise click.ClickException(why)
    back_up(journal, target)
    show({"backup": str(target), "bytes": target.stat().st_size})
