"""What a shop says by itself over days, and that a kill changes nothing of it.

`SHOPWIRE_DAYS` is how many such spans of days there are, each of another seed.
"""

import os
from pathlib import Path

import pytest

from tests.laws.history import chats
from tests.laws.hours import Judge, Lived

pytestmark = pytest.mark.slow

SPANS = int(os.environ.get("SHOPWIRE_DAYS", "1"))
KILLS = 50


@pytest.mark.parametrize("seed", range(SPANS))
def test_each_automatic_message_comes_once_and_where_it_should(
    tmp_path: Path, seed: int
) -> None:
    calm = Lived(tmp_path / "calm", seed)
    judge = Judge()
    said = sum(
        judge.judge(calm.world.events(chat), calm.world.now)
        for chat in chats(calm.world)
    )
    assert said > 50
    killed = Lived(tmp_path / "killed", seed, KILLS)
    assert killed.killed == KILLS
    assert killed.told() == calm.told()
    for lived in (calm, killed):
        lived.world.close()
