"""`shopwire report`: how a shop answers, by its journal."""

import time
from pathlib import Path
from typing import get_args

import click
import msgspec

from actors.ids import Millis
from actors.reports.figures import Name
from broker import reports
from broker.commands import options
from broker.commands.moments import MOMENT
from broker.commands.reading import journal
from broker.commands.show import show
from broker.reports import Asked, Judged
from storage import accounts

WEEK = 7 * 24 * 60 * 60 * 1000
SECONDS = click.IntRange(1, 365 * 86_400)


class When(msgspec.Struct, frozen=True):
    """A span, as far as it was named."""

    since: int | None
    until: int | None


@click.command("report")
@click.argument("name", type=click.Choice(get_args(Name)))
@options.data
@options.site
@click.option("--from", "since", type=MOMENT, help="By default a week before --to.")
@click.option("--to", "until", type=MOMENT, help="The end, not in it; by default now.")
@click.option("--breach", "breach_s", type=SECONDS, help="Judge check-ins by this.")
@click.option("--first-response", type=SECONDS, help="Judge first answers by this.")
@click.option("--next-response", type=SECONDS, help="Judge later answers by this.")
@click.option("--resolution", type=SECONDS, help="Judge the end of chats by this.")
@click.option("--csv", "table", is_flag=True, help="Print a table in place of JSON.")
def command(
    name: Name, folder: Path, site: str, *, table: bool, **given: object
) -> None:
    """Print how a shop answers: its checkins, sla, waiting times or volume by hour.

    Found out from the journal, for any time in the past and by any measure: without the
    options that say otherwise by the settings of now. Times are in seconds of open
    hours. May run while the folder is served.
    """
    now = Millis(int(time.time() * 1000))
    when, judged = msgspec.convert(given, When), msgspec.convert(given, Judged)
    end = now if when.until is None else when.until
    begin = end - WEEK if when.since is None else when.since
    if not begin < end:
        raise click.UsageError("--from has to be before --to.")
    asked = Asked(name, Millis(begin), Millis(end), judged)
    with journal(folder) as db:
        if all(known.id != site for known in accounts.sites(db)):
            raise click.ClickException(f"There is no site {site}.")
        made = reports.report_of(db, site, asked, now)
    if table:
        click.echo(reports.as_csv(made), nl=False)
    else:
        show(made)
