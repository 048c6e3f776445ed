"""`shopwire restore`: a folder made of a copy, checked."""

from pathlib import Path

import click

from broker.commands import options
from broker.commands.backup import check
from broker.commands.show import show
from storage.backup import JOURNAL, restore
from storage.lock import DataLock


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@options.data
def command(source: Path, folder: Path) -> None:
    """Make a new folder of a backup, or of a copy that follows, and check it.

    SOURCE is what `backup` or `ship` made. Clients notice by themselves that they talk
    to another journal, and begin again.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with DataLock(folder):
        copy = restore(source, folder)
        show({"restored": str(folder), "copied": copy})
        check(folder / JOURNAL, images=source.is_dir())
