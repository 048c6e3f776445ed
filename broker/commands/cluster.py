"""`shopwire cluster`: who is there, and how a folder leaves."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click
import msgspec
import trio

from broker.cluster.ports import Node
from broker.cluster.serving import ports, this_node
from broker.commands import options
from broker.commands.reading import existing
from broker.commands.show import show
from broker.config import Config, ConfigError
from storage import meta
from storage.lock import DataLock

LOOKS_S = 1.0
"""Seconds in which every node gives several signs of life."""


class Status(msgspec.Struct, frozen=True):
    """How a cluster is."""

    owner: str | None
    """Name of the node that owns; `None` if nobody does."""
    end: int
    """Position of the log's last entry."""
    nodes: tuple[Node, ...]


@click.group("cluster")
def command() -> None:
    """See who takes part, and take a folder out."""


@command.command("status")
@options.data
@options.config
@click.option("--cluster", metavar="NATS", help="Its NATS servers.")
def status(folder: Path, file: Path | None, cluster: str | None) -> None:
    """Print who is there, who owns, and how far each has come."""
    config = options.configured(folder, file, cluster_nats=cluster)
    if config.cluster.nats is None:
        raise ConfigError("cluster.nats: there is none. Name it with --cluster.")
    show(trio.run(_status, config))


@command.command("leave")
@options.data
def leave(folder: Path) -> None:
    """Make a node's folder one that is served alone.

    The node has stopped. Clients start anew, as after a restored backup.
    """
    journal = existing(folder)
    with DataLock(folder), closing(sqlite3.connect(journal)) as connection:
        if meta.applied(connection) is None:
            raise click.ClickException(f"{folder} is in no cluster.")
        with connection:
            meta.leave(connection)
    show({"left": str(folder)})


async def _status(config: Config) -> Status:
    onlooker = msgspec.structs.replace(this_node(config, 0), name="", draining=True)
    async with ports(config, onlooker) as (_, logged, directory):
        last = await logged.last()
        await directory.look_for(LOOKS_S)
        owner = directory.owner(0)
        return Status(
            owner=None if owner is None else owner.name,
            end=0 if last is None else last.seq,
            nodes=tuple(node for node in directory.nodes() if node.name),
        )
