"""`shopwire site`: the shops of this broker."""

import sqlite3
from pathlib import Path

import click
import msgspec

from broker.commands import options
from broker.commands.asking import ask, request
from broker.commands.reading import journal
from broker.commands.show import show
from broker.config import Config
from broker.office.requests import AddSite
from storage import accounts


class KeyShown(msgspec.Struct, frozen=True):
    """What a shop's backend needs to sign its shoppers' tokens."""

    kid: str
    alg: str
    secret: str
    """To be used as it stands: its characters are the key's bytes."""


class SiteShown(msgspec.Struct, frozen=True):
    """A site, for its operator's eyes."""

    id: str
    name: str
    created_at: int
    snippet: str
    """What goes into the shop's pages."""
    keys: list[KeyShown]


@click.group("site")
def command() -> None:
    """List, add and show sites."""


@command.command("list")
@options.data
def list_(folder: Path) -> None:
    """Print all sites as JSON."""
    with journal(folder) as connection:
        show(accounts.sites(connection))


@command.command("show")
@click.argument("name")
@options.data
@options.config
def show_(name: str, folder: Path, file: Path | None) -> None:
    """Print a site as JSON: its id, snippet and shop keys."""
    config = options.configured(folder, file)
    with journal(folder) as connection:
        show(_shown(connection, name, config))


@command.command("add")
@click.argument("name")
@click.option("--title", help="What people call it.")
@options.data
@options.config
def add(name: str, title: str | None, folder: Path, file: Path | None) -> None:
    """Add a site with a key of its own, and print it as `show` does."""
    config = options.configured(folder, file)
    ask(folder, config, request(AddSite, {"site": name, "name": title}))
    with journal(folder) as connection:
        show(_shown(connection, name, config))


def _shown(connection: sqlite3.Connection, name: str, config: Config) -> SiteShown:
    site = accounts.site(connection, name)
    if site is None:
        known = ", ".join(other.id for other in accounts.sites(connection))
        raise click.ClickException(f"There is no site {name}; there are: {known}.")
    keys = [
        KeyShown(key.kid, key.alg, key.secret.decode())
        for key in accounts.keys(connection)
        if key.site == name
    ]
    snippet = f'<script async src="{_address(config)}/widget.js" data-site="{name}">'
    return SiteShown(site.id, site.name, site.created_at, snippet + "</script>", keys)


def _address(config: Config) -> str:
    server = config.server
    return server.public_url or f"{server.scheme}://{server.host}:{server.port}"
