"""Behaviour of one's own, as the guide shows it."""

import re
from pathlib import Path

import pytest

from clients.load import script
from clients.load.plan import BadPlan, Plan
from tests.clients.load.runs import NOTHING_WRONG, ran
from tests.clients.load.stub import Stub

GUIDE = Path(__file__).parents[3] / "docs" / "load.md"


def example(folder: Path) -> str:
    """Return where the guide's example is, with people in a hurry."""
    found = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    path = folder / "people.py"
    path.write_text(re.sub(r"think\(\d\)", "think(0.02)", found[1]))
    return str(path)


@pytest.mark.slow
async def test_the_guides_example_talks(tmp_path: Path) -> None:
    plan = Plan(chats=2, agents=1, duration=0.6, script=example(tmp_path))
    stub = Stub()
    report = await ran(plan, stub)
    assert report.exit in NOTHING_WRONG, report.why
    assert report.totals["answered"] > 8
    assert report.traffic_hash is None


@pytest.mark.parametrize("text", ["", "1 / 0", "def shopper(: pass"])
def test_a_script_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "people.py"
    path.write_text(text)
    with pytest.raises(BadPlan, match=r"people\.py"):
        script.read(str(path))


def test_a_script_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadPlan):
        script.read("none.py")
