"""Rules of the shop's promises: whether each is kept, in open hours (F41).

A policy promises a first answer, a next one, an end; each is measured by itself, and no
two overrule each other. A promise is judged when it is kept, or at the moment in which
it breaks: whatever comes first is journaled, and a late answer does not mend it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from actors.chat.clocks import Broken, Clocks
from actors.chat.commands import Tick
from actors.chat.events import Closed, Event, Measure, Measured, Said
from actors.chat.hours import Spans
from actors.chat.limits import has_room
from actors.chat.state import ChatState, counts
from actors.ids import AGENT, SYSTEM, Millis
from actors.settings.attention import SlaPolicy
from actors.settings.rules import Rules

NO_END = frozenset({"blocked", "merged", "erased"})
"""How a chat is over without anything being resolved."""


class Promise(NamedTuple):
    """What has to happen by when."""

    policy: str
    measure: Measure
    due: Millis


def judged(
    state: ChatState, events: tuple[Event, ...], rules: Rules
) -> tuple[Event, ...]:
    """Return `events`, with what they decide of the promises that run."""
    if not rules.settings.sla.policies or not state.seq:
        return events
    answered = any(answers(event) for event in events)
    ends = _ends(events[-1])
    if not (answered or ends):
        return events
    at = events[-1].at
    clocks, found = state.clocks, {_key(event) for event in events}
    pauses = clocks.until(at)
    verdicts = tuple(
        Event(SYSTEM, at, _verdict(promise, at, pauses, rules))
        for promise in _running(clocks, pauses, rules)
        if (ends if promise.measure == "resolution" else answered)
        and promise[:2] not in found
    )
    if not verdicts or not has_room(state.seq + len(events), rules.limits):
        return events
    # Before the end: that is the last of a chat's events, but for what may follow it.
    return (*events[:-1], *verdicts, events[-1]) if ends else (*events, *verdicts)


def tick(state: ChatState, command: Tick, rules: Rules) -> tuple[Event, ...]:
    """Return which promises are broken by now."""
    if not _watched(state, rules):
        return ()
    return tuple(
        Event(SYSTEM, command.at, Measured(measure, due, "missed", policy=policy))
        for policy, measure, due in _running(state.clocks, state.clocks.pauses, rules)
        if due <= command.at
    )


def deadline(state: ChatState, rules: Rules) -> Millis | None:
    """Return when the next promise breaks, if one runs."""
    if not _watched(state, rules):
        return None
    running = _running(state.clocks, state.clocks.pauses, rules)
    return min((promise.due for promise in running), default=None)


def answers(event: Event) -> bool:
    """Return whether it is what an answer is promised for: the word of a person."""
    body = event.body
    return type(body) is Said and body.auto is None and event.by.startswith(AGENT)


def _watched(state: ChatState, rules: Rules) -> bool:
    if not rules.settings.sla.policies or not state.seq or not counts(state):
        return False
    # A full journal keeps its last places for what must always fit.
    return has_room(state.seq, rules.limits)


def _running(clocks: Clocks, pauses: Spans, rules: Rules) -> Iterator[Promise]:
    """Yield the promises that are neither kept nor broken yet.

    Not those for which the hours that are known do not reach.
    """
    for policy in rules.settings.sla.policies:
        for measure, since, seconds in _measures(clocks, policy):
            if seconds is None or Broken(policy.name, measure) in clocks.broken:
                continue
            due = rules.hours.after(since, Millis(seconds * 1000), pauses)
            if due is not None:
                yield Promise(policy.name, measure, due)


def _measures(
    clocks: Clocks, policy: SlaPolicy
) -> Iterator[tuple[Measure, Millis, int | None]]:
    if clocks.asked is not None:
        if clocks.answered:
            yield "next_response", clocks.asked, policy.next_response
        else:
            yield "first_response", clocks.asked, policy.first_response
    yield "resolution", clocks.begun, policy.resolution


def _verdict(promise: Promise, at: Millis, pauses: Spans, rules: Rules) -> Measured:
    policy, measure, due = promise
    late = rules.hours.between(due, at, pauses) if at > due else Millis(0)
    if late == 0:
        # In time, or nothing counted any more when it was due.
        return Measured(measure, due, "met", policy=policy)
    return Measured(measure, due, "missed", late, policy)


def _ends(event: Event) -> bool:
    body = event.body
    return type(body) is Closed and body.reason not in NO_END


def _key(event: Event) -> tuple[str, str] | None:
    body = event.body
    return (body.policy, body.measure) if type(body) is Measured else None
