"""`shopwire agent`: accounts."""

import sys
from pathlib import Path

import click

from broker.commands import options
from broker.commands.asking import ask, request
from broker.commands.reading import journal
from broker.commands.show import show
from broker.office.requests import AddAgent, ChangeAgent, employed
from storage import accounts


@click.group("agent")
def command() -> None:
    """Add, list and disable agents, and set their passwords."""


@command.command("add")
@click.argument("id")
@options.data
@options.config
@options.site
@click.option("--name", help="What others see.")
@click.option("--email", help="What they log in with.")
@click.option("--role", type=click.Choice(["agent", "admin"]), default="agent")
@click.option("--password", "log_in", is_flag=True, help="Ask for one, or read stdin.")
def add(folder: Path, file: Path | None, *, log_in: bool, **fields: object) -> None:
    """Add an account, and print it as JSON. Without a password it has no login."""
    if log_in:
        fields["password"] = _read_password()
    config = options.configured(folder, file)
    show(ask(folder, config, request(AddAgent, fields)))


@command.command("list")
@options.data
@click.option("--site", metavar="SITE", help="Of this site alone.")
def list_(folder: Path, site: str | None) -> None:
    """Print all accounts as JSON, disabled ones too."""
    with journal(folder) as db:
        sites = [known.id for known in accounts.sites(db) if site in {None, known.id}]
        if site is not None and not sites:
            raise click.ClickException(f"There is no site {site}.")
        show([employed(agent) for each in sites for agent in accounts.agents(db, each)])


@command.command("disable")
@click.argument("id")
@options.data
@options.config
@options.site
def disable(folder: Path, file: Path | None, **fields: str) -> None:
    """Shut an agent out: connections close at once, tokens are of no use."""
    asked = request(ChangeAgent, {**fields, "disabled": True})
    show(ask(folder, options.configured(folder, file), asked))


@command.command("enable")
@click.argument("id")
@options.data
@options.config
@options.site
def enable(folder: Path, file: Path | None, **fields: str) -> None:
    """Let a disabled agent in again."""
    asked = request(ChangeAgent, {**fields, "disabled": False})
    show(ask(folder, options.configured(folder, file), asked))


@command.command("password")
@click.argument("id")
@options.data
@options.config
@options.site
@click.option("--email", help="What they log in with, if that is to change.")
def password(folder: Path, file: Path | None, **fields: str | None) -> None:
    """Set an agent's password: asked for, or read from stdin."""
    asked = request(ChangeAgent, {**fields, "password": _read_password()})
    show(ask(folder, options.configured(folder, file), asked))


def _read_password() -> str:
    # An argument would show in the list of processes.
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().rstrip("\n")
