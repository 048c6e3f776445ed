"""`shopwire outgoing`: what waits to leave, and what was given up."""

from pathlib import Path

import click

from broker.commands import options
from broker.commands.reading import journal
from broker.commands.show import show_line
from storage import outgoing

MOST = 10_000
"""Lines printed: the oldest."""


@click.command("outgoing")
@options.data
def command(folder: Path) -> None:
    """List what waits to leave (`pending`) and what was given up (`dead`), and why.

    One line of JSON each, the oldest first. What was to be said is not in it.
    """
    with journal(folder) as db:
        for delivery in outgoing.waiting(db, MOST):
            show_line(delivery)
