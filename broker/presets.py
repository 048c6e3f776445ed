"""Moments that agents name by a word: when a snoozed ticket comes back (F17).

Zones and calendars are files of the system, so this is outside the rules of the chat;
they judge the moment that comes of it.
"""

from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from actors.chat.hours import OpenHours
from actors.chat.ticket import SOONEST
from actors.ids import Millis
from actors.settings.rules import Rules

LATER_TODAY = Millis(3 * 3600 * 1000)
ONE_WEEK = Millis(7 * 24 * 3600 * 1000)
MORNING = time(9)
"""When tomorrow begins for a shop that has no opening to wait for."""
PRESETS = frozenset({"later_today", "tomorrow", "one_week", "next_reply"})


def until(preset: str, rules: Rules, now: Millis) -> Millis | None:
    """Return when `preset` ends, one of `PRESETS`; `None`: with the next reply."""
    match preset:
        case "later_today":
            return Millis(now + LATER_TODAY)
        case "one_week":
            return Millis(now + ONE_WEEK)
        case "tomorrow":
            return _tomorrow(rules.hours, zone_of(rules.settings.hours.zone), now)
        case _:
            return None


def end_of_day(rules: Rules, now: Millis) -> Millis:
    """Return the midnight that ends the day which the shop has now."""
    return _moment(_midnight(zone_of(rules.settings.hours.zone), now))


def zone_of(name: str) -> tzinfo:
    """Return a zone that was known when it was set; UTC, should it be no more."""
    return zone(name) or UTC


def zone(name: str) -> tzinfo | None:
    """Return the zone that is called `name`, if there is one."""
    if name == "UTC":
        return UTC  # also where no zones are installed
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A name may be a folder's, or none that a file can have.
        return None


def _tomorrow(hours: OpenHours, place: tzinfo, now: Millis) -> Millis:
    """Return the first opening on a later day, else nine o'clock on the next."""
    midnight = _midnight(place, now)
    # At midnight sharp a shop may open less than the shortest snooze ahead.
    soonest = max(_moment(midnight), now + SOONEST)
    opens = hours.opens(Millis(soonest - 1))
    if opens is not None:
        return opens
    return _moment(datetime.combine(midnight.date(), MORNING, place))


def _midnight(place: tzinfo, now: Millis) -> datetime:
    """Return the beginning of the next day, which may not be 24 hours long."""
    today = datetime.fromtimestamp(now / 1000, UTC).astimezone(place).date()
    return datetime.combine(today + timedelta(days=1), time(), place)


def _moment(at: datetime) -> Millis:
    return Millis(int(at.timestamp() * 1000))
