"""`shopwire backup`: a copy of a folder, checked."""

import sys
from pathlib import Path

import click

from broker.checkup import findings
from broker.commands import options
from broker.commands.reading import existing
from broker.commands.show import show
from storage.backup import JOURNAL, back_up, back_up_folder


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@options.data
@click.option("--quick", is_flag=True, help="Do not fold each chat anew to check it.")
def command(target: Path, folder: Path, *, quick: bool) -> None:
    """Copy a folder to the folder TARGET, also while it is served, and check the copy.

    The journal, in which keys and accounts are, the images and the configuration. A
    second time brings new images alone. A TARGET that ends in .db is the journal alone.
    """
    journal = existing(folder)
    place = target.absolute()
    inside = place.resolve().is_relative_to(folder.resolve())
    if inside or place.parent.resolve() == folder.resolve():
        why = f"{target} lies in the folder itself. Name a place on another disk."
        raise click.ClickException(why)
    alone = target.suffix == ".db" or target.is_file()
    if alone:
        back_up(journal, target)
        show({"backup": str(target), "bytes": target.stat().st_size})
    else:
        copy = back_up_folder(folder, target)
        show({"backup": str(target), "bytes": copy.bytes, "copied": copy})
    if not quick:
        check(target if alone else target / JOURNAL, images=not alone)


def check(journal: Path, *, images: bool) -> None:
    """Say what is wrong with a copy, and exit with 1 if anything is."""
    lines = findings(journal, images=images)
    for line in lines:
        click.echo(line, err=True)
    if lines:
        click.echo(f"The copy was made, and disagrees in {len(lines)}.", err=True)
        sys.exit(1)
