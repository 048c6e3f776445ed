"""The reply guard: nobody answers over a colleague's head without knowing (U7)."""

from collections.abc import Callable

import pytest

from actors.chat.events import Assigned, Event, Said
from actors.chat.state import evolve, stepped_in
from actors.ids import BOT, SYSTEM, Millis, Person
from actors.refusals import Reason
from tests.actors.scene import (
    ANN,
    BEN,
    SHOPPER,
    Ask,
    Scene,
    assigning,
    ending,
    noting,
    reading,
    saying,
    snoozing,
)


def seen_and_then(*others: tuple[str, Ask]) -> tuple[Scene, int]:
    """Return a scene after `others`, and what Ann had seen before them."""
    scene = Scene().open()
    scene.does(ANN, saying("I am looking"))
    head = scene.state.seq
    for who, what in others:
        scene.ask(Person(who), what)
    return scene, head


@pytest.mark.parametrize(
    "other",
    [
        (BEN, saying("let me")),
        (BEN, saying("still looking", hold=True)),
        (BEN, assigning("ben")),
        (ANN, assigning("ben")),
    ],
    ids=["reply", "hold", "took it", "gave it"],
)
def test_a_reply_that_has_not_seen_a_colleagues_step_is_stopped(
    other: tuple[str, Ask],
) -> None:
    scene, head = seen_and_then(other)
    refused = scene.refuses(ANN, saying("done", if_head=head))
    assert refused.reason is Reason.STALE_HEAD
    assert (refused.head, refused.after) == (scene.state.seq, head)
    assert scene.does(ANN, saying("done", if_head=scene.state.seq))


@pytest.mark.parametrize(
    "other",
    [
        (SHOPPER, saying("hurry")),
        (BEN, noting()),
        (BEN, reading(1)),
        (BEN, assigning(None)),
        (BEN, assigning("ann")),
        (BEN, snoozing()),
        (ANN, saying("more")),
    ],
    ids=["shopper", "note", "receipt", "nobody's", "mine", "snooze", "my own"],
)
def test_what_takes_no_answer_away_stops_no_reply(other: tuple[str, Ask]) -> None:
    scene, head = seen_and_then(other)
    assert scene.does(ANN, saying("done", if_head=head))


def test_the_bot_counts_as_a_colleague_and_the_broker_does_not() -> None:
    scene, head = seen_and_then()
    evolve(scene.state, Event(SYSTEM, scene.now, Said("x", auto="checkin")))
    assert scene.does(ANN, saying("done", if_head=head))
    evolve(scene.state, Event(BOT, scene.now, Said("x", auto="bot")))
    assert scene.refuses(ANN, saying("done", if_head=head)).head == scene.state.seq


def test_without_a_head_nothing_is_guarded() -> None:
    scene, _ = seen_and_then((BEN, saying("let me")))
    assert scene.does(ANN, saying("done"))


def test_a_shoppers_head_guards_nothing() -> None:
    scene, head = seen_and_then((BEN, saying("let me")))
    assert scene.does(SHOPPER, saying("hello?", if_head=head))


def test_a_repeat_is_known_before_the_guard_looks() -> None:
    scene, head = seen_and_then()
    scene.ask(ANN, saying("done", if_head=head), "a")
    scene.does(BEN, saying("let me"))
    assert not isinstance(
        scene.ask(ANN, saying("done", if_head=head), "a"), type(scene.refuses)
    )
    assert scene.state.seen[ANN]["a"] == head + 1


def test_a_closed_chat_says_so_whatever_was_seen() -> None:
    scene, head = seen_and_then((BEN, saying("let me")), (BEN, ending()))
    refused = scene.refuses(ANN, saying("done", if_head=head))
    assert refused.reason is Reason.CHAT_CLOSED


@pytest.mark.parametrize("people", ["ab", "aab", "abab", "abcabc", "ccba", "bbbb", "a"])
def test_two_numbers_know_who_has_stepped_in_for_anyone(people: str) -> None:
    scene = Scene().open()
    last: dict[str, int] = {}
    for number, person in enumerate(people):
        scene.now = Millis(scene.now + 1)
        agent = f"agent:{person}"
        if number % 2:
            evolve(
                scene.state,
                Event(ANN, scene.now, Assigned(None, person, "manual")),
            )
        else:
            evolve(scene.state, Event(Person(agent), scene.now, Said("hi")))
        last[agent] = scene.state.seq
        for asking in ("agent:a", "agent:b", "agent:c", "agent:d"):
            others = [seq for who, seq in last.items() if who != asking]
            found = stepped_in(scene.state, but=Person(asking))
            assert found == max(others, default=0)


@pytest.mark.parametrize("leaving", [snoozing, ending])
def test_nobody_leaves_a_chat_whose_shopper_has_said_more_than_they_saw(
    leaving: Callable[..., Ask],
) -> None:
    scene, head = seen_and_then((SHOPPER, saying("wait")), (BEN, noting()))
    refused = scene.refuses(ANN, leaving(if_head=head))
    assert refused.reason is Reason.STALE_HEAD
    assert (refused.head, refused.after) == (scene.state.seq, head)
    assert scene.state.status == "open"
    assert scene.does(ANN, leaving(if_head=scene.state.shopper_said))


@pytest.mark.parametrize("leaving", [snoozing, ending])
@pytest.mark.parametrize(
    "other", [(BEN, saying("let me")), (BEN, noting()), (BEN, assigning("ben"))]
)
def test_what_colleagues_do_keeps_nobody_from_leaving(
    leaving: Callable[..., Ask], other: tuple[str, Ask]
) -> None:
    scene, head = seen_and_then(other)
    assert scene.does(ANN, leaving(if_head=head))


def test_who_does_not_say_what_they_saw_may_leave_and_a_shopper_always() -> None:
    scene, head = seen_and_then((SHOPPER, saying("wait")))
    assert scene.does(ANN, snoozing())
    assert scene.does(SHOPPER, ending(if_head=head - 1))
