"""One chat, measured event by event: waits, silences, promises (U6, F41, U4).

The measures are those by which the chat is run: its state, its rules, its promises. An
old journal is judged like a live one, by the rules of then or by others. What the
journal says of promises is not looked at: it is found out anew.
"""

from typing import NamedTuple

import msgspec

from actors.chat import sla
from actors.chat.clocks import Clocks
from actors.chat.commands import Tick
from actors.chat.events import Closed, Event, Measure, Measured, Opened, Said
from actors.chat.hours import Spans, with_pause
from actors.chat.state import Ball, ChatState, evolve
from actors.ids import AGENT, BOT, SYSTEM, Millis, SiteId
from actors.settings.rules import Rules

HOUR = 60 * 60 * 1000


class Whose(NamedTuple):
    """Who has to answer for something; `None` is nobody in particular."""

    agent: str | None
    team: str | None


class Silence(NamedTuple):
    """How long a shopper who waited heard nothing from a person."""

    at: Millis
    """When it ended, or was last looked at."""
    whose: Whose
    gap: Millis
    ended: bool
    """Whether a person said something."""


class Wait(NamedTuple):
    """How long a shopper waited for a person's answer."""

    at: Millis
    """When they asked."""
    whose: Whose
    span: Millis
    first: bool
    answered: bool


class Verdict(NamedTuple):
    """Whether a promise was kept, and how long what was promised took."""

    at: Millis
    whose: Whose
    policy: str
    measure: Measure
    kept: bool
    took: Millis | None
    """`None`: it has not come."""


class Happened(NamedTuple):
    """Something was said, or a chat began or ended."""

    hour: Millis
    """Begin of the hour, as the shop's wall shows it."""
    what: str


class Facts(msgspec.Struct):
    """What was found."""

    silences: list[Silence] = []
    waits: list[Wait] = []
    verdicts: list[Verdict] = []
    happened: dict[Happened, int] = {}


class Broken(NamedTuple):
    """A promise that broke, until what was promised comes."""

    at: Millis
    whose: Whose
    since: Millis


class Measurer:
    """Takes a chat's events, the oldest first."""

    def __init__(self, rules: Rules, facts: Facts, since: Millis) -> None:
        self._rules = rules
        self._facts = facts
        self._since = since
        """What is counted by the hour counts from then on."""
        self._state = ChatState()
        self._broken: dict[tuple[str, Measure], Broken] = {}

    def take(self, event: Event) -> None:
        """Go on with the next event."""
        state, at = self._state, event.at
        if type(event.body) is Measured:
            return
        self._break(Millis(at - 1))
        whose = self._whose(event)
        ball, asked = state.ball, state.clocks.asked
        pauses = _pauses(state, ball, at)
        self._judge(event, whose)
        was_first = not state.clocks.answered
        # What a bot alone was asked nobody has waited for.
        humans = state.control != "bot"
        counted = state.clocks.until(at)
        evolve(state, event)
        if ball is not None and (state.ball is None or state.ball.since != ball.since):
            gap = self._rules.hours.between(ball.since, at, pauses)
            ended = type(event.body) is Said
            self._facts.silences.append(Silence(at, whose, gap, ended))
        if asked is not None and state.clocks.asked is None:
            span = self._rules.hours.between(asked, at, counted)
            answered = type(event.body) is Said
            if answered or humans:
                wait = Wait(asked, whose, span, was_first, answered)
                self._facts.waits.append(wait)
        self._count(event)

    def end(self, until: Millis) -> None:
        """See what is not over at `until`."""
        state, hours = self._state, self._rules.hours
        self._break(until)
        whose = Whose(state.assignee, state.team)
        ball, clocks = state.ball, state.clocks
        if ball is not None:
            gap = hours.between(ball.since, until, _pauses(state, ball, until))
            last = Millis(until - 1)
            self._facts.silences.append(Silence(last, whose, gap, ended=False))
        if clocks.asked is not None:
            span = hours.between(clocks.asked, until, clocks.until(until))
            first = not clocks.answered
            if state.control != "bot":
                wait = Wait(clocks.asked, whose, span, first, answered=False)
                self._facts.waits.append(wait)
        for key in tuple(self._broken):
            self._settle(key, None)

    def _whose(self, event: Event) -> Whose:
        """Return who answers for what ends with `event`: who answers, or has it."""
        agent, team = self._state.assignee, self._state.team
        if type(event.body) is Said and event.by.startswith(AGENT):
            agent = event.by.removeprefix(AGENT)
        return Whose(agent, team)

    # Promises.

    def _break(self, now: Millis) -> None:
        """Find what is broken at `now`."""
        state = self._state
        tick = Tick("", SYSTEM, SiteId(state.site), now)
        for event in sla.tick(state, tick, self._rules):
            body = event.body
            if type(body) is Measured:
                whose = Whose(state.assignee, state.team)
                since = _since(state.clocks, body.measure)
                key = (body.policy, body.measure)
                self._broken[key] = Broken(body.due, whose, since)
                evolve(state, event)

    def _judge(self, event: Event, whose: Whose) -> None:
        """Find what `event` keeps or brings too late."""
        state, at = self._state, event.at
        for judged in sla.judged(state, (event,), self._rules):
            if type(judged.body) is Measured:
                measure, policy = judged.body.measure, judged.body.policy
                took = self._took(_since(state.clocks, measure), at)
                kept = judged.body.state == "met"
                verdict = Verdict(at, whose, policy, measure, kept, took)
                self._facts.verdicts.append(verdict)
        for key in tuple(self._broken):
            answer = key[1] != "resolution"
            if answer and sla.answers(event):
                self._settle(key, at)
            elif type(event.body) is Closed:
                self._settle(key, None if answer else at)

    def _settle(self, key: tuple[str, Measure], came: Millis | None) -> None:
        broken = self._broken.pop(key)
        took = None if came is None else self._took(broken.since, came)
        verdict = Verdict(broken.at, broken.whose, *key, kept=False, took=took)
        self._facts.verdicts.append(verdict)

    def _took(self, since: Millis, at: Millis) -> Millis:
        return self._rules.hours.between(since, at, self._state.clocks.until(at))

    # How much there is to do.

    def _count(self, event: Event) -> None:
        what = _what(event)
        if what is not None and event.at >= self._since:
            wall = self._rules.hours.wall(event.at)
            key = Happened(Millis(wall - wall % HOUR), what)
            counts = self._facts.happened
            counts[key] = counts.get(key, 0) + 1


def _what(event: Event) -> str | None:
    body = event.body
    if type(body) is Opened:
        return "chats"
    if type(body) is Closed:
        return "closed"
    if type(body) is not Said:
        return None
    if event.by == BOT:
        return "bot"
    if body.auto is not None:
        return "automatic"
    return "agents" if event.by.startswith(AGENT) else "shoppers"


def _since(clocks: Clocks, measure: Measure) -> Millis:
    if measure == "resolution" or clocks.asked is None:
        return clocks.begun
    return clocks.asked


def _pauses(state: ChatState, ball: Ball | None, at: Millis) -> Spans:
    """Return when a silence did not count until `at`."""
    return () if ball is None else with_pause(ball.pauses, state.paused_at, at)
