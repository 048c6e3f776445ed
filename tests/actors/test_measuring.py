"""A journal measured: by what was promised then, it says what was journaled then."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.chat.events import Event, Measured
from actors.chat.hours import OpenHours
from actors.ids import Millis
from actors.reports.figures import (
    CheckInRow,
    Name,
    Row,
    SlaRow,
    Span,
    VolumeRow,
    WaitRow,
    rows,
)
from actors.reports.measuring import Facts, Measurer
from actors.settings.ai import AiSettings
from actors.settings.attention import SlaPolicy
from actors.settings.rules import Rules
from tests.actors.scene import ANN, BEN, NOON, SHOPPER, Scene, assigning, ending, saying
from tests.actors.test_sla import BASIC, DOES, STEPS, asked, promising

ALWAYS = Span(Millis(0), Millis(NOON * 2))


def measured(*scenes: Scene, by: Rules | None = None) -> Facts:
    facts = Facts()
    for scene in scenes:
        measurer = Measurer(by or scene.rules, facts, Millis(0))
        for event in scene.events:
            measurer.take(event)
        measurer.end(Millis(scene.now + 1))
    return facts


def report(name: Name, *scenes: Scene, by: Rules | None = None) -> Sequence[Row]:
    rules = by or scenes[0].rules
    return rows(name, measured(*scenes, by=by), ALWAYS, rules)


def talked(*spans: float) -> Scene:
    """Return a chat in which Ann holds after each span, and answers after the last."""
    scene = asked()
    for number, span in enumerate(spans, 1):
        scene.wait(span)
        scene.does(ANN, saying(hold=number < len(spans)))
    return scene


def test_a_hold_is_in_time_if_somebody_says_something_before_the_breach() -> None:
    found = report("checkins", talked(100, 300, 301))
    total = CheckInRow("total", None, 3, 2, 1, 66.7, 301.0)
    assert found[0] == total
    assert found[-1] == CheckInRow("agent", "ann", 3, 2, 1, 66.7, 301.0)


def test_a_silence_that_still_lasts_counts_once_it_is_too_long() -> None:
    scene = asked()
    scene.wait(200)
    assert report("checkins", scene)[0] == CheckInRow("total", None, 0, 0, 0, None, 0)
    scene.wait(200)
    (total, team, nobody) = report("checkins", scene)
    assert total == CheckInRow("total", None, 1, 0, 1, 0.0, 400.001)
    assert isinstance(team, CheckInRow)
    assert isinstance(nobody, CheckInRow)
    assert (team.scope, nobody.scope, nobody.who) == ("team", "agent", None)


def test_who_has_the_ticket_answers_for_its_silence() -> None:
    scene = asked()
    scene.does(ANN, assigning("ben"))
    scene.wait(400)
    scene.does(SHOPPER, ending())
    (*_, last) = report("checkins", scene)
    assert last == CheckInRow("agent", "ben", 1, 0, 1, 0.0, 400.0)


def test_waits_are_of_first_answers_and_of_all() -> None:
    scene = talked(10)
    scene.does(SHOPPER, saying())
    scene.wait(30)
    scene.does(BEN, saying())
    scene.does(SHOPPER, saying())
    found = report("waiting", scene)
    assert found[0] == WaitRow("total", None, "first", 1, 0, 10, 10, 10, 10, 10)
    assert found[1] == WaitRow("total", None, "any", 2, 1, 20, 10, 30, 30, 30)
    agents = [row for row in found if isinstance(row, WaitRow) and row.scope == "agent"]
    assert [(row.who, row.answer, row.answered) for row in agents] == [
        ("ann", "first", 1),
        ("ann", "any", 1),
        ("ben", "any", 1),
    ]


def test_who_asks_a_closed_shop_waits_and_who_asks_a_bot_does_not() -> None:
    closed = promising(hours=OpenHours(()))
    (first, *_) = report("waiting", asked(closed))
    assert first == WaitRow("total", None, "first", 0, 1, *[None] * 5)
    by = promising()
    with_bot = replace(by.settings, ai=AiSettings(enabled=True))
    assert report("waiting", asked(replace(by, settings=with_bot))) == ()


def test_volume_is_by_the_hour_of_the_shop() -> None:
    scene = talked(10, 20)
    scene.wait(4000)
    scene.does(SHOPPER, ending())
    first, second = report("volume", scene)
    assert first == VolumeRow("2026-11-18T11:00", 1, 0, 1, 2, 0, 1)
    assert second == VolumeRow("2026-11-18T12:00", 0, 1, 0, 0, 0, 0)


def test_a_report_says_how_promises_were_kept_and_how_long_they_took() -> None:
    found = report("sla", talked(10), talked(100))
    assert found[0] == SlaRow(
        *("total", None, "basic", "first_response", 2, 1, 1, 50.0),
        *(10.0, 100.0, 100.0, 100.0, 100.0),
    )


def test_another_promise_may_be_asked_of_the_past() -> None:
    scenes = [talked(10), talked(100)]
    lenient = promising(SlaPolicy("lenient", 100))
    (total, *_) = report("sla", *scenes, by=lenient)
    assert isinstance(total, SlaRow)
    assert (total.policy, total.met, total.missed) == ("lenient", 2, 0)


@pytest.mark.parametrize("name", ["checkins", "waiting", "sla", "volume"])
def test_nothing_is_no_error(name: Name) -> None:
    assert len(rows(name, Facts(), ALWAYS, Rules())) <= 1


@settings(max_examples=80, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=2), ticks=st.booleans())
def test_what_was_judged_live_is_what_the_journal_says_later(
    steps: list[list[tuple[int, str]]], *, ticks: bool
) -> None:
    """The same verdicts, from a journal that is told none of them."""
    for course in steps:
        scene = asked(promising(BASIC, SlaPolicy("odd", 33, 47, 777)))
        for span, step in course:
            # A millisecond more, so that nothing happens in the moment it breaks.
            scene.wait(span + 0.001 if ticks else 0)
            scene.now = Millis(scene.now + (0 if ticks else span * 1000 + 1))
            agent, what = DOES[step]
            scene.ask(ANN if agent else SHOPPER, what)
        scene.tick()
        live = Counter(v for v in map(verdict, scene.events) if v is not None)
        later: Counter[tuple[str, str, bool]] = Counter(
            (v.policy, v.measure, v.kept) for v in measured(scene).verdicts
        )
        assert not live - later
        # What broke while nobody looked, and is put aside now, is found later.
        unseen = later - live
        assert not unseen or not (ticks or any(kept for _, _, kept in unseen))


def verdict(event: Event) -> tuple[str, str, bool] | None:
    body = event.body
    if not isinstance(body, Measured):
        return None
    return body.policy, body.measure, body.state == "met"
