"""When a ticket comes back, as agents write it."""

import re
from datetime import datetime, time, timedelta
from typing import NamedTuple

from actors.ids import Millis
from clients.terminal.grammar import Unclear

_PRESETS = {
    "tomorrow": "tomorrow",
    "later": "later_today",
    "week": "one_week",
    "reply": "next_reply",
}
"""By the word for it. What they mean is the shop's affair: it knows its hours."""
_SPAN = re.compile(r"(\d{1,4})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
EXAMPLES = "1h, 30m, 2d, tomorrow, later, week, reply, 17:30 or 2026-11-23T09:00"


class Until(NamedTuple):
    """One of the two."""

    until: Millis | None = None
    preset: str | None = None


def moment(words: str, now: datetime) -> Until:
    """Return when `words` mean, read where `now` is.

    Raises:
        Unclear: they mean nothing, or what has passed.
    """
    preset = _PRESETS.get(words) or (words if words in _PRESETS.values() else None)
    if preset is not None:
        return Until(preset=preset)
    span = _SPAN.fullmatch(words)
    if span is not None:
        number, unit = span.groups()
        at = now + timedelta(**{_UNITS[unit]: int(number)})
    else:
        at = _named(words, now)
    if at <= now:
        raise Unclear(f"{words} has passed already")
    return Until(Millis(int(at.timestamp() * 1000)))


def _named(words: str, now: datetime) -> datetime:
    """Return a time of day, the next one there is, or a date with or without one."""
    try:
        clock = time.fromisoformat(words)
    except ValueError:
        pass
    else:
        today = datetime.combine(now.date(), clock, now.tzinfo)
        return today if today > now else today + timedelta(days=1)
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        raise Unclear(f"when? {EXAMPLES}") from None
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
