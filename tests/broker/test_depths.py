"""How deep a queue was."""

from broker.depths import Depths


def read(*depths: int) -> tuple[int, int]:
    there = Depths()
    for depth in depths:
        there.add(depth)
    return there.read()


def test_the_deepest_and_what_99_in_100_stay_below() -> None:
    assert read(*[1] * 99, 1000) == (1000, 1)
    assert read(*[1] * 98, 1000, 900) == (1000, 1000)
    assert read(*[5] * 300, 20, 40, 80) == (80, 7)


def test_nothing_is_no_depth() -> None:
    assert read() == read(0, 0) == (0, 0)


def test_more_than_can_be_told_apart_is_counted_all_the_same() -> None:
    assert read(10**9) == (10**9, 2**24 - 1)


def test_it_begins_anew_when_it_is_read() -> None:
    there = Depths()
    there.add(100)
    there.read()
    there.add(3)
    assert there.read() == (3, 3)
