import pytest

from actors.chat.events import Assigned, Status, StatusChanged
from actors.chat.outcomes import Unchanged
from actors.chat.ticket import LATEST, SOONEST
from actors.ids import Millis
from actors.refusals import Reason
from tests.actors.scene import (
    ANN,
    BEN,
    NOON,
    SHOPPER,
    Ask,
    Scene,
    assigning,
    ending,
    noting,
    saying,
    seconds,
    snoozing,
    waking,
)

TOMORROW = Millis(NOON + seconds(24 * 3600))
CLOSED = Reason.CHAT_CLOSED


def in_status(status: Status) -> Scene:
    scene = Scene().open()
    if status == "snoozed":
        scene.does(ANN, snoozing(TOMORROW))
    elif status == "closed":
        scene.does(ANN, ending())
    return scene


@pytest.mark.parametrize(
    ("status", "what", "comes"),
    [
        ("open", snoozing(TOMORROW), "snoozed"),
        ("open", snoozing(), "snoozed"),
        ("open", waking(), None),
        ("open", ending(), "closed"),
        ("snoozed", snoozing(TOMORROW), None),
        ("snoozed", snoozing(), "snoozed"),
        ("snoozed", waking(), "open"),
        ("snoozed", ending(), "closed"),
        ("snoozed", saying(), "open"),
        ("snoozed", noting(), "snoozed"),
        ("closed", snoozing(TOMORROW), CLOSED),
        ("closed", waking(), CLOSED),
        ("closed", ending(), None),
        ("closed", saying(), CLOSED),
        ("closed", noting(), CLOSED),
        ("closed", assigning("ann"), CLOSED),
    ],
)
def test_a_ticket_changes_its_status_in_these_ways_alone(
    status: Status, what: Ask, comes: str | Reason | None
) -> None:
    scene = in_status(status)
    if isinstance(comes, Reason):
        assert scene.refuses(ANN, what).reason is comes
    elif comes is None:
        assert isinstance(scene.ask(ANN, what), Unchanged)
        assert scene.state.status == status
    else:
        scene.does(ANN, what)
        assert scene.state.status == comes


def test_a_shoppers_message_wakes_the_ticket_before_it_is_said() -> None:
    scene = in_status("snoozed")
    woken, message = scene.does(SHOPPER, saying())
    assert woken.body == StatusChanged("snoozed", "open", None, "reply")
    assert (woken.by, message.by) == ("system", SHOPPER)
    assert scene.state.until is None


def test_a_reply_wakes_the_ticket_and_takes_it() -> None:
    scene = in_status("snoozed")
    assert scene.kinds(BEN, saying()) == ["status", "assigned", "msg"]


def test_a_snoozed_ticket_wakes_when_its_time_has_come_and_only_then() -> None:
    scene = in_status("snoozed")
    assert scene.deadline() == TOMORROW
    scene.now = Millis(TOMORROW - 1)
    assert scene.tick() == []
    scene.now = TOMORROW
    assert scene.tick() == ["status"]
    assert scene.tick() == []
    assert scene.events[-1].body == StatusChanged("snoozed", "open", None, "due")


def test_a_ticket_snoozed_until_the_next_reply_asks_for_no_alarm() -> None:
    scene = Scene().open()
    scene.does(ANN, snoozing())
    assert scene.deadline() is None
    assert scene.tick() == []


def test_a_second_snooze_moves_the_alarm() -> None:
    scene = in_status("snoozed")
    later = Millis(TOMORROW + seconds(60))
    (moved,) = scene.does(ANN, snoozing(later))
    assert moved.body == StatusChanged("snoozed", "snoozed", later)
    assert scene.deadline() == later


@pytest.mark.parametrize("ahead", [SOONEST - 1, LATEST + 1, 0, -5, -(2**53)])
def test_a_snooze_out_of_bounds_is_refused(ahead: int) -> None:
    refused = Scene().open().refuses(ANN, snoozing(Millis(NOON + ahead)))
    assert (refused.reason, refused.path) == (Reason.BAD_TIME, "$.until")


@pytest.mark.parametrize("ahead", [SOONEST, LATEST])
def test_a_snooze_just_within_bounds_is_taken(ahead: int) -> None:
    assert Scene().open().does(ANN, snoozing(Millis(NOON + ahead)))


def test_a_ticket_is_given_to_one_to_another_and_to_nobody() -> None:
    scene = Scene().open()
    (given,) = scene.does(ANN, assigning("ben"))
    assert given.body == Assigned(None, "ben", "manual")
    assert isinstance(scene.ask(BEN, assigning("ben")), Unchanged)
    (given,) = scene.does(BEN, assigning("ann"))
    assert given.body == Assigned("ben", "ann", "manual")
    (given,) = scene.does(BEN, assigning(None))
    assert given.body == Assigned("ann", None, "manual")
    assert scene.state.assignee is None
