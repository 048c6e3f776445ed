"""Settings of when the shop answers, and what it says when it does not (spec F37)."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.settings.fields import Problem, Seconds, Section, Text, empty, says
from actors.templates import Malformed, Place, parse

# `24:00` ends a day; a window that ends before it begins ends on the next one.
Time = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)")]
Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]
Window = tuple[Time, Time]
Windows = Annotated[tuple[Window, ...], Meta(max_length=8)]
"""From and to, in the wall time of the shop."""
MAX_HOLIDAYS = 366
KNOWN = frozenset({"hours.next"})
"""What an automatic reply can be filled in with."""


class Week(Section, frozen=True):
    """The windows of each day; without any the shop is closed on it."""

    mon: Annotated[Windows, says("The windows of a Monday.")] = ()
    tue: Annotated[Windows, says("The windows of a Tuesday.")] = ()
    wed: Annotated[Windows, says("The windows of a Wednesday.")] = ()
    thu: Annotated[Windows, says("The windows of a Thursday.")] = ()
    fri: Annotated[Windows, says("The windows of a Friday.")] = ()
    sat: Annotated[Windows, says("The windows of a Saturday.")] = ()
    sun: Annotated[Windows, says("The windows of a Sunday.")] = ()


class Holiday(Section, frozen=True):
    """A date that has other windows than its weekday: none, if nothing is said."""

    date: Annotated[Date, says("The day, as 2027-01-01.")]
    windows: Annotated[
        Windows, says("When the shop answers on it; none: not at all.")
    ] = ()


class HoursSettings(Section, frozen=True):
    """When the shop answers (spec F37)."""

    zone: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$(?!\n)",
            max_length=64,
            description="Where the shop's day begins: an IANA zone, as Europe/Warsaw.",
        ),
    ] = "UTC"
    weekly: Annotated[
        Week | None,
        says("When the shop answers, in the wall time of its zone; null: always."),
    ] = None
    holidays: Annotated[
        tuple[Holiday, ...],
        Meta(max_length=MAX_HOLIDAYS),
        says("Dates that are not like their weekday."),
    ] = ()
    auto_reply: Annotated[
        Text | None,
        says(
            "Said once in each closed period, a template as macros are; null: nothing."
        ),
    ] = None
    when_no_agents: Annotated[
        bool, says("Whether the same is said in open hours while nobody is there.")
    ] = False
    quiet_s: Annotated[
        Seconds, says("Seconds after a human's answer in which it is not said.")
    ] = 600


def problems(hours: HoursSettings) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    yield from _unsayable(hours)
    if hours.weekly is not None:
        for day, windows in msgspec.structs.asdict(hours.weekly).items():
            yield from _impossible(windows, f"$.hours.weekly.{day}")
    dates: set[str] = set()
    for number, holiday in enumerate(hours.holidays):
        path = f"$.hours.holidays[{number}]"
        if holiday.date in dates:
            yield Problem(f"{path}.date", "is there twice")
        dates.add(holiday.date)
        if not _is_date(holiday.date):
            yield Problem(f"{path}.date", "is in no calendar")
        yield from _impossible(holiday.windows, f"{path}.windows")


def _unsayable(hours: HoursSettings) -> Iterator[Problem]:
    """Yield why the automatic reply cannot be said."""
    path, text = "$.hours.auto_reply", hours.auto_reply
    yield from empty(text, path, "is empty")
    if text is None:
        if hours.when_no_agents:
            yield Problem(path, "is empty but when_no_agents says it")
        return
    template = parse(text)
    if isinstance(template, Malformed):
        yield Problem(path, template.reason)
        return
    for part in template:
        if isinstance(part, Place) and part.name not in KNOWN and part.fallback is None:
            yield Problem(path, f"{part.name} is not known then: give a fallback")


def _is_date(words: str) -> bool:
    try:
        date.fromisoformat(words)
    except ValueError:
        return False
    return True


def _impossible(windows: tuple[Window, ...], path: str) -> Iterator[Problem]:
    for number, (start, end) in enumerate(windows):
        if start == end:
            yield Problem(f"{path}[{number}]", "ends when it begins")
        if start == "24:00":
            yield Problem(f"{path}[{number}][0]", "no window begins at 24:00")
