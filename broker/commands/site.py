"""`shopwire site`: the shops of this broker."""

import sqlite3
from pathlib import Path
from typing import TextIO

import click
import msgspec

from broker.commands import options
from broker.commands.asking import ask, request
from broker.commands.reading import journal, moment
from broker.commands.show import show
from broker.config import Config
from broker.founding import SETTINGS, library, rules
from broker.office.requests import (
    AddKey,
    AddSite,
    ImportSite,
    KeyShown,
    RemoveKey,
    shown,
)
from broker.sitefile import read, written
from storage import accounts, documents


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
    """List, add and show sites, change their keys, and carry them in a file."""


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


@command.command("export")
@click.argument("name")
@options.data
def export(name: str, folder: Path) -> None:
    """Print a site's settings, questions, macros and knowledge as TOML."""
    with journal(folder) as connection, moment(connection):
        site = _existing(connection, name).id
        settings = rules(documents.newest(connection, site, SETTINGS)).settings
        click.echo(written(settings, library(connection, site)), nl=False)


@command.command("import")
@click.argument("name")
@click.argument("toml", type=click.File(encoding="utf-8"))
@options.data
@options.config
def import_(name: str, toml: TextIO, folder: Path, file: Path | None) -> None:
    """Let what a TOML file says hold for a site: all of it, or nothing."""
    config = options.configured(folder, file)
    try:
        part = read(toml.read())
    except ValueError as error:
        raise click.ClickException(f"{toml.name}: {error}") from error
    show(ask(folder, config, ImportSite(site=name, part=part)))


@command.group("keys")
def keys_() -> None:
    """List, add and remove the keys that sign a site's shoppers' tokens."""


@keys_.command("list")
@options.data
@options.site
def list_keys(folder: Path, site: str) -> None:
    """Print a site's keys as JSON, the oldest first."""
    with journal(folder) as connection:
        name = _existing(connection, site).id
        show([shown(key) for key in accounts.keys_of(connection, name)])


@keys_.command("add")
@options.data
@options.config
@options.site
def add_key(folder: Path, file: Path | None, site: str) -> None:
    """Add a key, and print it as JSON. Those there are stay good."""
    config = options.configured(folder, file)
    show(ask(folder, config, request(AddKey, {"site": site})))


@keys_.command("remove")
@click.argument("kid")
@options.data
@options.config
@options.site
def remove_key(kid: str, folder: Path, file: Path | None, site: str) -> None:
    """Remove a key: its tokens are good for nothing, whoever uses one is sent away."""
    config = options.configured(folder, file)
    show(ask(folder, config, request(RemoveKey, {"site": site, "kid": kid})))


def _shown(connection: sqlite3.Connection, name: str, config: Config) -> SiteShown:
    site = _existing(connection, name)
    keys = [shown(key) for key in accounts.keys_of(connection, name)]
    snippet = f'<script async src="{_address(config)}/widget.js" data-site="{name}">'
    return SiteShown(site.id, site.name, site.created_at, snippet + "</script>", keys)


def _existing(connection: sqlite3.Connection, name: str) -> accounts.Site:
    site = accounts.site(connection, name)
    if site is None:
        known = ", ".join(other.id for other in accounts.sites(connection))
        raise click.ClickException(f"There is no site {name}; there are: {known}.")
    return site


def _address(config: Config) -> str:
    server = config.server
    return server.public_url or f"{server.scheme}://{server.host}:{server.port}"
