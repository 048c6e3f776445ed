"""`shopwire token`."""

from pathlib import Path

import click

from broker.commands import options
from broker.commands.asking import ask, request
from broker.office.requests import LONGEST_TTL, Minted, MintToken


@click.command("token")
@options.data
@options.config
@click.option("--role", required=True, type=click.Choice(["shopper", "agent", "admin"]))
@click.option("--sub", required=True, metavar="ID", help="Whose token it is.")
@options.site
@click.option("--name", help="What others see.")
@click.option("--email")
@click.option(
    "--ttl",
    default=3600,
    show_default=True,
    type=click.IntRange(1, LONGEST_TTL),
    help="Seconds for which it is good.",
)
def command(folder: Path, file: Path | None, **fields: object) -> None:
    """Print one signed token. An agent without an account gets one."""
    config = options.configured(folder, file)
    answer = ask(folder, config, request(MintToken, fields))
    if isinstance(answer, Minted):
        click.echo(answer.token)
