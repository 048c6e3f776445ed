from hypothesis import given
from hypothesis import strategies as st

from clients.load.histogram import Histogram

durations = st.lists(st.integers(0, 10**9), min_size=1, max_size=60)


@given(durations, st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_right_within_a_thousandth(
    micros: list[int], share: float
) -> None:
    histogram = Histogram()
    for each in micros:
        histogram.add(each)
    exact = sorted(micros)[max(0, -int(-share * len(micros) // 1) - 1)]
    found = histogram.at(share)
    assert found is not None
    assert exact <= found <= exact * 1.001 + 1


@given(durations, durations)
def test_workers_together_counted_what_one_would_have(
    some: list[int], others: list[int]
) -> None:
    left, right, whole = Histogram(), Histogram(), Histogram()
    for histogram, micros in ((left, some), (right, others), (whole, some + others)):
        for each in micros:
            histogram.add(each)
    left.merge(right.tallied())
    assert left.tallied() == whole.tallied()
    assert left.count == whole.count


def test_of_nothing_there_is_no_percentile() -> None:
    assert Histogram().at(0.5) is None
    assert Histogram().mean is None
