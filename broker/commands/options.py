"""Options that several commands take."""

import os
from pathlib import Path

import click

from broker.config import Config
from broker.keys import load

data = click.option(
    "--data",
    "folder",
    required=True,
    metavar="DIR",
    # Who may not read it is told by what tries to, with what to do.
    type=click.Path(file_okay=False, readable=False, path_type=Path),
    envvar="SHOPWIRE_DATA",
    help="The folder under which everything lives.",
)
config = click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="SHOPWIRE_CONFIG",
    help="Configuration to read in place of DIR/shopwire.toml.",
)
site = click.option("--site", default="default", show_default=True, metavar="SITE")


def configured(folder: Path, file: Path | None, **flags: object) -> Config:
    """Return the configuration; `flags` such as `server_port` go before all else.

    Raises:
        ConfigError: it cannot be used.
    """
    given = {name.replace("_", ".", 1): flags[name] for name in flags}
    return load(folder, os.environ, file=file, flags=given)
