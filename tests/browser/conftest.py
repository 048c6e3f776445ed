"""A browser, a shop that is served by a real broker, and people in front of both.

The browser is Debian's Chromium, driven by playwright. Playwright's own loop must not
be there while trio runs, so it lives no longer than a module's tests; all tests of a
module run in one process (`xdist_group`), after one another.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.store import Store


# First: xdist looks at the groups in the same hook, and began earlier.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(120))
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.found()
    if path is None:
        if os.environ.get(chromium.NEEDED):
            pytest.fail("there is no Chromium, and there has to be one")
        pytest.skip("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=path,
            args=list(chromium.ARGUMENTS),
            # As browsers have it: a page one comes back to goes on where it was.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A shop with a broker of its own, and pages of a shop's that embed the widget."""
    with Store(tmp_path_factory.mktemp("store")) as opened:
        yield opened
