"""A shop on sockets, in each subprotocol; and one in virtual time."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import trio
import trio.testing

from tests.system import leaks
from tests.system.captured import captured
from tests.system.client import FORMS, Form
from tests.system.clustered import clustered, clusters
from tests.system.moments import VIRTUAL
from tests.system.shop import Shop, in_memory, serving

__all__ = ["captured", "clustered", "clusters"]


@pytest.fixture(params=FORMS, ids=[form.name for form in FORMS])
def form(request: pytest.FixtureRequest) -> Form:
    chosen: Form = request.param
    return chosen


@pytest.fixture(autouse=True)
def _secrets_of_this_test() -> None:
    leaks.forget()


@pytest.fixture
async def shop(tmp_path: Path, form: Form) -> AsyncGenerator[Shop]:
    async with serving(tmp_path, form) as running:
        yield running


@pytest.fixture
async def virtual_time() -> None:
    """Let the test's clock leap whenever everybody waits: see `moments`."""
    assert isinstance(trio.lowlevel.current_clock(), trio.testing.MockClock)


@pytest.fixture(autouse=True)
def _copies_are_exact(request: pytest.FixtureRequest) -> Generator[None]:
    if not request.config.getoption("captured"):
        yield
        return
    found: list[str] = request.getfixturevalue("captured")
    yield
    assert found == []


@pytest.fixture(autouse=True)
def _brokers_are_nodes(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("clustered"):
        request.getfixturevalue("clustered")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    for item in items:
        alone = item.get_closest_marker("alone")
        if alone is not None and config.getoption("clustered"):
            item.add_marker(pytest.mark.skip(alone.args[0]))
        if isinstance(item, pytest.Function) and "virtual_time" in item.fixturenames:
            item.add_marker(VIRTUAL, append=False)


@pytest.fixture
async def quick_shop(virtual_time: None) -> AsyncGenerator[Shop]:
    del virtual_time
    async with in_memory() as running:
        yield running
