"""The states of a client, one after another: what axe finds in each, and a picture.

axe finds nothing (WCAG 2.2 AA). Each state is looked at twice. By night only colours
are other ones, and only the rules of colours are asked again.

Where `SHOPWIRE_GALLERY` names a folder, a picture of each state by day and by night
stays there, for people to look at.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

from tests.faults.processes import ROOT

GALLERY = "SHOPWIRE_GALLERY"
AXE = ROOT / "clients/web/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BUT = {
    # An experiment of axe's: it takes an initial that is drawn as a picture for text.
    "label-content-name-mismatch": {"enabled": False},
}
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that look at colours."""


class States:
    """What was seen of a client."""

    def __init__(self, client: str) -> None:
        self.wrong: list[str] = []
        """What axe has found, in words."""
        self.seen: list[str] = []
        self._client = client

    def look(self, state: str, page: Page) -> None:
        """Look at the page by day and by night."""
        self.seen.append(state)
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE.read_text())
        self._find(state, page, {"runOnly": RULES, "rules": BUT})
        self._draw(state, page, "light")
        page.emulate_media(color_scheme="dark")
        colours = {"runOnly": {"type": "rule", "values": COLOURS}}
        self._find(f"{state}, dark", page, colours)
        self._draw(state, page, "dark")
        page.emulate_media(color_scheme="light")

    def _find(self, state: str, page: Page, options: dict[str, Any]) -> None:
        found: dict[str, Any] = page.evaluate(
            "options => axe.run(document, options)", options
        )
        self.wrong += [
            f"{state}: {each['id']}: {node['html'][:200]}"
            f" {node['failureSummary'][:300]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def _draw(self, state: str, page: Page, scheme: Literal["light", "dark"]) -> None:
        gallery = os.environ.get(GALLERY)
        if gallery:
            name = re.sub(r"\W+", "-", f"{self._client}-{state}").strip("-")
            page.screenshot(path=Path(gallery) / f"{name}-{scheme}.png")
