"""The snippets of the documents: what stands in their fences.

The first word behind a fence is its language; what follows are attributes, which a page
does not show and a reader of its source does:

    ```sh norun="runs until it is stopped"
    ```sh serves
    ```text says
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.faults.processes import ROOT

DOCS = ROOT / "docs"
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[a-z]+)(?P<attributes>[^\n]*)\n"
    r"(?P<code>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
ATTRIBUTE = re.compile(r'(\w+)(?:="([^"]*)")?')
KNOWN = {"norun", "says", "serves"}


class Fence(NamedTuple):
    """A snippet and where it stands."""

    where: str
    """As `docs/link.md:8`."""
    language: str
    attributes: dict[str, str]
    """`norun`: why it is not run. `serves`: it runs while what follows does. `says`:
    the snippet before it prints these lines, `...` standing for any number."""
    code: str

    @property
    def runs(self) -> bool:
        """Whether it is to be run."""
        return "norun" not in self.attributes


def pages() -> list[Path]:
    """Return all pages that there are, the README first."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    """Return what tests call a page."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path, *languages: str) -> Iterator[Fence]:
    """Yield the snippets of `page` in these languages, or all, in order."""
    text = page.read_text()
    for found in FENCE.finditer(text):
        if languages and found["language"] not in languages:
            continue
        line = text.count("\n", 0, found.start()) + 1
        attributes = dict(ATTRIBUTE.findall(found["attributes"]))
        where = f"{name_of(page)}:{line}"
        yield Fence(where, found["language"], attributes, found["code"])


def every(*languages: str) -> list[Fence]:
    """Return the snippets of all pages."""
    return [fence for page in pages() for fence in fences(page, *languages)]
