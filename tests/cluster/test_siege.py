"""Real processes: an owner is killed, one cut off, one sent away; `siege` is longer."""

from pathlib import Path

import pytest

from tests.cluster.siege import Siege, Traffic, besiege

pytestmark = pytest.mark.slow


async def test_no_end_of_an_owner_costs_anything_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    siege = Siege(tmp_path, 1)
    traffic = Traffic("40/s", chats=10, calm_s=1.0)
    assert await besiege(siege, [("kill", 0.0), ("cut", 4.0), ("term", 0.0)], traffic)
