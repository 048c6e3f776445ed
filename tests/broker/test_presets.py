"""When a snoozed ticket comes back, by a word (F17)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from actors.chat.hours import ALWAYS, OpenHours
from actors.chat.ticket import SOONEST
from actors.ids import Millis
from actors.settings.document import Settings
from actors.settings.hours import HoursSettings
from actors.settings.rules import Rules
from broker.presets import PRESETS, end_of_day, until, zone, zone_of


def moment(words: str, place: str = "UTC") -> Millis:
    local = datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(place))
    return Millis(int(local.timestamp() * 1000))


def rules(place: str = "UTC", hours: OpenHours = ALWAYS) -> Rules:
    return Rules(1, Settings(hours=HoursSettings(place)), hours)


def nine_to_five(*days: str) -> OpenHours:
    return OpenHours(
        tuple((moment(f"{day} 09:30"), moment(f"{day} 17:00")) for day in days)
    )


@pytest.mark.parametrize(
    ("now", "place", "comes"),
    [
        ("2026-11-22 12:00", "UTC", "2026-11-23 09:00"),
        ("2026-11-22 00:00", "UTC", "2026-11-23 09:00"),
        ("2026-11-22 23:59", "UTC", "2026-11-23 09:00"),
        ("2026-11-22 12:00", "Europe/Warsaw", "2026-11-23 09:00"),
        ("2026-12-31 23:30", "Pacific/Auckland", "2027-01-01 09:00"),
        # The night in which clocks go back, and that in which they go forward.
        ("2026-10-24 12:00", "Europe/Warsaw", "2026-10-25 09:00"),
        ("2026-03-28 12:00", "Europe/Warsaw", "2026-03-29 09:00"),
    ],
)
def test_tomorrow_begins_at_nine_where_the_shop_is(
    now: str, place: str, comes: str
) -> None:
    assert until("tomorrow", rules(place), moment(now, place)) == moment(comes, place)


def test_the_shops_day_is_not_the_worlds() -> None:
    # Still the 22nd in New York, already the 23rd elsewhere.
    now = moment("2026-11-23 03:00")
    comes = until("tomorrow", rules("America/New_York"), now)
    assert comes == moment("2026-11-23 09:00", "America/New_York")


@pytest.mark.parametrize(
    ("now", "place", "hours"),
    [
        ("2026-11-22 12:00", "UTC", 12),
        ("2026-11-22 00:00", "Pacific/Auckland", 24),
        ("2026-11-22 23:00", "America/New_York", 1),
        # The day on which clocks go back, and that on which they go forward.
        ("2026-10-25 00:00", "Europe/Warsaw", 25),
        ("2026-03-29 00:00", "Europe/Warsaw", 23),
    ],
)
def test_a_day_ends_at_midnight_where_the_shop_is(
    now: str, place: str, hours: int
) -> None:
    at = moment(now, place)
    assert end_of_day(rules(place), at) == at + hours * 3600 * 1000


def test_tomorrow_is_the_next_opening_of_a_later_day() -> None:
    hours = nine_to_five("2026-11-20", "2026-11-23", "2026-11-24")
    friday = moment("2026-11-20 08:00")
    assert until("tomorrow", rules(hours=hours), friday) == moment("2026-11-23 09:30")
    sunday = moment("2026-11-22 08:00")
    assert until("tomorrow", rules(hours=hours), sunday) == moment("2026-11-23 09:30")
    # Beyond what is known of the calendar.
    tuesday = moment("2026-11-24 08:00")
    assert until("tomorrow", rules(hours=hours), tuesday) == moment("2026-11-25 09:00")


def test_an_opening_at_midnight_is_at_least_a_minute_ahead() -> None:
    midnight = moment("2026-11-23 00:00")
    hours = OpenHours(((midnight, Millis(midnight + 1000)),))
    now = Millis(midnight - SOONEST)
    assert until("tomorrow", rules(hours=hours), now) == midnight
    assert until("tomorrow", rules(hours=hours), Millis(now + 1)) != midnight


def test_the_other_presets_need_no_calendar() -> None:
    now = moment("2026-11-22 12:00")
    assert until("later_today", rules(), now) == moment("2026-11-22 15:00")
    assert until("one_week", rules(), now) == moment("2026-11-29 12:00")
    assert until("next_reply", rules(), now) is None
    assert {"later_today", "tomorrow", "one_week", "next_reply"} == PRESETS


@pytest.mark.parametrize("name", ["Europe", "Moon/Base", "", "../etc/passwd", "a\0"])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone(name) is None
    assert zone_of(name) is UTC
