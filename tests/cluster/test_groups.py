"""Which error of a nursery's group is the one that matters."""

from pathlib import Path

import pytest
import trio

from broker.cluster.groups import first, of_the_disk, one_error
from storage.errors import JournalBroken, SteppedDown


def caused(cause: BaseException | None = None) -> JournalBroken:
    error = JournalBroken(Path("journal.db"), "no", "")
    error.__cause__ = cause
    return error


def test_a_journal_broken_by_the_disk_is_found_however_deep() -> None:
    disk = caused(OSError("no space"))
    group = BaseExceptionGroup(
        "",
        [SteppedDown("away"), BaseExceptionGroup("", [trio.Cancelled._create(), disk])],
    )
    assert of_the_disk(group) is disk


@pytest.mark.parametrize("error", [SteppedDown("away"), caused(SteppedDown("away"))])
def test_one_who_stepped_down_has_a_sound_disk(error: Exception) -> None:
    assert of_the_disk(BaseExceptionGroup("", [error])) is None


def test_the_first_is_told_by_its_cause() -> None:
    away = SteppedDown("away")
    assert first(BaseExceptionGroup("", [caused(away), ValueError()])) is away
    assert first(BaseExceptionGroup("", [away, caused()])) is away


async def test_what_goes_wrong_in_a_nursery_leaves_it_as_it_is() -> None:
    async def fails() -> None:
        raise SteppedDown("away")

    async def among_others() -> None:
        async with one_error(), trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(fails)

    with pytest.raises(SteppedDown, match="away"):
        await among_others()
