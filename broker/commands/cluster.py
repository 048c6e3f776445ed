"""`shopwire cluster`: who is there, and how a folder leaves."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click
import msgspec
import trio

from broker.cluster import house
from broker.cluster.node import PARTITION
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


class NodeStatus(msgspec.Struct, frozen=True):
    """How one node is."""

    name: str
    owns: bool
    address: str
    version: str
    since: int
    draining: bool
    applied: int
    behind: int
    """Positions between that and the end of the log."""
    relayed: int
    """Connections that it carries to the owner."""


class Status(msgspec.Struct, frozen=True):
    """How a cluster is."""

    owner: str | None
    """Name of the node that owns; `None` if nobody does."""
    epoch: int
    """How often it has changed hands."""
    end: int
    """Position of the log's last entry."""
    nodes: tuple[NodeStatus, ...]


@click.group("cluster")
def command() -> None:
    """See who takes part, and take a folder out."""


@command.command("status")
@options.data
@options.config
@click.option("--cluster", metavar="NATS", help="Its NATS servers.")
def status(folder: Path, file: Path | None, cluster: str | None) -> None:
    """Print who is there, who owns, and how far each has come."""
    own = None if cluster else house.own_server(folder)
    config = options.configured(folder, file, cluster_nats=cluster or own)
    if own is not None:
        one = msgspec.structs.replace(config.cluster, replicas=1)
        config = msgspec.structs.replace(config, cluster=one)
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
        owner, end = directory.owner(PARTITION), 0 if last is None else last.seq
        return Status(
            owner=None if owner is None else owner.name,
            epoch=directory.epoch(PARTITION),
            end=end,
            nodes=tuple(
                _status_of(node, owner, end) for node in directory.nodes() if node.name
            ),
        )


def _status_of(node: Node, owner: Node | None, end: int) -> NodeStatus:
    return NodeStatus(
        name=node.name,
        owns=owner is not None and owner.name == node.name,
        address=node.address,
        version=node.version,
        since=node.since,
        draining=node.draining,
        applied=node.applied,
        # It may have gone on since we asked where the end is.
        behind=max(0, end - node.applied),
        relayed=node.relayed,
    )
