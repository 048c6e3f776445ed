"""How long something took, how often."""

from storage.spans import Spans


def test_each_span_is_below_the_next_power_of_two() -> None:
    spans = Spans()
    for seconds in (0.0, 0.000_063, 0.000_064, 0.001, 1.0, 3600.0):
        spans.add(seconds)
    upto = dict(spans.upto())
    assert upto[0.000_064] == 2
    assert upto[0.000_128] == 3
    assert upto[0.001_024] == 4
    assert upto[1.048_576] == 5
    assert upto[8.388_608] == 5
    assert upto[float("inf")] == 6
    assert spans.seconds > 3601


def test_a_clock_that_stands_still_counts_too() -> None:
    spans = Spans()
    spans.add(0.0)
    assert {number for _, number in spans.upto()} == {1}
