"""`shopwire webhook`: what webhooks were not told, and telling them again."""

from pathlib import Path

import click
import msgspec

from broker.commands import options
from broker.commands.asking import ask, request
from broker.commands.reading import journal
from broker.commands.show import show, show_line
from broker.office.requests import ReplayWebhook
from storage import webhooks

MOST = 10_000
"""Dead letters printed: the oldest."""


@click.group("webhook")
def command() -> None:
    """List webhooks and what they were not told, and tell them again."""


@command.command("list")
@options.data
@options.site
def list_(folder: Path, site: str) -> None:
    """Print the webhooks of a site as JSON, without their secrets."""
    with journal(folder) as db:
        shown = [
            {
                "id": hook.id,
                "url": hook.url,
                "kinds": msgspec.json.decode(hook.kinds),
                "created_at": hook.created_at,
                "ended_at": hook.ended_at,
                "ended_why": hook.ended_why,
                **webhooks.backlog(db, hook.id)._asdict(),
            }
            for hook in webhooks.of_site(db, site)
        ]
    show(shown)


@command.command("dead")
@click.argument("id_", metavar="ID")
@options.data
def dead(folder: Path, id_: str) -> None:
    """List what a webhook was not told, and why: one line of JSON each."""
    with journal(folder) as db:
        for delivery in webhooks.dead(db, id_, MOST):
            show_line(delivery)


@command.command("replay")
@click.argument("id")
@click.argument("ids", type=int, nargs=-1, metavar="[LETTER]...")
@options.data
@options.config
@options.site
def replay(folder: Path, file: Path | None, **fields: object) -> None:
    """Tell a webhook once more what was given up: all of it, or these letters."""
    asked = request(ReplayWebhook, fields)
    show(ask(folder, options.configured(folder, file), asked))
