"""What holds for every test: its time limit, and how Hypothesis searches."""

import pytest
from hypothesis import HealthCheck, settings

SLOW_SECONDS = 300
"""For tests that start processes or build things; the others have 20 (pyproject)."""

# On a shared machine the clock measures the neighbours: a slow example is no failure,
# a hung one still meets the time limit of its test.
settings.register_profile(
    "shopwire", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shopwire")


def pytest_addoption(parser: pytest.Parser) -> None:
    what = "have each broker's journal copied, and held against its copy at the end"
    parser.addoption("--captured", action="store_true", help=what)
    what = "have each broker on sockets be a node of a cluster, reached by another"
    parser.addoption("--clustered", action="store_true", help=what)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))
