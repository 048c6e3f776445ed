"""One server for all tests of a process; each has a cluster's name of its own."""

import itertools
from collections.abc import AsyncGenerator, Generator

import pytest

from broker.cluster.nats.client import NatsClient, connected
from broker.cluster.nats.link import Server as Address
from tests.cluster.servers import Server

NUMBER = itertools.count()


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    server = Server(tmp_path_factory.mktemp("nats")).start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
async def nats(nats_server: Server) -> AsyncGenerator[NatsClient]:
    async with connected([Address.of(nats_server.url)], "test") as client:
        await client.wait_connected(5)
        yield client


@pytest.fixture
def cluster() -> str:
    return f"test{next(NUMBER)}"
