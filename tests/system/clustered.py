"""Each broker as the owner of a cluster on NATS, spoken to through a node that is not.

`pytest tests/system --clustered` runs everything that has sockets so, unchanged. A
process is a cluster's only node; what runs in the test's own process has a second one,
and all that people say goes through that.
"""

import hashlib
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio

from broker.cluster.node import NodeLife
from broker.cluster.serving import serving
from broker.config import Config
from broker.server import Broker
from tests.cluster.servers import Server, free_port
from tests.system import process, shop

OWNS_S = 30.0
"""Seconds for a node to own: longer than a lease of the process before it."""


class Clusters:
    """One NATS server, and a cluster on it for each folder."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._alone = shop.alone

    @asynccontextmanager
    async def opened(
        self, folder: Path | None, config: Config
    ) -> AsyncGenerator[tuple[Broker, str]]:
        """Run the owner and another node; yield the broker, with the other's URL."""
        async with AsyncExitStack() as stack:
            if folder is None:
                yield await stack.enter_async_context(self._alone(folder, config))
                return
            aside = folder.with_name(f"{folder.name}-other")
            owner, _ = await stack.enter_async_context(
                serving(folder, self._config(folder, "owner", config))
            )
            broker = await owned(owner)
            _, url = await stack.enter_async_context(
                serving(aside, self._config(folder, "other", config))
            )
            yield broker, url

    def environ_of(self, folder: Path) -> dict[str, str]:
        """Return what makes a process on a folder its cluster's only node."""
        keys = msgspec.to_builtins(self._config(folder, "only", Config()).cluster)
        return {
            f"SHOPWIRE_CLUSTER_{key.upper()}": str(keys[key])
            for key in ("nats", "name", "node", "address", "replicas")
        }

    def _config(self, folder: Path, node: str, config: Config) -> Config:
        cluster = msgspec.structs.replace(
            config.cluster,
            nats=self._server.url,
            name=f"t{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}",
            node=node,
            address=f"127.0.0.1:{free_port()}",
            replicas=1,
        )
        here = msgspec.structs.replace(config.server, host="127.0.0.1", port=0)
        return msgspec.structs.replace(config, cluster=cluster, server=here)


async def owned(node: NodeLife) -> Broker:
    """Return the node's broker, as soon as it owns."""
    with trio.fail_after(OWNS_S):
        while node.broker is None:
            await node.changed.wait()
    return node.broker


@pytest.fixture(scope="session")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Generator[Clusters]:
    """Run the NATS server of all tests."""
    server = Server(tmp_path_factory.mktemp("nats")).start()
    try:
        yield Clusters(server)
    finally:
        server.kill()


@pytest.fixture
def clustered(clusters: Clusters, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every broker of the test take part in a cluster."""
    monkeypatch.setattr(shop, "opened", clusters.opened)
    monkeypatch.setattr(process, "environ_of", clusters.environ_of)
