"""How a shop answers, found out from its journal: now or for any time in the past.

The same code serves a running broker, some chats at a time beside its other reads, and
the command, which reads the file by itself.
"""

import csv
import io
import sqlite3
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from actors.chat.events import Event
from actors.ids import Millis
from actors.reports.figures import ROWS, Name, Row, Span, rows
from actors.reports.measuring import Facts, Measurer
from actors.settings.attention import SlaPolicy, SlaSettings
from actors.settings.rules import Rules
from broker import founding, replay
from broker.calendar import AHEAD, BEHIND, open_hours
from storage import documents, queries

if TYPE_CHECKING:
    from broker.server import Broker

DAY = 24 * 60 * 60 * 1000
LONGEST = Millis(400 * DAY)
"""In one report: a year, and a month to compare with."""
AT_ONCE = 20
"""Chats in one read beside a running broker: some ten milliseconds."""


class Judged(msgspec.Struct, frozen=True):
    """By what to judge, in seconds; what is `None` is as the settings have it."""

    breach_s: int | None = None
    first_response: int | None = None
    next_response: int | None = None
    resolution: int | None = None


class Asked(msgspec.Struct, frozen=True):
    """Which report, of when, and by what it judges."""

    name: Name
    since: Millis
    until: Millis
    judged: Judged = Judged()

    @property
    def span(self) -> Span:
        """Return when."""
        return Span(self.since, self.until)

    def by(self, rules: Rules) -> Rules:
        """Return what the report judges by, where `rules` hold."""
        settings = rules.settings
        check_in, sla = settings.check_in, settings.sla
        breach_s, *promised = msgspec.structs.astuple(self.judged)
        if breach_s is not None:
            check_in = msgspec.structs.replace(check_in, breach_s=breach_s)
        if promised != [None, None, None]:
            sla = SlaSettings((SlaPolicy("asked", *promised),))
        settings = msgspec.structs.replace(settings, check_in=check_in, sla=sla)
        begin, end = Millis(self.since - BEHIND), Millis(self.until + AHEAD)
        hours = open_hours(settings.hours, begin, end)
        return msgspec.structs.replace(rules, settings=settings, hours=hours)


class Report(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """The figures of a span; times in milliseconds, the end is not in it."""

    report: Name
    site: str
    since: Millis
    until: Millis
    zone: str
    rows: tuple[Row, ...]


class Course(NamedTuple):
    """A report that is being found out."""

    asked: Asked
    rules: Rules
    facts: Facts
    until: Millis

    def measure(self, db: sqlite3.Connection, streams: Iterable[int]) -> None:
        """Go through some more chats."""
        for stream in streams:
            measurer = Measurer(self.rules, self.facts, self.asked.since)
            for event in _until(db, stream, self.asked.until):
                measurer.take(event)
            measurer.end(self.until)

    def over(self, site: str) -> Report:
        """Return what was found."""
        asked, rules = self.asked, self.rules
        made = rows(asked.name, self.facts, asked.span, rules)
        zone = rules.settings.hours.zone
        return Report(asked.name, site, asked.since, asked.until, zone, made)


async def report(broker: "Broker", site: str, asked: Asked) -> Report:
    """Return a report of a running broker's site."""
    rules = asked.by(broker.sites.rules_of(site))
    course = Course(asked, rules, Facts(), min(asked.until, broker.clock()))
    since, until = asked.since, asked.until
    alive = partial(queries.alive_between, site=site, since=since, until=until)
    streams = await broker.query(alive)
    for place in range(0, len(streams), AT_ONCE):
        some = streams[place : place + AT_ONCE]
        await broker.query(partial(course.measure, streams=some))
    return course.over(site)


def report_of(db: sqlite3.Connection, site: str, asked: Asked, now: Millis) -> Report:
    """Return a report of a file."""
    rules = asked.by(founding.rules(documents.newest(db, site, founding.SETTINGS)))
    course = Course(asked, rules, Facts(), min(asked.until, now))
    course.measure(db, queries.alive_between(db, site, asked.since, asked.until))
    return course.over(site)


def as_csv(made: Report) -> str:
    """Return the rows as a table with a head; what is not known is empty."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(ROWS[made.report].__struct_fields__)
    for row in made.rows:
        table.writerow(map(_cell, msgspec.structs.astuple(row)))
    return written.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    # A spreadsheet would read as a formula what begins like one.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" else value


def _until(db: sqlite3.Connection, stream: int, until: Millis) -> Iterable[Event]:
    for _, event in replay.events(db, stream):
        if event.at >= until:
            return
        yield event
