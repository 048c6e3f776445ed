"""What a broker writes, whatever people do, makes the same file twice.

All of `tests/system` says so with `--captured`; this is one day of it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from broker.server import Broker
from tests.system import test_days

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("virtual_time")
async def test_a_day_of_everything_makes_an_exact_copy(
    tmp_path: Path, captured: list[str]
) -> None:
    await test_days.test_on_any_day_all_is_as_the_journal_says(tmp_path, 0)
    assert captured == []


async def test_a_copy_that_differs_is_found(
    tmp_path: Path, captured: list[str]
) -> None:
    async with Broker.open(tmp_path):
        with closing(sqlite3.connect(tmp_path / "captured.db")) as copy, copy:
            copy.execute("INSERT INTO meta VALUES ('a', 'b')")
    assert captured == ["meta"]
    captured.clear()
