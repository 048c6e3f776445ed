"""What leaves is tried in virtual time: a day of retries takes no time at all."""

from pathlib import Path

import pytest

from tests.system.moments import VIRTUAL

HERE = Path(__file__).parent
VIRTUALLY = "test_delivery"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE and item.path.stem == VIRTUALLY:
            item.add_marker(VIRTUAL, append=False)
