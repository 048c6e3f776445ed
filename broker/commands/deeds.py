"""`shopwire deeds`: who did what to a shop, the last deed first."""

from pathlib import Path

import click

from broker.commands import options
from broker.commands.reading import journal
from broker.commands.show import show_line
from storage import accounts, deeds
from storage.deeds import NEWEST


@click.command("deeds")
@options.data
@options.site
@click.option(
    "--limit",
    default=100,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Print so many at most.",
)
@click.option(
    "--before",
    default=NEWEST,
    type=click.IntRange(1, NEWEST),
    metavar="ID",
    help="Begin with the one before this.",
)
def command(folder: Path, site: str, limit: int, before: int) -> None:
    """Print who changed settings, keys and accounts, handed out or erased what is kept.

    A line of JSON for each, the last first: when, by whom, what, and to what. Who used
    the command line is `operator`, what the settings asked for did `system`. May run
    while the folder is served.
    """
    with journal(folder) as db:
        if all(known.id != site for known in accounts.sites(db)):
            raise click.ClickException(f"There is no site {site}.")
        for deed in deeds.of_site(db, site, before, limit):
            show_line(deed)
