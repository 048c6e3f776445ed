"""Real processes: one owner is killed, the next sent away; `siege` is the long form."""

from pathlib import Path

import pytest

from tests.cluster.siege import Siege, Traffic, besiege

pytestmark = pytest.mark.slow


async def test_a_killed_and_a_leaving_owner_cost_nothing_that_was_acknowledged(
    tmp_path: Path,
) -> None:
    siege = Siege(tmp_path, 1)
    traffic = Traffic("40/s", chats=10, calm_s=1.0)
    assert await besiege(siege, [("kill", 0.0), ("term", 0.0)], traffic)
