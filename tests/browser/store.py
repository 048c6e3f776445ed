"""A shop as its customers find it: pages on an address of its own, a broker behind.

The pages are made up here and served by playwright (`Page.route`), so that each test
can have the one it needs: with a strict policy, hostile styles, or in a frame.
"""

from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import trio
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.system.process import Keys, Process, furnish

ADDRESS = "http://shop.test"
"""Of the shop's own pages: another origin than the broker's."""
AGENTS = ("anna", "ben")
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Shop</title>{head}</head>
<body><main><h1>A lamp</h1><p>It shines.</p></main>
<script async src="{broker}/widget.js" data-site="default"></script>
<script>
  window.Shopwire = window.Shopwire || function () {{
    (window.Shopwire.q = window.Shopwire.q || []).push(arguments);
  }};
  Shopwire("boot", {boot});
</script>
</body>
</html>"""


class Store:
    """A broker process, its keys, and what makes pages of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = Process(folder)
        self.keys: Keys
        self.admin: str
        """The token of somebody who has the settings."""

    def __enter__(self) -> Self:
        self.keys = trio.run(partial(furnish, self.folder, *AGENTS, admins=("root",)))
        self.admin = self.keys.token("admin", "root")
        self.start()
        self.put("settings", {"chat": {"allowed_origins": [ADDRESS]}})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """Where the broker is now."""
        return self.process.url

    def start(self, port: int = 0) -> None:
        """Serve the folder, where it was served before if its `port` is named."""
        trio.run(partial(self.process.start, port=port))

    def kill(self) -> None:
        """End the broker in the middle of whatever it does."""
        trio.run(self.process.kill)

    def token(self, role: str, sub: str) -> str:
        """Return what `sub` signs in with."""
        return self.keys.token(role, sub)

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
        """Return what the broker answers an admin, as JSON."""
        answer = httpx.request(
            method,
            self.url + path,
            json=body,
            headers={"Authorization": f"Bearer {self.admin}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def put(self, document: str, held: object) -> None:
        """Put a versioned document of the site, whichever version is there."""
        path = f"/v1/sites/default/{document}"
        name = "settings" if document == "settings" else "items"
        version = self.call("GET", path)["version"]
        self.call("PUT", path, {"if_version": version, name: held})

    def visit(
        self, browser: Browser | BrowserContext, boot: str = "{}", head: str = ""
    ) -> Page:
        """Return a page of the shop's, with the widget on it."""
        page = browser.new_page()
        html = PAGE.format(broker=self.url, boot=boot, head=head)

        def answer(route: Route) -> None:
            route.fulfill(content_type="text/html", body=html)

        page.route(f"{ADDRESS}/**", answer)
        page.goto(f"{ADDRESS}/lamp")
        return page
