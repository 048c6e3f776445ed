"""`shopwire config`: what the process would run with."""

from pathlib import Path

import click

from broker.commands import options
from broker.commands.show import show
from broker.keys import redacted


@click.group("config")
def command() -> None:
    """Check and show the configuration."""


@command.command("check")
@options.data
@options.config
def check(folder: Path, file: Path | None) -> None:
    """Say whether the configuration can be used; exit with 2 if not."""
    options.configured(folder, file)
    click.echo("The configuration is in order.")


@command.command("show")
@options.data
@options.config
def show_(folder: Path, file: Path | None) -> None:
    """Print every key as JSON, with what it comes to; secrets are hidden."""
    show(redacted(options.configured(folder, file)))
