"""A ticket is handed on, and has one owner at any moment (F29)."""

import pytest

from actors.chat.events import Assigned, Noted, OfferChanged
from actors.chat.outcomes import Unchanged
from actors.chat.transfer import ANSWER_WITHIN
from actors.ids import Millis, Person
from actors.refusals import Reason
from tests.actors.scene import (
    ANN,
    BEN,
    SHOPPER,
    Ask,
    Scene,
    answering,
    assigning,
    ending,
    saying,
    transferring,
)

CAT = Person("agent:cat")


def owned() -> Scene:
    """Return a chat that is Ann's."""
    scene = Scene().open()
    scene.does(ANN, saying())
    return scene


def offered() -> Scene:
    """Return one that she has offered to Ben."""
    scene = owned()
    scene.does(ANN, transferring("ben", accept=True))
    return scene


def test_a_transfer_is_one_event_with_its_note_before_it() -> None:
    noted, handed = owned().does(ANN, transferring("ben", "speaks Polish"))
    assert (noted.body, noted.id) == (Noted("speaks Polish"), "")
    assert handed.body == Assigned("ann", "ben", "transfer")
    assert handed.id


def test_to_a_team_it_goes_without_an_owner() -> None:
    scene = owned()
    (handed,) = scene.does(ANN, transferring(None, team="sales"))
    assert handed.body == Assigned("ann", None, "transfer", "sales")
    assert (scene.state.assignee, scene.state.team) == (None, "sales")
    assert isinstance(scene.ask(ANN, transferring(None, team="sales")), Unchanged)
    assert isinstance(scene.ask(ANN, transferring(None)), Unchanged)


def test_to_whom_it_belongs_already_nothing_happens() -> None:
    scene = owned()
    assert isinstance(scene.ask(BEN, transferring("ann", "take it")), Unchanged)


def test_a_bad_note_refuses_the_whole_transfer() -> None:
    scene = owned()
    for note, reason in (("a\0", Reason.BAD_UTF8), ("x" * 9000, Reason.TOO_BIG)):
        refused = scene.refuses(ANN, transferring("ben", note))
        assert (refused.reason, refused.path) == (reason, "$.note")


def test_an_offer_leaves_the_ticket_where_it_is_until_it_is_accepted() -> None:
    scene = owned()
    (offer,) = scene.does(ANN, transferring("ben", accept=True))
    until = Millis(scene.now + ANSWER_WITHIN)
    assert offer.body == OfferChanged("ann", "ben", "offered", until)
    assert scene.state.assignee == "ann"
    (taken,) = scene.does(BEN, answering(yes=True))
    assert taken.body == Assigned("ann", "ben", "transfer")
    assert scene.state.offer is None
    assert scene.refuses(BEN, answering(yes=True)).reason is Reason.CONFLICT


def test_who_says_no_leaves_it_with_its_owner() -> None:
    scene = offered()
    (declined,) = scene.does(BEN, answering(yes=False))
    assert declined.body == OfferChanged("ann", "ben", "declined")
    assert (scene.state.assignee, scene.state.offer) == ("ann", None)


def test_who_says_nothing_leaves_it_too() -> None:
    scene = offered()
    assert scene.wait(29) == []
    assert scene.wait(1) == ["expired"]
    assert (scene.state.assignee, scene.state.offer) == ("ann", None)
    assert scene.refuses(BEN, answering(yes=True)).holder == "ann"


def test_an_answer_that_is_too_late_takes_nothing_even_before_the_alarm() -> None:
    scene = offered()
    scene.now = Millis(scene.now + ANSWER_WITHIN)
    assert scene.refuses(BEN, answering(yes=True)).reason is Reason.CONFLICT


@pytest.mark.parametrize("who", [ANN, CAT])
def test_nobody_answers_for_another(who: Person) -> None:
    assert offered().refuses(who, answering(yes=True)).reason is Reason.CONFLICT


def test_of_two_offers_the_later_hears_to_whom_the_first_was_made() -> None:
    refused = offered().refuses(CAT, transferring("cat2", accept=True))
    assert (refused.reason, refused.holder) == (Reason.CONFLICT, "ben")


@pytest.mark.parametrize(
    ("who", "what"),
    [
        (CAT, saying("mine")),
        (ANN, assigning(None)),
        (ANN, transferring("cat")),
        (SHOPPER, ending()),
    ],
)
def test_what_takes_the_ticket_elsewhere_ends_the_offer_first(
    who: Person, what: Ask
) -> None:
    scene = offered()
    events = scene.does(who, what)
    assert events[0].body == OfferChanged("ann", "ben", "withdrawn")
    assert scene.state.offer is None
    assert scene.wait(20) == []


def test_what_gives_it_to_the_one_who_was_asked_is_no_withdrawal() -> None:
    scene = offered()
    assert scene.kinds(BEN, saying("I have it")) == ["assigned", "msg"]
    assert scene.state.offer is None


def test_an_offer_to_oneself_or_to_a_team_needs_no_answer() -> None:
    scene = owned()
    assert scene.kinds(BEN, transferring("ben", accept=True)) == ["assigned"]
    scene.does(BEN, transferring(None, team="sales", accept=True))
    assert scene.state.offer is None


@pytest.mark.parametrize("what", [transferring("cat"), answering(yes=True)])
def test_a_closed_ticket_is_handed_to_nobody(what: Ask) -> None:
    scene = offered()
    scene.does(SHOPPER, ending())
    assert scene.refuses(BEN, what).reason is Reason.CHAT_CLOSED
