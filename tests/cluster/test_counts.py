"""How far a copy is behind: in positions, and since when."""

from broker.cluster.counts import MOST_ENDS, Lag


def test_a_copy_that_keeps_up_is_not_behind() -> None:
    lag = Lag()
    lag.see(5, 5, 10.0)
    assert (lag.entries, lag.seconds(99.0)) == (0, 0.0)
    # The end that was told is older than what has come since.
    lag.see(7, 5, 11.0)
    assert (lag.entries, lag.seconds(99.0)) == (0, 0.0)


def test_what_is_missing_counts_from_when_it_was_first_heard_of() -> None:
    lag = Lag()
    lag.see(5, 6, 10.0)
    lag.see(5, 9, 12.0)
    assert (lag.entries, lag.seconds(13.0)) == (4, 3.0)
    lag.see(6, 9, 14.0)
    assert (lag.entries, lag.seconds(14.0)) == (3, 2.0)
    lag.see(9, 9, 15.0)
    assert (lag.entries, lag.seconds(15.0)) == (0, 0.0)


def test_one_that_never_catches_up_is_remembered_in_bounds() -> None:
    lag = Lag()
    for second in range(2 * MOST_ENDS):
        lag.see(0, second + 1, float(second))
    assert lag.seconds(2.0 * MOST_ENDS) == 2.0 * MOST_ENDS
    assert len(lag._ends) == MOST_ENDS
