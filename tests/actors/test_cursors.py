"""Read and delivered receipts (F12, F13)."""

import pytest

from actors.chat.cursors import Moving, keep_below, put_back
from actors.chat.events import Got, Read, seen_by_shopper
from actors.chat.outcomes import Moved, Unchanged
from actors.chat.state import Cursor
from actors.ids import Seq
from actors.refusals import Reason
from actors.settings.document import Settings
from actors.settings.rules import Rules
from actors.settings.storefront import ReceiptSettings
from tests.actors.scene import (
    ANN,
    BEN,
    SHOPPER,
    Ask,
    Scene,
    ending,
    getting,
    reading,
    saying,
)


def test_a_cursor_moves_at_once_and_is_journaled_later_once() -> None:
    scene = Scene().open()
    assert scene.ask(ANN, getting(1)) == Moved(Seq(1))
    assert scene.ask(ANN, reading(2)) == Moved(Seq(2))
    assert scene.ask(ANN, reading(4)) == Moved(Seq(4))
    assert scene.state.cursors == {}
    assert [event.body for event in scene.write_cursors()] == [Read(ANN, Seq(4))]
    assert scene.state.cursors == {ANN: Cursor(Seq(4), Seq(4))}
    assert scene.write_cursors() == []


def test_what_was_received_past_what_was_read_is_journaled_beside_it() -> None:
    scene = Scene().open()
    scene.ask(ANN, reading(2))
    scene.ask(ANN, getting(4))
    bodies = [event.body for event in scene.write_cursors()]
    assert bodies == [Read(ANN, Seq(2)), Got(ANN, Seq(4))]
    assert scene.state.cursors == {ANN: Cursor(Seq(4), Seq(2))}


def test_each_person_has_one_event_however_often_they_moved() -> None:
    scene = Scene().open()
    for seq in range(1, 5):
        scene.ask(ANN, reading(seq))
        scene.ask(BEN, getting(seq))
    assert [event.body for event in scene.write_cursors()] == [
        Read(ANN, Seq(4)),
        Got(BEN, Seq(4)),
    ]


@pytest.mark.parametrize("what", [reading(3), reading(4), getting(4), getting(0)])
def test_lower_or_equal_changes_nothing(what: Ask) -> None:
    scene = Scene().open()
    scene.ask(ANN, reading(4))
    scene.write_cursors()
    assert isinstance(scene.ask(ANN, what), Moved)
    assert scene.moving == {}


def test_a_cursor_in_motion_does_not_move_back() -> None:
    scene = Scene().open()
    scene.ask(ANN, reading(4))
    scene.ask(ANN, reading(2))
    scene.ask(ANN, getting(1))
    assert scene.moving == {ANN: Cursor(Seq(4), Seq(4))}


def test_beyond_the_head_there_is_nothing_to_read() -> None:
    refused = Scene().open().refuses(ANN, reading(5))
    assert (refused.reason, refused.head) == (Reason.BAD_CURSOR, 4)


def test_a_closed_chat_is_still_read() -> None:
    scene = Scene().open()
    scene.does(ANN, ending())
    scene.ask(SHOPPER, reading(5))
    assert len(scene.write_cursors()) == 1


@pytest.mark.parametrize(
    ("who", "show", "seen"),
    [
        (SHOPPER, False, True),
        (SHOPPER, True, True),
        (ANN, False, False),
        (ANN, True, True),
    ],
)
def test_a_shopper_sees_an_agents_reading_if_the_site_shows_it(
    who: object, *, show: bool, seen: bool
) -> None:
    scene = Scene(Rules(1, Settings(receipts=ReceiptSettings(show_agent_read=show))))
    scene.open()
    scene.ask(SHOPPER if who == SHOPPER else ANN, reading(4))
    (event,) = scene.write_cursors()
    assert seen_by_shopper(event.body) is seen


def test_moves_whose_events_were_lost_are_there_again() -> None:
    scene = Scene().open()
    scene.does(ANN, saying())
    scene.ask(ANN, reading(2))
    scene.ask(ANN, getting(4))
    events = tuple(scene.write_cursors())
    moving: Moving = {ANN: Cursor(Seq(3), Seq(3))}
    put_back(moving, (*events, scene.events[0]))
    assert moving == {ANN: Cursor(Seq(4), Seq(3))}
    keep_below(moving, Seq(3))
    assert moving == {ANN: Cursor(Seq(3), Seq(3))}


def test_cursors_that_are_not_ahead_any_more_are_forgotten() -> None:
    scene = Scene().open()
    scene.moving[ANN] = Cursor()
    assert scene.write_cursors() == []
    assert scene.moving == {}
    assert isinstance(scene.ask(ANN, reading(0)), Moved | Unchanged)
