"""Who types and who views is a matter of seconds (F11, F30), here of virtual ones."""

import pytest

from actors.chat.signs import SPANS, Key, Signs, What
from actors.ids import Millis
from tests.actors.scene import ANN, SHOPPER

SUE: Key = (SHOPPER, "typing")
NOTE: Key = (ANN, "typing")
LOOK: Key = (ANN, "viewing")
SHOWN = SPANS["typing"].shown


def at(number: int) -> Millis:
    return Millis(number)


@pytest.mark.parametrize(
    ("what", "relayed"),
    [("typing", [0, 3000, 6000, 9000]), ("viewing", [0, 5000, 10_000])],
)
def test_a_sign_is_passed_on_only_every_few_seconds(
    what: What, relayed: list[int]
) -> None:
    signs = Signs()
    passed = [
        now
        for now in range(0, 12_000, 500)
        if signs.give((ANN, what), at(now), inside=False)
    ]
    assert passed == relayed


@pytest.mark.parametrize(("what", "promised"), [("typing", 6000), ("viewing", 15_000)])
def test_a_sign_holds_no_longer_than_was_promised(what: What, promised: int) -> None:
    # With the quarter by which a timer may be late.
    assert SPANS[what].shown + 250 <= promised
    assert SPANS[what].relay < SPANS[what].shown


def test_each_author_and_each_sign_is_passed_on_alone() -> None:
    signs = Signs()
    assert signs.give(SUE, at(0), inside=False)
    assert signs.give(NOTE, at(1), inside=False)
    assert signs.give(LOOK, at(2), inside=True)


def test_typing_is_over_six_seconds_after_the_last_sign() -> None:
    signs = Signs()
    signs.give(SUE, at(0), inside=False)
    signs.give(SUE, at(2000), inside=False)
    assert signs.next_end() == 2000 + SHOWN
    assert signs.expired(at(2000 + SHOWN - 1)) == []
    ((key, given),) = signs.expired(at(2000 + SHOWN))
    assert (key, given.inside) == (SUE, False)
    assert signs.next_end() is None


def test_the_first_of_several_to_go_silent_is_looked_at_first() -> None:
    signs = Signs()
    signs.give(LOOK, at(0), inside=True)
    signs.give(SUE, at(0), inside=False)
    signs.give(NOTE, at(1000), inside=True)
    assert signs.next_end() == SHOWN
    assert [key for key, _ in signs.expired(at(SHOWN))] == [SUE]
    assert signs.next_end() == 1000 + SHOWN


def test_what_has_stopped_is_told_of_once_and_begins_anew() -> None:
    signs = Signs()
    assert signs.stop(SUE) is None
    signs.give(SUE, at(0), inside=False)
    assert signs.stop(SUE) is not None
    assert signs.stop(SUE) is None
    assert signs.give(SUE, at(1), inside=False)


def test_all_that_somebody_does_is_known_by_their_name() -> None:
    signs = Signs()
    for key in (SUE, NOTE, LOOK):
        signs.give(key, at(0), inside=False)
    assert signs.of(ANN) == (NOTE, LOOK)
    assert signs.of(SHOPPER) == (SUE,)
