"""A shop's week and holidays as intervals of absolute time (spec F37).

The shop is open exactly while the clock on its wall shows a time that lies in a window:
what that clock leaps over in spring is never open, what it shows twice in autumn is
open twice. A window belongs to the day on which it begins; one over midnight reaches
into the next, whatever that is. Dated days take the place of their weekday.

Zones are files of the system, so this is outside the rules of the chat: those are
given intervals, as many as can matter, and new ones as time goes.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

from actors.chat.hours import OpenHours, Spans
from actors.ids import Millis
from actors.settings.hours import HoursSettings, Time, Week, Windows
from broker.presets import zone_of

MINUTE = 60 * 1000
DAY = 24 * 60 * MINUTE
BEHIND = Millis(400 * DAY)
"""How far back windows are known: a wait that began before counts from there."""
AHEAD = Millis(400 * DAY)
"""How far ahead: more than a year of promises. About a thousand windows, 3 ms."""
PROBE = 6 * 60 * MINUTE
"""Between two looks at a zone's offset; none has ever changed twice within that."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAY: Windows = (("00:00", "24:00"),)
_EPOCH = date(1970, 1, 1)

Shifts = tuple[tuple[Millis, Millis], ...]


def hours_at(settings: HoursSettings, now: Millis) -> OpenHours:
    """Return the hours as far as they can matter at `now`."""
    return open_hours(settings, Millis(now - BEHIND), Millis(now + AHEAD))


def open_hours(settings: HoursSettings, begin: Millis, end: Millis) -> OpenHours:
    """Return the hours between two moments; without a week or holidays, always."""
    place = zone_of(settings.zone)
    shifts = _shifts(place, begin, end)
    if settings.weekly is None and not settings.holidays:
        return OpenHours(None, settings.zone, shifts)
    walls = _merged(sorted(_on_the_wall(settings, begin, end)))
    return OpenHours(_absolute(walls, shifts, begin, end), settings.zone, shifts)


def _on_the_wall(
    settings: HoursSettings, begin: Millis, end: Millis
) -> Iterator[tuple[int, int]]:
    """Yield the windows of every day that may matter, in the time of the wall."""
    week = settings.weekly or Week(*[ALL_DAY] * len(DAYS))
    weekly: list[Windows] = [getattr(week, day) for day in DAYS]
    dated = {date.fromisoformat(each.date): each.windows for each in settings.holidays}
    # A day more on either side for the zone, and one for windows over midnight.
    day, last = _day(begin) - timedelta(days=2), _day(end) + timedelta(days=1)
    while day <= last:
        midnight = (day - _EPOCH).days * DAY
        for opens, closes in dated.get(day, weekly[day.weekday()]):
            start, over = _of_day(opens), _of_day(closes)
            yield midnight + start, midnight + over + (DAY if over < start else 0)
        day += timedelta(days=1)


def _absolute(
    walls: list[tuple[int, int]], shifts: Shifts, begin: Millis, end: Millis
) -> Spans:
    """Return when the wall shows a time that is in `walls`."""
    found: list[tuple[int, int]] = []
    for number, (since, shift) in enumerate(shifts):
        until = shifts[number + 1][0] if number + 1 < len(shifts) else end
        first, last = max(since, begin), min(until, end)
        for opens, closes in walls:
            start, over = max(opens - shift, first), min(closes - shift, last)
            if start < over:
                found.append((start, over))
    return tuple((Millis(start), Millis(over)) for start, over in _merged(found))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same time as `spans`, which are sorted, in spans that are apart."""
    apart: list[tuple[int, int]] = []
    for start, over in spans:
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], over))
        else:
            apart.append((start, over))
    return apart


def _shifts(place: tzinfo, begin: Millis, end: Millis) -> Shifts:
    """Return since when the clocks there show how much more than UTC."""
    found = [(begin, _shift(place, begin))]
    if place is UTC:
        return tuple(found)
    for probe in range(begin, end, PROBE):
        low, high = probe, min(probe + PROBE, end)
        shift = _shift(place, high)
        if shift == found[-1][1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if _shift(place, middle) == shift:
                high = middle
            else:
                low = middle
        found.append((Millis(high), shift))
    return tuple(found)


def _shift(place: tzinfo, at: int) -> Millis:
    offset = datetime.fromtimestamp(at / 1000, place).utcoffset() or timedelta()
    return Millis(int(offset.total_seconds() * 1000))


def _day(at: Millis) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


def _of_day(time: Time) -> int:
    hours, _, minutes = time.partition(":")
    return (int(hours) * 60 + int(minutes)) * MINUTE
