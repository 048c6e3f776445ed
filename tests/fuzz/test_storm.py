"""Some never read: the others have what they are to have, and so have they, later."""

from pathlib import Path

import pytest

from tests.fuzz.storm import SLOW, storm
from tests.long import LONG


@pytest.mark.slow
@pytest.mark.parametrize("path", ["fast", "portable"] if LONG else ["fast"])
async def test_who_does_not_read_is_cut_off_and_loses_nothing(
    tmp_path: Path, path: str
) -> None:
    outcome = await storm(tmp_path, path)
    print(outcome)  # noqa: T201  # figures, for who runs it with -s
    assert outcome.codes == {"4008": SLOW}
    assert outcome.complete == SLOW
