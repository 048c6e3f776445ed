"""A moment in words, as the clock on a shop's wall shows it (spec F37)."""

from datetime import UTC, datetime

import msgspec

from actors.chat.hours import OpenHours
from actors.ids import Millis


class Tongue(msgspec.Struct, frozen=True):
    """How a language names days; a week begins on Monday."""

    days: tuple[str, ...]
    months: tuple[str, ...]


ENGLISH = Tongue(
    (
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
        *("Saturday", "Sunday"),
    ),
    (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
)
POLISH = Tongue(
    (
        *("poniedziałek", "wtorek", "środa", "czwartek", "piątek"),
        *("sobota", "niedziela"),
    ),
    (
        *("stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca"),
        *("sierpnia", "września", "października", "listopada", "grudnia"),
    ),
)
TONGUES = {"en": ENGLISH, "pl": POLISH}
"""In any other language a moment is said in figures."""


def spoken(hours: OpenHours, at: Millis, locale: str) -> str:
    """Return `at` as people of the shop would say it, with the name of its zone."""
    wall = datetime.fromtimestamp(hours.wall(at) // 1000, UTC)
    tongue = TONGUES.get(locale.partition("-")[0])
    if tongue is None:
        day = f"{wall:%Y-%m-%d}"
    else:
        weekday, month = tongue.days[wall.weekday()], tongue.months[wall.month - 1]
        day = f"{weekday}, {wall.day} {month},"
    return f"{day} {wall:%H:%M} ({hours.zone})"


def next_opening(hours: OpenHours, now: Millis, locale: str) -> str:
    """Return when the shop opens next, in words; empty if that is not known."""
    opens = hours.opens(now)
    return "" if opens is None else spoken(hours, opens, locale)
