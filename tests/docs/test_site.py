"""The site that `make docs` makes: every page has a place, and none calls anybody."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.processes import ROOT

DOCS = ROOT / "docs"
DOORS = ("shop", "agents", "operators", "contributors")
LISTED = re.compile(r"```\{toctree\}\n(.*?)```", re.DOTALL)
FETCHED = re.compile(
    r"""(?:<(?:script|img|iframe|link)\b[^>]* (?:src|href)=|@import |url\()"""
    r"""["']?(?:https?:)?//"""
)


def below(page: str) -> set[str]:
    """Return the pages that `page` lists, by themselves or by a pattern."""
    listed: set[str] = set()
    for names in LISTED.findall((DOCS / f"{page}.md").read_text()):
        folder = (DOCS / page).parent
        for name in names.split("\n"):
            if name and not name.startswith(":"):
                found = folder.glob(f"{name}.md")
                listed |= {path.relative_to(DOCS).as_posix()[:-3] for path in found}
    return listed


def test_every_page_is_behind_a_door() -> None:
    reached: set[str] = set()
    ahead = {"index"}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        ahead |= below(page) - reached
    every = {path.relative_to(DOCS).as_posix()[:-3] for path in DOCS.rglob("*.md")}
    doors = ", ".join(f"docs/{door}.md" for door in DOORS)
    assert set(DOORS) <= reached
    lost = sorted(every - reached)
    assert not lost, f"docs/ has {lost}: name them in a `toctree` of one of {doors}"


@pytest.mark.slow
def test_it_is_made_without_a_warning_and_calls_nobody(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", DOCS, tmp_path],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    served = [*tmp_path.rglob("*.html"), *tmp_path.rglob("*.css")]
    # What is there to be copied is no page of the site's.
    served = [path for path in served if "_downloads" not in path.parts]
    assert len(served) > len(DOORS)
    calling = [path.name for path in served if FETCHED.search(path.read_text())]
    assert calling == []
    assert (tmp_path / "searchindex.js").exists()
