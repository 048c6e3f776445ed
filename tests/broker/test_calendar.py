"""A shop's hours are what the clock on its wall says, minute by minute."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.chat.hours import OpenHours
from actors.ids import Millis
from actors.settings.document import Settings, problems
from actors.settings.hours import Holiday, HoursSettings, Week, Window, Windows
from broker.calendar import AHEAD, BEHIND, hours_at, open_hours
from broker.presets import zone_of

MINUTE = 60 * 1000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SHIFTS = (
    # Where the clocks go forward and back, by half an hour, over midnight, at a day's
    # end, and where a whole day was left out.
    *(("Europe/Warsaw", "2026-03-29"), ("Europe/Warsaw", "2026-10-25")),
    *(("America/New_York", "2026-03-08"), ("America/New_York", "2026-11-01")),
    *(("Australia/Lord_Howe", "2026-04-05"), ("Australia/Lord_Howe", "2026-10-04")),
    *(("America/Santiago", "2026-04-05"), ("America/Santiago", "2026-09-06")),
    *(("Pacific/Apia", "2011-12-30"), ("Africa/Casablanca", "2026-02-15")),
    *(("Asia/Kathmandu", "2026-05-01"), ("UTC", "2026-01-01")),
)
TIMES = st.builds(
    "{:02}:{:02}".format,
    st.sampled_from([0, 1, 2, 3, 9, 17, 22, 23]),
    st.sampled_from([0, 15, 30, 59]),
)
PAIRS = st.tuples(TIMES, TIMES | st.just("24:00")).filter(
    lambda pair: pair[0] != pair[1]
)
WINDOWS = st.lists(PAIRS, max_size=2).map(tuple)


def moment(words: str, place: str = "UTC") -> Millis:
    local = datetime.fromisoformat(words).replace(tzinfo=zone_of(place))
    return Millis(int(local.timestamp() * 1000))


class Wall:
    """The slow oracle: one looks at the wall and at what is written on the door."""

    def __init__(self, settings: HoursSettings) -> None:
        self._zone = zone_of(settings.zone)
        self._weekly = settings.weekly
        self._dated = {each.date: each.windows for each in settings.holidays}

    def is_open(self, at: int) -> bool:
        wall = datetime.fromtimestamp(at // 1000, self._zone)
        today, time = wall.date(), f"{wall:%H:%M}"
        before = self._windows(today - timedelta(days=1))
        return any(
            start <= time < end or (end < start <= time)
            for start, end in self._windows(today)
        ) or any(end < start and time < end for start, end in before)

    def _windows(self, day: date) -> tuple[Window, ...]:
        if (dated := self._dated.get(day.isoformat())) is not None:
            return dated
        if self._weekly is None:
            return (("00:00", "24:00"),)
        windows: Windows = getattr(self._weekly, f"{day:%a}".lower())
        return windows


@settings(max_examples=60, deadline=None)
@given(
    where=st.sampled_from(SHIFTS),
    week=st.none() | st.builds(Week, *[WINDOWS] * 7),
    dated=st.dictionaries(st.integers(-2, 2), WINDOWS, max_size=2),
)
@example(SHIFTS[0], Week(*[(("02:15", "02:45"),)] * 7), {})
@example(SHIFTS[1], Week(*[(("01:30", "02:30"),)] * 7), {})
@example(SHIFTS[8], Week(*[(("22:00", "06:00"),)] * 7), {0: ()})
def test_the_shop_is_open_whenever_the_wall_says_so(
    where: tuple[str, str], week: Week | None, dated: dict[int, Windows]
) -> None:
    place, day = where
    first = date.fromisoformat(day)
    days = {(first + timedelta(days=n)).isoformat(): w for n, w in dated.items()}
    holidays = tuple(Holiday(day, windows) for day, windows in days.items())
    hours = HoursSettings(place, week, holidays)
    noon = moment(f"{day} 12:00")
    begin, end = Millis(noon - 2 * DAY), Millis(noon + 2 * DAY)
    known, wall = open_hours(hours, begin, end), Wall(hours)
    edges = set(_flat(known))
    # Every edge to the millisecond, and the minutes between them.
    for at in (*range(begin, end, 5 * MINUTE), *sorted(edges)):
        for near in (at - 1, at):
            if begin <= near < end:
                assert known.is_open(Millis(near)) == wall.is_open(near), near
    assert all(
        one < two for one, two in zip(_flat(known), _flat(known)[1:], strict=False)
    )


def _flat(hours: OpenHours) -> list[int]:
    return [at for window in hours.windows or () for at in window]


@pytest.mark.parametrize(("place", "day"), SHIFTS)
def test_what_the_wall_shows_is_known_to_the_minute(place: str, day: str) -> None:
    noon = moment(f"{day} 12:00")
    hours = open_hours(HoursSettings(place), Millis(noon - 2 * DAY), Millis(noon + DAY))
    for at in range(noon - 2 * DAY, noon + DAY, 15 * MINUTE):
        wall = datetime.fromtimestamp(at / 1000, zone_of(place)).replace(tzinfo=UTC)
        assert hours.wall(Millis(at)) == int(wall.timestamp() * 1000)


def test_a_day_of_hours_is_as_long_as_its_windows() -> None:
    week = Week(*[(("09:00", "12:00"), ("13:00", "17:00"))] * 7)
    hours = open_hours(
        HoursSettings("Europe/Warsaw", week), moment("2026-10-24"), moment("2026-10-27")
    )
    assert hours.windows is not None
    assert [end - start for start, end in hours.windows] == [3 * HOUR, 4 * HOUR] * 3


def test_a_night_in_which_clocks_go_back_is_an_hour_longer() -> None:
    week = Week(sat=(("22:00", "06:00"),))
    begin, end = moment("2026-10-23"), moment("2026-10-27")
    hours = open_hours(HoursSettings("Europe/Warsaw", week), begin, end)
    assert hours.windows == ((moment("2026-10-24 20:00"), moment("2026-10-25 05:00")),)


def test_midnight_ends_a_day_however_it_is_written() -> None:
    begin, end = moment("2026-11-22"), moment("2026-11-25")
    until = [
        open_hours(HoursSettings("UTC", Week(mon=(("20:00", late),))), begin, end)
        for late in ("24:00", "00:00")
    ]
    assert until[0] == until[1]
    assert until[0].windows == ((moment("2026-11-23 20:00"), moment("2026-11-24")),)


def test_days_that_touch_are_one_window() -> None:
    all_day = (("00:00", "24:00"),)
    week = Week(mon=all_day, tue=all_day)
    begin, end = moment("2026-11-22"), moment("2026-11-27")
    hours = open_hours(HoursSettings("UTC", week), begin, end)
    assert hours.windows == ((moment("2026-11-23"), moment("2026-11-25")),)


def test_a_shop_without_a_week_may_have_holidays() -> None:
    feast = HoursSettings("UTC", None, (Holiday("2026-12-25"),))
    now = moment("2026-11-22")
    hours = hours_at(feast, now)
    assert hours.windows == (
        (now - BEHIND, moment("2026-12-25")),
        (moment("2026-12-26"), now + AHEAD),
    )


def test_a_week_without_windows_never_opens() -> None:
    hours = hours_at(HoursSettings("UTC", Week()), moment("2026-11-22"))
    assert hours.windows == ()


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_a_holiday_that_is_in_no_calendar_is_an_error(day: str) -> None:
    hours = HoursSettings("UTC", None, (Holiday(day),))
    assert [p.path for p in problems(Settings(hours=hours))] == [
        "$.hours.holidays[0].date"
    ]
