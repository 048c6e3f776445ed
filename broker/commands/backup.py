"""`shopwire backup`: a copy of a folder, checked."""

import sys
import time
from pathlib import Path
from typing import NoReturn

import click

from broker.checkup import findings
from broker.commands import options
from broker.commands.reading import existing
from broker.commands.show import show, show_line
from storage.backup import back_up, back_up_folder, following
from storage.meta import JOURNAL


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
@options.data
@click.option("--quick", is_flag=True, help="Do not fold each chat anew to check it.")
@click.option("--follow", is_flag=True, help="Keep the copy up to date, until ended.")
@click.option(
    "--every", type=click.FloatRange(0.1), default=5.0, show_default=True, metavar="S"
)
def command(
    target: Path, folder: Path, *, quick: bool, follow: bool, every: float
) -> None:
    """Copy a folder to the folder TARGET, also while it is served, and check the copy.

    The journal, in which keys and accounts are, the images and the configuration. A
    second time brings new images alone. A TARGET that ends in .db is the journal alone.

    With --follow it looks every S seconds whether anything was written, and copies it
    then; at most a tenth of the time goes into copying.
    """
    journal = existing(folder)
    place = target.absolute()
    inside = place.resolve().is_relative_to(folder.resolve())
    if inside or place.parent.resolve() == folder.resolve():
        why = f"{target} lies in the folder itself. Name a place on another disk."
        raise click.ClickException(why)
    if follow:
        _follow(folder, target, every)
    alone = target.suffix == ".db" or target.is_file()
    if alone:
        back_up(journal, target)
        show({"backup": str(target), "bytes": target.stat().st_size})
    else:
        copy = back_up_folder(folder, target)
        show({"backup": str(target), "bytes": copy.bytes, "copied": copy})
    if not quick:
        check(target if alone else target / JOURNAL, images=not alone)


def _follow(folder: Path, target: Path, every: float) -> NoReturn:
    """Keep the copy as new as that; each one takes the place of the last whole."""
    for copy in following(folder, target, every, time.sleep):
        show_line({"backup": str(target), "copied": copy})
    raise AssertionError


def check(journal: Path, *, images: bool) -> None:
    """Say what is wrong with a copy, and exit with 1 if anything is."""
    lines = findings(journal, images=images)
    for line in lines:
        click.echo(line, err=True)
    if lines:
        click.echo(f"The copy was made, and disagrees in {len(lines)}.", err=True)
        sys.exit(1)
