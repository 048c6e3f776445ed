"""A damaged folder shows what is true, or refuses; `make faults` is the long form."""

from pathlib import Path

import pytest

from clients.load.plan import chaos
from tests.damage.__main__ import FAULTS, damage
from tests.damage.harms import HARMS, plan
from tests.damage.judging import Outcome, judged
from tests.damage.shop import Read
from tests.long import times

MANY = times(160, short=len(HARMS))
TRUTH = {"a": ["one", "two"], "b": ["three"]}


@pytest.mark.slow
async def test_no_damaged_folder_shows_a_wrong_word(tmp_path: Path) -> None:
    cases = await damage(tmp_path, MANY, seed=1)
    assert {case.harm for case in cases} == {harm.name for harm in HARMS}
    assert [case for case in cases if case.outcome is Outcome.WRONG] == []


@pytest.mark.parametrize(
    ("said", "refused", "outcome"),
    [
        (TRUTH, [], Outcome.WHOLE),
        ({"a": ["one"], "b": ["three"]}, [], Outcome.OLDER),
        ({"a": ["one"]}, ["b: not_found"], Outcome.OLDER),
        ({"a": ["one"]}, ["b: unavailable"], Outcome.PART),
        ({}, ["The journal is damaged."], Outcome.REFUSED),
        ({"a": ["one", "twp"], "b": []}, [], Outcome.WRONG),
        ({"a": ["two", "one"], "b": []}, [], Outcome.WRONG),
        ({"a": ["one", "two", "two"], "b": []}, [], Outcome.WRONG),
    ],
)
def test_what_is_shown_is_judged(
    said: dict[str, list[str]], refused: list[str], outcome: Outcome
) -> None:
    assert judged(TRUTH, Read(said, refused))[0] is outcome


def test_each_harm_is_done() -> None:
    for many in (len(HARMS), 64, 160):
        assert len(plan(many)) == many
    assert {harm.name for harm in plan(32)} == {harm.name for harm in HARMS}


def test_what_is_done_to_a_broker_under_load_can_be_done() -> None:
    assert chaos(FAULTS).clock
