"""`shopwire audit`: the proof that no message is missed (spec U8)."""

import sqlite3
import sys
import time
from pathlib import Path

import click
import trio

from actors.ids import Millis
from broker.admin import ask_server
from broker.audit import MINUTE, Audit, Bounds
from broker.commands import options
from broker.commands.reading import journal, moment
from broker.commands.show import show_line
from broker.findings import Finding
from broker.office import requests
from broker.office.requests import Audited

MINUTES = click.IntRange(0, 366 * 24 * 60)


@click.command("audit")
@options.data
@click.option(
    "--unassigned",
    default=15,
    show_default=True,
    type=MINUTES,
    metavar="MIN",
    help="List tickets that are nobody's for so long.",
)
@click.option(
    "--question",
    default=10,
    show_default=True,
    type=MINUTES,
    metavar="MIN",
    help="List chats closed so soon after a question.",
)
@click.option(
    "--back",
    default=24 * 60,
    show_default=True,
    type=MINUTES,
    metavar="MIN",
    help="Look so far back at chats that are over.",
)
def command(folder: Path, unassigned: int, question: int, back: int) -> None:
    """Prove from the journal that every message is answered or will be.

    Prints a line of JSON for each finding and exits with 1 if a promise is broken: a
    chat that stands in no list, stands elsewhere than its events say, or that nothing
    will wake. Lists, too, what somebody should look after. Asks the broker that serves
    the folder, if one does, what it would miss; it mends that by itself.
    """
    bounds = Bounds(unassigned * MINUTE, question * MINUTE, back * MINUTE)
    with journal(folder) as db:
        first, counts = _read(db, bounds)
        live = trio.run(_ask, folder)
        found = first
        if live is not None and any(each.broken for each in first):
            # What was on its way while we read is there now.
            time.sleep(1)
            second, counts = _read(db, bounds)
            found = [each for each in second if not each.broken or each in first]
    for finding in [*found, *(live or ())]:
        show_line(finding)
    broken = sum(each.broken for each in [*found, *(live or ())])
    told = ", ".join(f"{number} {state}" for state, number in counts.items())
    click.echo(f"{sum(counts.values())} chats: {told}; {broken} broken.", err=True)
    if broken:
        sys.exit(1)


def _read(
    db: sqlite3.Connection, bounds: Bounds
) -> tuple[list[Finding], dict[str, int]]:
    audit = Audit(db, Millis(int(time.time() * 1000)))
    with moment(db):
        return list(audit.run(bounds)), audit.counts


async def _ask(folder: Path) -> list[Finding] | None:
    """Return what the broker of a folder has found; `None` if there is none."""
    try:
        answer = await ask_server(folder, requests.Audit())
    except TimeoutError as error:
        raise click.ClickException("The broker does not answer.") from error
    return answer.findings if isinstance(answer, Audited) else None
