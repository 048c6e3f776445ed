import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.chat.hours import ALWAYS, OpenHours, Spans
from actors.ids import Millis

END = 60


def spans(*pairs: tuple[int, int]) -> Spans:
    return tuple((Millis(begin), Millis(end)) for begin, end in pairs)


@st.composite
def apart(draw: st.DrawFn) -> Spans:
    """Return some spans in order and apart from each other."""
    cuts = sorted(draw(st.sets(st.integers(0, END), max_size=12)))
    return spans(*zip(cuts[::2], cuts[1::2], strict=False))


def counted(hours: OpenHours, start: int, span: int, pauses: Spans) -> int | None:
    """Return the same as `after`, by walking every millisecond."""
    for now in range(start, END * 3):
        if span == 0:
            return now
        paused = any(off <= now < on for off, on in pauses)
        span -= hours.is_open(Millis(now)) and not paused
    return None


@settings(max_examples=50)
@given(
    windows=st.none() | apart(),
    start=st.integers(0, END),
    span=st.integers(1, END),
    pauses=apart(),
)
def test_open_time_is_counted_as_one_would_walk_it(
    windows: Spans | None, start: int, span: int, pauses: Spans
) -> None:
    hours = OpenHours(windows)
    found = hours.after(Millis(start), Millis(span), pauses)
    assert found == counted(hours, start, span, pauses)


@pytest.mark.parametrize(("at", "is_open"), [(9, False), (10, True), (20, False)])
def test_a_window_holds_its_begin_and_not_its_end(at: int, *, is_open: bool) -> None:
    assert OpenHours(spans((10, 20))).is_open(Millis(at)) is is_open


def test_a_shop_without_hours_is_always_open() -> None:
    assert ALWAYS.is_open(Millis(0))
    assert ALWAYS.after(Millis(5), Millis(7)) == 12


def test_a_shop_without_windows_never_opens() -> None:
    never = OpenHours(())
    assert not never.is_open(Millis(0))
    assert never.after(Millis(0), Millis(1)) is None
