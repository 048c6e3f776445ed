from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.broker.http.web import Web, asked


@pytest.fixture
async def web(tmp_path: Path) -> AsyncGenerator[Web]:
    async with asked(tmp_path) as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "web" in getattr(item, "fixturenames", ()):
            # A broker, and an application that is built anew.
            item.add_marker(pytest.mark.slow, append=False)
