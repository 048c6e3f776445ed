"""The snippets of the documents: what stands in their fences.

`deploy/newcomer/follow.py` knows a fence when it sees one, and says what their
attributes mean.
"""

from collections.abc import Iterator
from pathlib import Path

from deploy.newcomer import follow
from deploy.newcomer.follow import Fence
from tests.faults.processes import ROOT

DOCS = ROOT / "docs"
KNOWN = {"norun", "says", "serves"}


def pages() -> list[Path]:
    """Return all pages that there are, the README first."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def name_of(page: Path) -> str:
    """Return what tests call a page."""
    return page.relative_to(ROOT).as_posix()


def fences(page: Path, *languages: str) -> Iterator[Fence]:
    """Yield the snippets of `page` in these languages, or all, in order."""
    return follow.fences(page.read_text(), name_of(page), *languages)


def every(*languages: str) -> list[Fence]:
    """Return the snippets of all pages."""
    return [fence for page in pages() for fence in fences(page, *languages)]
