"""Days of a shop over a change of the clocks and a holiday, and who judges them.

The days are lived by the real actors on a real journal, killed or not. What they say by
themselves is judged from the journal alone, by somebody who looks at the wall and at
what is written on the door, minute by minute.
"""

import random
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from actors.chat.checkin import MOST_AUTOS, MOST_MISSES
from actors.chat.events import CheckedIn, Closed, Event, Measured, Said, StatusChanged
from actors.ids import ChatId, Millis, Person
from actors.settings.attention import CheckInSettings, SlaPolicy, SlaSettings
from actors.settings.document import Settings
from actors.settings.hours import Holiday, HoursSettings, Week
from actors.settings.rules import Rules
from broker.calendar import hours_at
from tests.actors.scene import ANN, Ask, ending, noting, saying, snoozing, starting
from tests.actors.world import World
from tests.laws.history import chats

ZONE = "Europe/Warsaw"
MINUTE = 60_000
BEGIN = Millis(int(datetime(2026, 10, 23, 5, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000))
"""A Friday; clocks go back on Sunday, and Monday is a holiday."""
MINUTES = 4 * 24 * 60
HOLIDAY = date(2026, 10, 26)
DAY_SHIFT = ("09:00", "17:00")
NIGHT_SHIFT = ("22:00", "03:00")
QUIET_S = 600
SHOPPERS = 12
VISITS = 220

SETTINGS = Settings(
    hours=HoursSettings(
        zone=ZONE,
        weekly=Week(
            mon=(DAY_SHIFT,),
            tue=(DAY_SHIFT,),
            fri=(DAY_SHIFT,),
            sat=(DAY_SHIFT, NIGHT_SHIFT),
            sun=(("02:30", "02:45"),),
        ),
        holidays=(Holiday(HOLIDAY.isoformat()),),
        auto_reply="Back {{hours.next}}.",
        quiet_s=QUIET_S,
    ),
    check_in=CheckInSettings(remind_s=180, auto_s=270, breach_s=300),
    sla=SlaSettings((SlaPolicy("basic", 600, 1200, 7200),)),
)
RULES = Rules(1, SETTINGS, hours_at(SETTINGS.hours, BEGIN))
DOES: tuple[tuple[Person | None, Ask], ...] = (
    *((None, saying("and?")),) * 5,
    *((ANN, saying("yes")), (ANN, saying("one moment", hold=True))),
    *((ANN, noting()), (ANN, snoozing()), (None, ending()), (ANN, saying("so"))),
)


class Visit(NamedTuple):
    """Somebody does something in the chat of a shopper."""

    at: Millis
    shopper: int
    what: int


class Told(NamedTuple):
    """Something that the broker has done by itself."""

    shopper: str
    at: Millis
    what: bytes


def script(chance: random.Random) -> list[Visit]:
    """Return what happens, in order."""
    span = MINUTES * MINUTE
    moments = sorted(chance.sample(range(1000, span, 1000), VISITS))
    return [
        Visit(
            Millis(BEGIN + moment + number),
            chance.randrange(SHOPPERS),
            chance.randrange(len(DOES)),
        )
        for number, moment in enumerate(moments)
    ]


class Lived:
    """Some days, lived to their end; with `kills`, the process ends in the middle."""

    def __init__(self, folder: Path, seed: int, kills: int = 0) -> None:
        chance = random.Random(seed)
        self.visits = script(chance)
        folder.mkdir()
        self.world = World(folder, seed=seed)
        self.world.now, self.world.rules = BEGIN, RULES
        self.killed = 0
        self._chance = random.Random(seed + 1)
        self._kills = sorted(
            BEGIN + self._chance.randrange(MINUTES * MINUTE) for _ in range(kills)
        )
        self._chats: dict[int, ChatId] = {}
        self._agent = self.world.client(ANN)
        self._shoppers = [
            self.world.client(Person(f"shopper:s{n}")) for n in range(SHOPPERS)
        ]
        for number, visit in enumerate(self.visits):
            self._until(visit.at)
            self._visit(visit, f"v{number}")
        self._until(Millis(BEGIN + MINUTES * MINUTE))
        self.world.turn()

    def _until(self, moment: Millis) -> None:
        """Let time pass; a kill comes when it comes, or with what is due then."""
        while self._kills and self._kills[0] <= moment:
            self._wait(Millis(self._kills.pop(0)))
            self._kill(moment)
        self._wait(moment)

    def _wait(self, moment: Millis) -> None:
        span = moment - self.world.now
        if span > 0:
            # Half a millisecond more, for it is rounded down.
            self.world.wait((span + 0.5) / 1000)

    def _kill(self, before: Millis) -> None:
        """End the process, maybe while it does what is due next."""
        world = self.world
        due = world.timers.next_at() * 1000
        if self._chance.random() < 0.5 and due < before:
            world.now = max(world.now, Millis(int(due)))
            world.timers.advance()
            self._some_turns()
        self.killed += 1
        world.restart(kill=True)

    def _some_turns(self) -> None:
        for _ in range(self._chance.randrange(4)):
            self.world.system.run()
            self.world.write(self._chance.randrange(3))

    def _visit(self, visit: Visit, id_: str) -> None:
        by, what = DOES[visit.what]
        shopper = self._shoppers[visit.shopper]
        chat = self._chats.get(visit.shopper)
        if chat is None or self._is_over(chat):
            chat = self._chats[visit.shopper] = self.world.ids.chat()
            by, what = None, starting("hello", chat=chat)
        client = shopper if by is None else self._agent
        while self._kills and self._chance.random() < 0.2:
            # It ends before the answer is there: who asked asks again.
            client.do(chat, what, id_)
            self._some_turns()
            self._kills.pop()
            self.killed += 1
            self.world.restart(kill=True)
        client.ask(chat, what, id_)
        self.world.turn()

    def _is_over(self, chat: ChatId) -> bool:
        return any(type(event.body) is Closed for event in self.world.events(chat))

    def told(self) -> list[Told]:
        """Return all that was said or noted by itself, in order."""
        found: list[Told] = []
        for chat in chats(self.world):
            events = self.world.events(chat)
            shopper = events[0].by
            for event in events:
                body = event.body
                by_itself = isinstance(body, CheckedIn | Measured)
                if by_itself or (isinstance(body, Said) and body.auto is not None):
                    what = msgspec.json.encode([body.kind, body])
                    found.append(Told(shopper, event.at, what))
        return sorted(found)


class Judge:
    """Looks at the wall every minute."""

    def __init__(self) -> None:
        open_ = [self._opens(BEGIN + n * MINUTE) for n in range(MINUTES + 1)]
        self.open = open_
        self._before = [0, *accumulate(MINUTE * is_open for is_open in open_)]
        turns = [n if n == 0 or open_[n] != open_[n - 1] else 0 for n in range(MINUTES)]
        self._turned = list(accumulate(turns, max))

    @staticmethod
    def _opens(at: int) -> bool:
        wall = datetime.fromtimestamp(at / 1000, ZoneInfo(ZONE))
        week = SETTINGS.hours.weekly
        assert week is not None

        def windows(day: date) -> tuple[tuple[str, str], ...]:
            named: tuple[tuple[str, str], ...] = getattr(week, f"{day:%a}".lower())
            return () if day == HOLIDAY else named

        time, today = f"{wall:%H:%M}", wall.date()
        night = windows(today - timedelta(days=1))
        return any(
            start <= time and (time < end or end < start)
            for start, end in windows(today)
        ) or any(end < start and time < end for start, end in night)

    def is_open(self, at: int) -> bool:
        """Return whether the shop is open."""
        return self.open[(at - BEGIN) // MINUTE]

    def turned(self, at: int) -> int:
        """Return the minute in which it opened or closed last."""
        return self._turned[(at - BEGIN) // MINUTE]

    def between(self, start: int, end: int) -> int:
        """Return how long it was open."""
        return self._until(end) - self._until(start)

    def _until(self, at: int) -> int:
        minute, rest = divmod(at - BEGIN, MINUTE)
        return self._before[minute] + (rest if self.open[minute] else 0)

    # What has to have been said.

    def judge(self, events: list[Event], end: int) -> int:
        """Raise unless a chat says what it has to, and nothing else; return how much.

        That the shop is closed, and that somebody has waited.
        """
        return self._replies(events) + self._signs(events, end)

    def _replies(self, events: list[Event]) -> int:
        shopper, told, said = events[0].by, -1, 0
        answered: int = 0
        for event, after in zip(events, [*events[1:], None], strict=True):
            body = event.body
            if not isinstance(body, Said) or body.auto is not None:
                continue
            if event.by != shopper:
                answered = event.at
                continue
            turned = self.turned(event.at)
            fits = not self.is_open(event.at) and told != turned
            fits = fits and (not answered or event.at >= answered + QUIET_S * 1000)
            reply = after is not None and _auto(after) == "offhours"
            assert reply == fits, (event, after)
            if reply:
                told, said = turned, said + 1
        assert said == sum(_auto(event) == "offhours" for event in events)
        return said

    def _signs(self, events: list[Event], end: int) -> int:
        """Count open time as it passed, but for what was put aside."""
        found, shopper = 0, events[0].by
        since: int | None = None
        passed, paused = 0, False
        last: int = events[0].at
        marks: list[tuple[str, int]] = []
        for event in [*events, None]:
            at = end if event is None else event.at
            if since is not None and not paused:
                passed += self.between(last, at)
            last = at
            body = None if event is None else event.body
            if isinstance(body, StatusChanged):
                paused = body.to == "snoozed"
            elif isinstance(body, CheckedIn):
                marks.append((body.state, passed))
            elif event is not None and _auto(event) == "checkin":
                marks.append(("auto", passed))
            if body is not None and not _ends_silence(event, since):
                continue
            if since is not None:
                found += _compare(marks, passed)
            hold = isinstance(body, Said) and body.hold and since is not None
            asks = event is not None and event.by == shopper and isinstance(body, Said)
            since = at if hold or asks else None
            passed, marks = 0, []
        return found


def _auto(event: Event) -> str | None:
    return event.body.auto if isinstance(event.body, Said) else None


def _ends_silence(event: Event | None, since: int | None) -> bool:
    """Return whether with this a silence ends, or begins."""
    if event is None or isinstance(event.body, Closed):
        return True
    if not isinstance(event.body, Said) or event.body.auto is not None:
        return False
    return event.by == ANN or since is None


LATE = 500
"""Milliseconds by which a mark may be late: a slot of the timers, once or twice."""


def _compare(marks: list[tuple[str, int]], passed: int) -> int:
    """Raise unless each mark was reached that lies before `passed`, and once."""
    expected = [("due", 180), ("auto", 270), ("missed", 300), ("auto", 540)]
    expected += [("missed", 300 * n) for n in range(2, MOST_MISSES + 1)]
    assert sum(word == "auto" for word, _ in expected) == MOST_AUTOS
    expected.sort(key=lambda mark: mark[1])
    # Each is counted from the one before it: lateness adds up.
    due = [mark for mark in expected if mark[1] * 1000 + LATE * 13 <= passed]
    assert len(due) <= len(marks) <= len(expected)
    for (word, at), (right, seconds) in zip(marks, expected, strict=False):
        assert word == right
        assert 0 <= at - seconds * 1000 <= LATE * 13, (marks, passed)
    return len(marks)
