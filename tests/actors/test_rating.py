"""What a shopper thought of a chat that is over (F44)."""

import pytest

from actors.chat.events import Closed, Rated, for_shopper
from actors.chat.rating import CHANGEABLE, MOST_RATINGS, VALID, is_asked_for
from actors.ids import Millis
from actors.refusals import Reason
from actors.settings.attention import IdleSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules
from actors.settings.storefront import RatingSettings
from tests.actors.scene import (
    ANN,
    NOON,
    SHOPPER,
    Scene,
    blocking,
    ending,
    rating,
    saying,
)
from tests.actors.world import World

ASKING = Rules(1, Settings(rating=RatingSettings(ask=True)))


def over() -> Scene:
    scene = Scene(ASKING).open()
    scene.does(ANN, ending())
    return scene


def test_a_chat_that_is_over_is_rated_and_the_last_word_counts() -> None:
    scene = over()
    (rated,) = scene.does(SHOPPER, rating(2, "slow"))
    assert rated.body == Rated(2, "slow")
    scene.now = Millis(scene.now + CHANGEABLE)
    scene.does(SHOPPER, rating(5))
    assert scene.state.rating is not None
    assert scene.state.rating.score == 5
    scene.now = Millis(scene.now + 1)
    assert scene.refuses(SHOPPER, rating(1)).reason is Reason.CONFLICT


def test_a_chat_that_goes_on_is_not_rated() -> None:
    scene = Scene().open()
    assert scene.refuses(SHOPPER, rating(5)).reason is Reason.BAD_STATUS


def test_a_rating_may_come_for_two_weeks() -> None:
    for late, fits in ((VALID, True), (VALID + 1, False)):
        scene = over()
        scene.now = Millis(NOON + late)
        if fits:
            scene.does(SHOPPER, rating(4))
        else:
            assert scene.refuses(SHOPPER, rating(4)).reason is Reason.BAD_TIME


def test_nobody_rates_but_the_shopper() -> None:
    assert over().refuses(ANN, rating(5)).reason is Reason.FORBIDDEN


@pytest.mark.parametrize(
    ("score", "text", "reason"),
    [
        (0, None, Reason.BAD_FRAME),
        (6, None, Reason.BAD_FRAME),
        (3, "x" * 1001, Reason.TOO_BIG),
        (3, "a\0", Reason.BAD_UTF8),
    ],
)
def test_a_rating_out_of_bounds_is_refused(
    score: int, text: str | None, reason: Reason
) -> None:
    assert over().refuses(SHOPPER, rating(score, text)).reason is reason


def test_a_thousand_characters_fit_whatever_their_bytes() -> None:
    over().does(SHOPPER, rating(3, "👋" * 1000))


def test_who_cannot_decide_stops_before_the_journal_is_full() -> None:
    scene = over()
    for _ in range(MOST_RATINGS):
        scene.does(SHOPPER, rating(3))
    assert scene.refuses(SHOPPER, rating(4)).reason is Reason.CONFLICT


def asked(scene: Scene) -> bool:
    return is_asked_for(scene.state, scene.rules, scene.now)


def test_who_is_asked_how_it_was_and_who_is_not() -> None:
    scene = Scene(ASKING).open()
    assert not asked(scene)
    scene.does(SHOPPER, ending())
    assert asked(scene)
    scene.does(SHOPPER, rating(5))
    assert not asked(scene)
    late = over()
    late.now = Millis(late.now + VALID + 1)
    assert not asked(late)
    for what in (ending(no_csat=True), blocking()):
        scene = Scene(ASKING).open()
        scene.does(ANN, what)
        assert not asked(scene)
    settings = Settings(rating=RatingSettings(ask=True), idle=IdleSettings(1))
    idle = Scene(Rules(1, settings)).open()
    idle.does(ANN, saying())
    assert idle.wait(60) == ["closed"]
    assert not asked(idle)
    silent = over()
    silent.rules = Rules()
    assert not asked(silent)


def test_a_shopper_does_not_decide_whether_they_are_asked() -> None:
    scene = Scene(ASKING).open()
    scene.does(SHOPPER, ending(no_csat=True))
    assert asked(scene)


def test_shoppers_see_neither_that_they_are_blocked_nor_that_nobody_asks() -> None:
    assert for_shopper(Closed("blocked")) == Closed("agent")
    assert for_shopper(Closed("agent", no_csat=True)) == Closed("agent")


def test_a_shopper_is_asked_at_the_end_and_whenever_they_look(world: World) -> None:
    world.rules = ASKING
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    ann.join(chat)
    ann.gets(chat, ending())
    assert world.room.asked == [(chat, SHOPPER)]
    sue.leave(chat)
    sue.join(chat)
    world.turn()
    assert world.room.asked == [(chat, SHOPPER)] * 2
    sue.gets(chat, rating(5, "thanks"))
    sue.join(chat)
    world.turn()
    assert len(world.room.asked) == 2
    assert world.kinds(chat)[-2:] == ["closed", "rated"]
