import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.chat.hours import ALWAYS, OpenHours, Spans
from actors.chat.spoken import next_opening
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


@settings(max_examples=50)
@given(
    windows=st.none() | apart(),
    start=st.integers(0, END),
    span=st.integers(0, END),
    pauses=apart(),
)
def test_what_lies_between_two_moments_is_counted_likewise(
    windows: Spans | None, start: int, span: int, pauses: Spans
) -> None:
    hours = OpenHours(windows)
    walked = sum(
        hours.is_open(Millis(now)) and not any(off <= now < on for off, on in pauses)
        for now in range(start, start + span)
    )
    assert hours.between(Millis(start), Millis(start + span), pauses) == walked


@given(windows=apart(), at=st.integers(0, END))
def test_the_turns_of_a_day_are_where_it_opens_and_closes(
    windows: Spans, at: int
) -> None:
    hours, now = OpenHours(windows), Millis(at)
    turns = [
        turn
        for turn in range(1, END + 1)
        if hours.is_open(Millis(turn)) != hours.is_open(Millis(turn - 1))
    ]
    assert hours.turns(now) == min((t for t in turns if t > at), default=None)
    begins = [begin for begin, _ in windows]
    assert hours.opens(now) == min((b for b in begins if b > at), default=None)
    edges = [edge for window in windows for edge in window]
    assert hours.turned(now) == max((e for e in edges if e <= at), default=0)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "Monday, 23 November, 09:30 (Europe/Warsaw)"),
        ("pl-PL", "poniedziałek, 23 listopada, 09:30 (Europe/Warsaw)"),
        ("de", "2026-11-23 09:30 (Europe/Warsaw)"),
    ],
)
def test_an_opening_is_said_in_the_language_and_the_time_of_the_shop(
    locale: str, words: str
) -> None:
    opens = Millis(1_795_422_600_000)
    hours = OpenHours(
        ((opens, Millis(opens + 1)),),
        "Europe/Warsaw",
        ((Millis(0), Millis(3_600_000)),),
    )
    assert next_opening(hours, Millis(opens - 1), locale) == words
    assert next_opening(hours, opens, locale) == ""
