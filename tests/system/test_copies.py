"""What a broker writes, whatever people do, makes the same file twice.

All of `tests/system` says so with `--captured`; this is one day of it.
"""

from pathlib import Path

import pytest

from tests.system import test_days

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("virtual_time")]


async def test_a_day_of_everything_makes_an_exact_copy(
    tmp_path: Path, captured: list[str]
) -> None:
    await test_days.test_on_any_day_all_is_as_the_journal_says(tmp_path, 0)
    assert captured == []
