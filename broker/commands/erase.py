"""`shopwire erase`: forgetting a person, and all that was said to them or by them."""

from pathlib import Path

import click

from broker.commands import options
from broker.commands.asking import ask, request
from broker.commands.show import show
from broker.office.requests import EraseProfile


@click.command("erase")
@click.argument("profile")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
@options.data
@options.config
@options.site
def command(
    profile: str, folder: Path, file: Path | None, site: str, *, yes: bool
) -> None:
    """Forget PROFILE, as the shop calls them or by our id; chats that go on end.

    A visitor, who has no name, is named by one of their chats.
    It cannot be undone. Backups from before know the person: keep DIR/erasures for the
    day one of them is restored.
    """
    if not yes:
        click.confirm(f"Erase {profile} of {site} for good?", abort=True)
    asked = request(EraseProfile, {"site": site, "profile": profile})
    show(ask(folder, options.configured(folder, file), asked))
