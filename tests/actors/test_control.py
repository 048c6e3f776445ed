"""Control is a token with one holder (F36)."""

import pytest

from actors.chat.events import Assigned, Control, ControlChanged, Event, Said
from actors.chat.outcomes import Unchanged
from actors.chat.state import evolve
from actors.ids import BOT, SYSTEM
from actors.refusals import Reason
from actors.settings.ai import AiSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules
from tests.actors.scene import (
    ANN,
    BEN,
    SHOPPER,
    Ask,
    Scene,
    assigning,
    ending,
    releasing,
    saying,
    snoozing,
    taking,
    turning,
)
from tests.actors.world import World

WITH_BOT = Rules(settings=Settings(ai=AiSettings(enabled=True)))


def held_by(holder: Control) -> Scene:
    """Return a chat whose shopper waits for an answer by `holder`."""
    scene = Scene(WITH_BOT).open()
    if holder != "bot":
        given = ControlChanged("bot", holder, "handoff")
        evolve(scene.state, Event(SYSTEM, scene.now, given))
    return scene


def test_an_agent_takes_control_and_the_ticket_from_the_bot() -> None:
    scene = held_by("bot")
    taken, assigned = scene.does(ANN, taking())
    assert taken.body == ControlChanged("bot", "humans", "taken")
    assert assigned.body == Assigned(None, "ann", "manual")
    assert (taken.id != "", assigned.id) == (True, "")


def test_of_two_who_take_it_the_later_hears_who_was_first() -> None:
    scene = held_by("bot")
    scene.does(ANN, taking())
    refused = scene.refuses(BEN, taking())
    assert (refused.reason, refused.holder) == (Reason.CONFLICT, "humans")
    assert isinstance(scene.ask(ANN, taking()), Unchanged)


def test_what_the_humans_have_needs_no_taking() -> None:
    scene = Scene().open()
    assert isinstance(scene.ask(ANN, taking()), Unchanged)
    assert scene.state.assignee is None


def test_what_another_system_has_is_not_taken_nor_answered() -> None:
    scene = held_by("external")
    for what in (taking(), releasing(), saying()):
        refused = scene.refuses(ANN, what)
        assert (refused.reason, refused.holder) == (Reason.CONFLICT, "external")


def test_a_reply_takes_control_before_it_is_said() -> None:
    scene = held_by("bot")
    assert scene.kinds(ANN, saying()) == ["control", "assigned", "msg"]
    assert scene.events[-3].body == ControlChanged("bot", "humans", "reply")
    assert scene.kinds(ANN, saying()) == ["msg"]


def test_a_released_ticket_is_the_bots_and_nobodys() -> None:
    scene = held_by("humans")
    scene.does(ANN, assigning("ann"))
    released, freed = scene.does(ANN, releasing())
    assert released.body == ControlChanged("humans", "bot", "released")
    assert freed.body == Assigned("ann", None, "manual")
    assert isinstance(scene.ask(ANN, releasing()), Unchanged)


def test_without_a_bot_nothing_is_released() -> None:
    refused = Scene().open().refuses(ANN, releasing())
    assert (refused.reason, refused.holder) == (Reason.CONFLICT, "humans")


def test_the_bot_speaks_while_it_has_control_and_is_refused_after() -> None:
    scene = held_by("bot")
    begun = scene.state.seq
    _, said = scene.does(BOT, turning(begun, "reply", "I am a bot"))
    assert (said.by, said.body) == (BOT, Said("I am a bot", auto="bot"))
    scene.does(ANN, taking())
    refused = scene.refuses(BOT, turning(begun, "reply", "and another thing"))
    assert (refused.reason, refused.holder) == (Reason.CONFLICT, "humans")
    scene.does(SHOPPER, ending())
    late = scene.refuses(BOT, turning(begun, "reply", "wait"))
    assert late.reason is Reason.CHAT_CLOSED


def test_out_of_its_turn_the_bot_says_nothing() -> None:
    refused = held_by("bot").refuses(BOT, saying("by the way"))
    assert refused.reason is Reason.NOT_FOUND


@pytest.mark.parametrize("what", [taking(), releasing()])
def test_nobody_controls_a_closed_chat(what: Ask) -> None:
    scene = held_by("bot")
    scene.does(SHOPPER, ending())
    assert scene.refuses(ANN, what).reason is Reason.CHAT_CLOSED


def test_the_wait_does_not_count_while_the_bot_answers() -> None:
    scene = held_by("humans")
    assert scene.wait(100) == []
    scene.does(ANN, releasing())
    assert scene.wait(10_000) == []
    scene.does(ANN, taking())
    assert scene.wait(79) == []
    assert scene.wait(2) == ["due"]


def test_control_is_the_same_in_a_ticket_that_is_put_aside() -> None:
    scene = held_by("bot")
    scene.does(ANN, snoozing())
    scene.does(ANN, taking())
    assert (scene.state.status, scene.state.control) == ("snoozed", "humans")


def test_an_answer_of_the_bot_that_comes_too_late_is_dropped_and_counted(
    world: World,
) -> None:
    sue, bot = world.client(), world.client(BOT)
    chat = world.open(sue)
    assert bot.fails(chat, turning(1, "reply", "I am a bot")).holder == "humans"
    sue.gets(chat, ending())
    late = bot.fails(chat, turning(1, "reply", "are you there?"))
    assert late.reason is Reason.CHAT_CLOSED
    assert world.room.late == [(chat, BOT), (chat, BOT)]
    assert world.kinds(chat) == ["opened", "legal", "msg", "msg", "closed"]
