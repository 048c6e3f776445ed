"""Rates as numbers: no clock but the one that is given."""

from hypothesis import given
from hypothesis import strategies as st

from broker.config import LimitsConfig
from broker.limits import ABUSE_S, PAUSE_S, Meters, Patience, Rate, Talk

NOW = 1_000_000.0


def taken(meters: Meters, *moments: float) -> list[bool]:
    return [meters.take("sara", NOW + moment) == 0 for moment in moments]


def test_a_burst_is_granted_and_then_so_many_a_second() -> None:
    meters = Meters(Rate(per_s=1, burst=3))
    assert taken(meters, 0, 0, 0, 0) == [True, True, True, False]
    assert taken(meters, 0.9, 1.0, 1.1, 2.0, 2.0) == [False, True, False, True, False]


def test_one_over_it_hears_how_long_to_wait() -> None:
    meters = Meters(Rate(per_s=2, burst=1))
    assert meters.take("sara", NOW) == 0
    assert meters.take("sara", NOW + 0.2) == 0.3 or meters.take("sara", NOW + 0.5) == 0


def test_a_refusal_costs_nothing() -> None:
    meters = Meters(Rate(per_s=1, burst=1))
    assert taken(meters, *[0.0] * 100) == [True] + [False] * 99
    assert taken(meters, 1.0) == [True]


def test_each_is_held_to_it_alone() -> None:
    meters = Meters(Rate(per_s=1, burst=1))
    assert meters.take("sara", NOW) == meters.take("tom", NOW) == 0


def test_who_is_idle_costs_nothing() -> None:
    meters = Meters(Rate(per_s=1, burst=3))
    taken(meters, 0, 0)
    meters.sweep(NOW + 1.9)
    assert len(meters) == 1
    meters.sweep(NOW + 2)
    assert len(meters) == 0


@given(
    st.floats(0.1, 100),
    st.integers(1, 50),
    st.lists(st.floats(0, 5), max_size=100),
)
def test_no_span_of_time_grants_more_than_the_burst_and_the_rate(
    per_s: float, burst: int, pauses: list[float]
) -> None:
    meters = Meters(Rate(per_s, burst))
    now, granted = NOW, list[float]()
    for pause in pauses:
        now += pause
        if meters.take("sara", now) == 0:
            granted.append(now)
    for first, begin in enumerate(granted):
        for last, end in enumerate(granted[first:], first):
            most = burst + (end - begin) * per_s + 1e-3
            assert last - first + 1 <= most


def test_agents_may_write_faster_than_shoppers() -> None:
    talk = Talk(LimitsConfig())
    ann = [talk.wait("agent:ann", NOW, insider=True) == 0 for _ in range(60)]
    sara = [talk.wait("shopper:s", NOW, insider=False) == 0 for _ in range(60)]
    assert (sum(ann), sum(sara)) == (40, 10)
    assert len(talk) == 2
    talk.sweep(NOW + 10)
    assert len(talk) == 0


def test_patience_ends_when_somebody_goes_on_without_a_pause() -> None:
    patience = Patience()
    assert not any(patience.ends(NOW + i / 10) for i in range(int(ABUSE_S * 10)))
    assert patience.ends(NOW + ABUSE_S)


def test_patience_lasts_with_one_who_pauses() -> None:
    patience = Patience()
    pause = PAUSE_S + 0.01
    for number in range(100):
        # All that was refused comes again at once, each time after a pause.
        assert not any(patience.ends(NOW + number * pause) for _ in range(20))
