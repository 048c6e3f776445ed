"""The shopper never waits long without a sign of life (U6), in virtual seconds."""

import pytest

from actors.chat.checkin import MOST_MISSES
from actors.chat.commands import Tick
from actors.chat.events import CheckedIn, Event, Said
from actors.chat.hours import MOST_PAUSES, OpenHours
from actors.chat.outcomes import Unchanged
from actors.ids import SYSTEM, Millis
from actors.settings.attention import CheckInSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules
from tests.actors.scene import (
    ANN,
    NOON,
    SHOPPER,
    Ask,
    Scene,
    assigning,
    ending,
    noting,
    reading,
    rules,
    saying,
    seconds,
    snoozing,
    waking,
)

AUTO = CheckInSettings(auto_s=270)


def after_noon(number: float) -> Millis:
    return Millis(NOON + seconds(number))


def waiting(check_in: CheckInSettings | None = None) -> Scene:
    """Return a chat whose shopper has waited since noon."""
    return Scene(rules(check_in)).open()


def moments(scene: Scene) -> list[tuple[int, str, int]]:
    """Return second, word and count of every check-in."""
    return [
        ((event.at - NOON) // 1000, event.body.state, event.body.count)
        for event in scene.events
        if isinstance(event.body, CheckedIn)
    ]


def autos(scene: Scene) -> list[int]:
    """Return the second of every automatic sign of life."""
    return [
        (event.at - NOON) // 1000
        for event in scene.events
        if isinstance(event.body, Said) and event.body.auto == "checkin"
    ]


def test_a_silence_falls_due_is_missed_and_goes_on_being_missed() -> None:
    scene = waiting()
    assert scene.wait(1000) == ["due", "missed", "missed", "missed"]
    assert moments(scene) == [
        (180, "due", 0),
        (300, "missed", 1),
        (600, "missed", 2),
        (900, "missed", 3),
    ]


def test_an_hour_of_misses_says_it_all() -> None:
    scene = waiting()
    scene.wait(24 * 3600)
    assert moments(scene)[-1] == (300 * MOST_MISSES, "missed", MOST_MISSES)
    assert scene.deadline() is None


def test_a_tick_before_the_time_and_a_second_one_do_nothing() -> None:
    scene = waiting()
    scene.now = after_noon(179.999)
    assert scene.tick() == []
    scene.now = after_noon(180)
    assert scene.tick() == ["due"]
    assert scene.tick() == []


def test_an_answer_ends_the_wait() -> None:
    scene = waiting()
    scene.wait(100)
    scene.does(ANN, saying("here"))
    assert scene.deadline() is None
    assert scene.wait(3600) == []


def test_still_looking_begins_a_new_silence_but_keeps_the_ball() -> None:
    scene = waiting()
    scene.wait(200)
    scene.does(ANN, saying("still looking", hold=True))
    assert scene.wait(300) == ["due", "missed"]
    assert moments(scene)[1:] == [(380, "due", 0), (500, "missed", 1)]
    assert scene.state.ball is not None
    assert scene.state.ball.taken == NOON


def test_still_looking_to_someone_who_does_not_wait_begins_nothing() -> None:
    scene = waiting()
    scene.does(ANN, saying())
    scene.does(ANN, saying("still looking", hold=True))
    assert scene.wait(3600) == []


@pytest.mark.parametrize(
    "what",
    [noting(), reading(1), assigning("ann")],
    ids=["note", "receipt", "assignment"],
)
def test_what_the_shopper_does_not_hear_is_no_sign_of_life(what: Ask) -> None:
    scene = waiting()
    scene.wait(100)
    scene.ask(ANN, what)
    assert scene.wait(100) == ["due"]


def test_a_second_message_of_the_shopper_makes_nobody_wait_anew() -> None:
    scene = waiting()
    scene.wait(170)
    scene.does(SHOPPER, saying("hello?"))
    scene.wait(20)
    assert moments(scene) == [(180, "due", 0)]


def test_a_ticket_that_changes_hands_keeps_its_age() -> None:
    scene = waiting()
    scene.wait(170)
    scene.does(ANN, assigning("ben"))
    scene.wait(20)
    assert moments(scene) == [(180, "due", 0)]


def test_a_silence_that_passed_all_its_marks_unseen_reaches_each_once_late() -> None:
    scene = waiting(AUTO)
    scene.now = after_noon(10_000)
    assert scene.tick() == ["due", "msg", "missed"]
    assert scene.tick() == []
    assert scene.deadline() == after_noon(10_000 + 270)
    assert scene.wait(300) == ["msg", "missed"]
    assert moments(scene) == [
        (10_000, "due", 0),
        (10_000, "missed", 1),
        (10_300, "missed", 2),
    ]


def test_the_broker_says_something_itself_twice_in_a_row_and_no_more() -> None:
    scene = waiting(AUTO)
    scene.wait(2000)
    assert autos(scene) == [270, 540]
    assert [moment for moment, word, _ in moments(scene) if word == "missed"] == [
        *range(300, 2000, 300)
    ]
    scene.does(ANN, saying("still looking", hold=True))
    scene.wait(2000)
    assert autos(scene) == [270, 540, 2270, 2540]


def test_what_the_broker_says_itself_is_no_answer_and_no_reply() -> None:
    scene = waiting(AUTO)
    scene.wait(280)
    assert scene.state.ball is not None
    assert scene.state.assignee is None
    assert scene.state.preview == "hello"


def test_the_auto_message_is_the_sites() -> None:
    scene = waiting(CheckInSettings(auto_s=200, auto_text="One moment."))
    scene.wait(200)
    assert scene.events[-1] == Event(
        SYSTEM, after_noon(200), Said("One moment.", auto="checkin")
    )


def test_a_shop_may_do_without_check_ins() -> None:
    scene = waiting(CheckInSettings(enabled=False))
    assert scene.deadline() is None
    assert scene.wait(3600) == []


# Pauses.


def test_a_snooze_stops_the_clock_and_keeps_its_age() -> None:
    scene = waiting()
    scene.wait(100)
    scene.does(ANN, snoozing(after_noon(1100)))
    assert scene.wait(1000) == ["status"]
    assert scene.deadline() == after_noon(1180)
    assert scene.wait(200) == ["due", "missed"]
    assert moments(scene) == [(1180, "due", 0), (1300, "missed", 1)]


def test_a_message_to_a_snoozed_ticket_goes_on_with_the_age_it_had() -> None:
    scene = waiting()
    scene.wait(100)
    scene.does(ANN, snoozing())
    scene.wait(5000)
    scene.does(SHOPPER, saying("hello?"))
    assert scene.deadline() == after_noon(5180)


def test_a_message_to_an_answered_and_snoozed_ticket_begins_a_silence() -> None:
    scene = waiting()
    scene.does(ANN, saying())
    scene.does(ANN, snoozing())
    scene.wait(5000)
    scene.does(SHOPPER, saying("one more thing"))
    assert scene.deadline() == after_noon(5180)
    assert scene.state.ball is not None
    assert scene.state.ball.taken == after_noon(5000)


def test_misses_and_auto_messages_wait_for_the_end_of_a_pause_too() -> None:
    scene = waiting(AUTO)
    scene.wait(400)
    scene.does(ANN, snoozing())
    scene.wait(1000)
    scene.does(ANN, waking())
    scene.wait(300)
    assert moments(scene)[-1] == (1600, "missed", 2)
    assert autos(scene) == [270, 1540]


def test_a_second_snooze_does_not_end_the_pause() -> None:
    scene = waiting()
    scene.wait(100)
    scene.does(ANN, snoozing())
    scene.wait(100)
    scene.does(ANN, snoozing(after_noon(800)))
    scene.wait(600)
    assert scene.deadline() == after_noon(800 + 80)


def test_snoozing_for_fun_cannot_make_a_chat_slow() -> None:
    scene = waiting()
    for _ in range(MOST_PAUSES + 10):
        scene.does(ANN, snoozing())
        scene.now = Millis(scene.now + 1000)
        scene.does(ANN, waking())
        scene.now = Millis(scene.now + 1)
    assert scene.state.ball is not None
    assert len(scene.state.ball.pauses) == MOST_PAUSES
    deadline = scene.deadline()
    assert deadline is not None
    # Waking moments between pauses that grew together are lost, and no more.
    assert 0 <= scene.now + 180_000 - deadline <= MOST_PAUSES + 10


def test_no_pause_is_kept_where_no_time_has_passed() -> None:
    scene = waiting()
    scene.does(ANN, snoozing())
    scene.does(ANN, waking())
    assert scene.state.ball is not None
    assert scene.state.ball.pauses == ()


def test_the_end_ends_the_wait() -> None:
    scene = waiting()
    scene.does(ANN, snoozing())
    scene.does(SHOPPER, ending())
    assert scene.deadline() is None
    assert scene.ask(SYSTEM, Tick, "") == Unchanged()
    assert scene.state.paused_at is None


# Closed hours.


def with_hours(*windows: tuple[float, float]) -> Rules:
    spans = tuple((after_noon(opens), after_noon(closes)) for opens, closes in windows)
    return Rules(1, Settings(), OpenHours(spans))


def test_closed_hours_do_not_count() -> None:
    scene = Scene(with_hours((-100, 60), (1000, 1060), (2000, 9000))).open()
    scene.wait(3000)
    assert moments(scene)[:2] == [(2060, "due", 0), (2180, "missed", 1)]


def test_a_pause_in_closed_hours_neither_ages_nor_rejuvenates_a_silence() -> None:
    scene = Scene(with_hours((-1000, 60), (1000, 9000))).open()
    scene.wait(30)
    # Half a minute old; snoozed while open, woken while closed.
    scene.does(ANN, snoozing(after_noon(500)))
    scene.wait(470)
    assert scene.deadline() == after_noon(1150)
    # And one that came at night, snoozed before the shop opened, woken in the morning.
    scene = Scene(with_hours((1000, 9000))).open()
    scene.wait(900)
    scene.does(ANN, snoozing(after_noon(2000)))
    scene.wait(1100)
    assert scene.deadline() == after_noon(2180)


def test_past_the_hours_that_are_known_there_is_no_deadline() -> None:
    scene = Scene(with_hours((-100, 60))).open()
    assert scene.deadline() is None
    assert scene.wait(3600) == []
    scene.rules = with_hours((-100, 60), (4000, 9000))
    assert scene.deadline() == after_noon(4120)


# Settings that change while a chat waits.


def test_a_shorter_reminder_holds_for_the_silence_that_runs() -> None:
    scene = waiting()
    scene.wait(60)
    scene.rules = rules(CheckInSettings(remind_s=30, breach_s=50))
    assert scene.deadline() == after_noon(30)
    assert scene.tick() == ["due", "missed"]


def test_a_longer_reminder_does_not_take_back_what_fell_due() -> None:
    scene = waiting()
    scene.wait(200)
    scene.rules = rules(CheckInSettings(remind_s=600, breach_s=900))
    assert scene.wait(900) == ["missed"]
    assert moments(scene) == [(180, "due", 0), (900, "missed", 1)]


@pytest.mark.parametrize("check_in", [CheckInSettings(), AUTO])
@pytest.mark.parametrize("step", [1, 61, 299, 301, 5000])
def test_whenever_a_deadline_has_passed_a_tick_has_something_to_do(
    check_in: CheckInSettings, step: int
) -> None:
    scene = waiting(check_in)
    for _ in range(200):
        scene.now = Millis(scene.now + seconds(step))
        due = scene.deadline()
        ticked = scene.tick()
        assert bool(ticked) == (due is not None and due <= scene.now)
        assert (scene.deadline() or scene.now + 1) > scene.now
