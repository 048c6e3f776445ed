from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.books import Books


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal may be made."""
    return tmp_path / "journal.db"


@pytest.fixture(params=["threads", "inline"])
def books(path: Path, request: pytest.FixtureRequest) -> Iterator[Books]:
    """A journal in each of its two modes."""
    opened = Books(path, inline=request.param == "inline")
    yield opened
    opened.close()
