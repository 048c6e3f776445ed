"""A chat in which the shopper has fallen silent is closed (F43)."""

import pytest

from actors.chat.events import Closed, ControlChanged, Event, Said
from actors.chat.state import evolve
from actors.ids import BOT, SYSTEM, Millis
from actors.settings.ai import AiSettings
from actors.settings.attention import IdleSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules
from tests.actors.scene import (
    ANN,
    BEN,
    SHOPPER,
    Ask,
    Scene,
    assigning,
    noting,
    reading,
    releasing,
    saying,
    seconds,
    snoozing,
    turning,
    waking,
)

IDLE = IdleSettings(close_min=10, warn_min=2)


def answered(idle: IdleSettings = IDLE) -> Scene:
    """Return a chat whose shopper was answered just now."""
    scene = Scene(Rules(1, Settings(idle=idle, ai=AiSettings(enabled=True)))).open()
    scene.does(ANN, saying("Anything else?"))
    return scene


def test_a_silent_shopper_is_warned_once_and_then_the_chat_is_closed() -> None:
    scene = answered()
    assert scene.wait(8 * 60 - 1) == []
    assert scene.wait(1) == ["msg"]
    warning = scene.events[-1]
    assert warning.by == SYSTEM
    assert warning.body == Said(IDLE.warn_text, auto="idle")
    assert scene.wait(2 * 60 - 1) == []
    assert scene.wait(1) == ["closed"]
    assert (scene.events[-1].by, scene.events[-1].body) == (SYSTEM, Closed("idle"))
    assert scene.wait(10**6) == []


def test_without_a_warning_it_is_closed_all_the_same() -> None:
    scene = answered(IdleSettings(close_min=10))
    assert scene.wait(599) == []
    assert scene.wait(1) == ["closed"]


def test_by_default_nothing_is_ever_closed() -> None:
    assert answered(IdleSettings()).wait(10**7) == []


@pytest.mark.parametrize(
    ("who", "what"),
    [
        (SHOPPER, saying("yes, one more thing")),
        (ANN, snoozing()),
        (ANN, assigning(None)),
    ],
)
def test_what_is_not_the_shoppers_turn_is_not_their_silence(
    who: str, what: Ask
) -> None:
    scene = answered()
    scene.wait(9 * 60)
    scene.ask(ANN if who == ANN else SHOPPER, what)
    assert "closed" not in scene.wait(10**5)


@pytest.mark.parametrize("what", [noting(), reading(3)])
def test_what_is_no_word_to_the_shopper_changes_nothing(what: Ask) -> None:
    scene = answered()
    scene.wait(5 * 60)
    scene.ask(BEN, what)
    assert scene.wait(5 * 60) == ["msg", "closed"]


def test_another_word_of_ours_begins_it_anew_with_a_warning_of_its_own() -> None:
    scene = answered()
    assert scene.wait(9 * 60) == ["msg"]
    scene.does(ANN, saying("Are you there?"))
    assert scene.wait(8 * 60 - 1) == []
    assert scene.wait(2 * 60 + 1) == ["msg", "closed"]


def test_the_time_a_ticket_was_put_aside_is_not_held_against_the_shopper() -> None:
    scene = answered()
    scene.wait(60)
    scene.does(ANN, snoozing())
    scene.wait(10**5)
    scene.does(ANN, waking())
    assert scene.wait(8 * 60 - 1) == []
    assert scene.wait(2 * 60 + 1) == ["msg", "closed"]


def test_nor_is_that_in_a_queue() -> None:
    scene = answered()
    scene.does(ANN, assigning(None))
    scene.wait(10**5)
    scene.does(BEN, assigning("ben"))
    assert scene.wait(8 * 60 - 1) == []
    assert scene.wait(2 * 60 + 1) == ["msg", "closed"]


def test_to_whom_the_bot_spoke_last_is_counted_from_that() -> None:
    scene = answered()
    scene.does(ANN, releasing())
    scene.does(SHOPPER, saying("hello?"))
    assert scene.wait(10**5) == []
    begun = scene.state.seq
    scene.does(BOT, turning(begun, "reply", "Here is what I found."))
    assert scene.wait(10 * 60) == ["msg", "closed"]


def test_where_another_system_answers_nothing_is_closed() -> None:
    scene = answered()
    given = ControlChanged("humans", "external", "released")
    evolve(scene.state, Event(SYSTEM, scene.now, given))
    assert scene.wait(10**6) == []


def test_a_warning_that_came_late_leaves_as_much_time() -> None:
    scene = answered()
    scene.now = Millis(scene.now + seconds(3600))
    assert scene.tick() == ["msg"]
    assert scene.tick() == []
    assert scene.wait(119) == []
    assert scene.wait(1) == ["closed"]
