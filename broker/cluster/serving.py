"""`shopwire serve --cluster`: a node on NATS, from the first signal to the last."""

import logging
import os
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import trio

from broker.cluster.nats.client import NatsClient, connected
from broker.cluster.nats.directory import NatsDirectory
from broker.cluster.nats.jetstream import JetStream
from broker.cluster.nats.link import Server
from broker.cluster.nats.log import NatsLog
from broker.cluster.nats.papers import checked, papers_of
from broker.cluster.node import PARTITION, Doors, NodeLife, Ports
from broker.cluster.ports import Node
from broker.config import Config, ConfigError, ServerConfig
from broker.doors import in_url
from broker.edge.admission import SHARE, descriptors
from broker.shipping import ship_of

CONNECT_S = 10.0
"""Seconds for a NATS server to take us in, at the start."""
EACH = 2
"""Descriptors that a relayed connection takes."""

log = logging.getLogger(__name__)


def servers(config: Config) -> list[Server]:
    """Return the NATS servers, of which the first may name user and password for all.

    Raises:
        ConfigError: one of them cannot be read.
    """
    first, *others = (config.cluster.nats or "").split(",")
    try:
        one = Server.of(first)
        more = [Server.of(f"nats://{each.split('://')[-1]}") for each in others]
    except ValueError as error:
        raise ConfigError(f"cluster.nats: {error}") from error
    return [
        one,
        *(
            one._replace(host=each.host, port=each.port)
            if not (each.user or each.token)
            else each._replace(secure=one.secure)
            for each in more
        ),
    ]


def this_node(config: Config, port: int) -> Node:
    """Return how the others know us."""
    cluster = config.cluster
    name = cluster.node or f"{socket.gethostname().partition('.')[0]}-{port}"
    since = int(time.time() * 1000)
    return Node(name, cluster.address, version("shopwire"), since)


@asynccontextmanager
async def ports(
    config: Config, node: Node
) -> AsyncGenerator[tuple[NatsClient, NatsLog, NatsDirectory]]:
    """Yield what a node stands on; the streams are there.

    Raises:
        ConfigError: what is to be shown to servers cannot be used.
        NatsError: no server answers, or lets us in, or has what we need.
    """
    cluster = config.cluster
    checked(cluster)
    papers = partial(papers_of, cluster)
    async with connected(servers(config), node.name, papers) as client:
        await client.wait_connected(CONNECT_S)
        jetstream = JetStream(client)
        logged = NatsLog(jetstream, cluster.name, PARTITION, cluster.replicas)
        directory = NatsDirectory(jetstream, cluster.name, node, cluster.replicas)
        await logged.found()
        await directory.found()
        yield client, logged, directory


@asynccontextmanager
async def serving(
    folder: Path, config: Config, inherited: int | None = None
) -> AsyncGenerator[tuple[NodeLife, str]]:
    """Run a node until the end of the block; it hands over what it owns.

    Yields it with its URL: connections to that are served, or wait. It listens where
    the configuration says, or at the socket whose descriptor it has `inherited`.

    Raises:
        ConfigError: the configuration does not go with a cluster.
        NatsError: there is nothing to stand on.
        OSError: an address cannot be had.
    """
    ship_of(config.ship, folder, alone=False)
    server = config.server
    with _listening(server, inherited) as public:
        host, port = public.getsockname()[:2]
        node = this_node(config, port)
        async with ports(config, node) as (_, logged, directory):
            place, _, number = config.cluster.address.rpartition(":")
            life = NodeLife(
                folder,
                config,
                Ports(node.name, logged, directory),
                Doors(public, (place.strip("[]"), int(number))),
                most=int(descriptors() * SHARE / EACH),
            )
            async with trio.open_nursery() as nursery:
                nursery.start_soon(life.run)
                log.info("node %s (process %d) takes part", node.name, os.getpid())
                yield life, f"{server.scheme}://{in_url(host)}:{port}"
                life.leave()


def _listening(server: ServerConfig, inherited: int | None) -> socket.socket:
    if inherited is not None:
        return socket.socket(fileno=inherited)
    return socket.create_server((server.host, server.port), backlog=4096)
