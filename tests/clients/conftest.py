"""Virtual time for the tests that ask for it."""

import pytest

from tests.system.moments import VIRTUAL


@pytest.fixture
def virtual_time() -> None:
    """Let the test's clock leap whenever everybody waits."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and "virtual_time" in item.fixturenames:
            item.add_marker(VIRTUAL, append=False)
