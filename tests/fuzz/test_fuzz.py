"""The short siege of every run; `make fuzz` has a longer one."""

import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import fuzz
from tests.long import times


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "count"),
    [("fast", times(5000, short=2000)), ("portable", times(2000, short=800))],
)
async def test_noise_disturbs_nobody(tmp_path: Path, path: str, count: int) -> None:
    verdict = await fuzz(tmp_path, path, count, seed=7)
    sys.stdout.write("\n".join([*verdict.lines, ""]))
    assert verdict.wrong == []
