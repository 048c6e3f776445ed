"""Bugs: the chat they hit begins anew, and no other notices."""

import logging
import sqlite3

import pytest

from actors import codec
from actors.cells.ports import Accepted
from actors.ids import stream_of
from actors.runtime.system import BACKOFF, MAX_CRASHES
from storage import queries
from tests.actors.faults import (
    LATER,
    POISON,
    Boom,
    bug_in_decide,
    bug_in_publish,
    edited,
    two,
)
from tests.actors.scene import ANN, noting, reading, saying
from tests.actors.world import World

# A bug in the rules.


def test_a_bug_in_the_rules_restarts_that_chat_and_answers_who_met_it(
    world: World,
) -> None:
    sue, one, bob, other = two(world)
    sue.gets(one, saying("kept"), "kept")
    with bug_in_decide():
        sue.do(one, saying("before"), "a")
        sue.do(one, saying(POISON), "b")
        sue.do(one, saying("after"), "c")
        id_ = bob.do(other, saying("fine"))
        world.turn()
    assert sue.answers["b"] == [LATER]
    assert isinstance(sue.answers["c"][0], Accepted)
    assert isinstance(bob.answers[id_][0], Accepted)
    assert world.system.restarts == 1
    state = world.cell(one).state
    assert state.preview == "after"
    # What was on its way to the writer then was decided before: its sender knows.
    assert len(sue.answers["a"]) == 1
    again = sue.gets(one, saying("kept"), "kept")
    assert (again.dup, again.seq) == (True, 5)
    assert sue.places[one].gaps == []


def test_one_that_crashes_again_and_again_backs_off_with_its_mail_kept(
    world: World,
) -> None:
    sue, one, bob, other = two(world)
    with bug_in_decide():
        for number in range(MAX_CRASHES + 1):
            assert sue.fails(one, saying(POISON), f"bad {number}") == LATER
        id_ = sue.do(one, saying("patience"))
        world.turn()
        assert id_ not in sue.answers
        bob.gets(other, saying("fine"))
        world.wait(BACKOFF + 1)
        assert isinstance(sue.answers[id_][0], Accepted)


def test_a_bug_in_a_timer_is_the_chats_own(world: World) -> None:
    chat = world.open(world.client())

    def wrong(*_: object, **__: object) -> None:
        raise Boom

    ann = world.client(ANN)
    ann.join(chat)
    world.sign(chat, world.room.places[chat][0].person)
    world.turn()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.room, "signal", wrong)
        world.wait(10)
    assert world.system.restarts == 1
    ann.gets(chat, saying())


# A bug in telling what is durable.


def test_who_cannot_be_told_is_told_to_try_again_and_the_repeat_is_known(
    world: World,
) -> None:
    sue, one, bob, other = two(world)
    ann = world.client(ANN)
    with bug_in_publish(world, "assigned"):
        # Her message comes behind an assignment, which is told first.
        ann.do(one, saying("hello"), "a")
        id_ = bob.do(other, saying("fine"))
        world.turn()
    assert isinstance(bob.answers[id_][0], Accepted)
    assert ann.answers["a"] == [LATER]
    assert world.kinds(one)[-2:] == ["assigned", "msg"]
    again = ann.gets(one, saying("hello"), "a")
    assert (again.dup, again.seq) == (True, 6)
    assert world.cell(one).state.seq == 6
    # A listener that missed it finds the gap by itself, and comes again.
    sue.gets(one, saying("hm"))
    assert sue.places[one].gaps
    sue.join(one)
    world.turn()
    assert sue.left_at(one) == 7


def test_who_was_answered_already_is_not_answered_twice(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    ann.join(chat)
    with bug_in_publish(world, "msg"):
        sue.do(chat, saying("hello"), "a")
        world.turn()
    assert [type(answer) for answer in sue.answers["a"]] == [Accepted]
    assert world.system.restarts == 1
    assert sue.gets(chat, saying()).seq == 6


def test_a_caller_that_fails_costs_its_chat_a_restart_and_no_more(
    world: World,
) -> None:
    sue, one, bob, other = two(world)

    def wrong(*_: object, **__: object) -> None:
        raise Boom

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sue, "accepted", wrong)
        patch.setattr(sue, "refused", wrong)
        sue.do(one, saying(), "a")
        sue.do(one, saying(""), "b")
        sue.do(one, reading(1), "c")
        id_ = bob.do(other, saying("fine"))
        world.turn()
    assert isinstance(bob.answers[id_][0], Accepted)
    world.wait(2)
    world.client(ANN).gets(one, noting())


# Loading.


def test_a_journal_that_cannot_be_read_for_a_moment_is_asked_again(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.leave(chat)
    world.let_rest()
    with pytest.MonkeyPatch.context() as patch:

        def wrong(*_: object, **__: object) -> None:
            raise sqlite3.OperationalError("interrupted")

        patch.setattr(queries, "page", wrong)
        id_ = sue.do(chat, saying())
        world.wait(3)
        assert id_ not in sue.answers
    world.wait(2)
    assert isinstance(sue.answers[id_][0], Accepted)


def test_an_unreadable_record_costs_its_own_chat_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    sue, one, bob, other = two(world)
    sue.leave(one)
    world.let_rest()
    with edited(world) as tool:
        tool.execute(
            "UPDATE event SET kind = 'riddle' WHERE stream = ? AND seq = 2",
            (stream_of(one),),
        )
        tool.execute("DELETE FROM snapshot WHERE stream = ?", (stream_of(one),))
    for _ in range(10):
        assert sue.fails(one, saying(), "a") == LATER
        place = sue.join(one)
        world.turn()
        assert place.refusal == LATER
    assert world.chats.get(one) is None
    bob.gets(other, saying())
    assert world.system.restarts == 0
    assert any(f"chat {one} cannot be read" in line for line in caplog.messages)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE snapshot SET state = x'0011'",
        "UPDATE snapshot SET ver = ver + 1",
        "UPDATE snapshot SET seq = seq - 1",
    ],
    ids=["damaged", "another version", "another place"],
)
def test_a_snapshot_of_no_use_is_passed_over_with_a_warning(
    world: World, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    sue = world.client()
    chat = world.open(sue)
    for _ in range(70):
        sue.do(chat, saying())
    world.turn()
    before = codec.state_hash(world.cell(chat).state)
    sue.leave(chat)
    world.let_rest()
    with edited(world) as tool:
        tool.execute(damage)
    caplog.clear()
    world.client(ANN).gets(chat, reading(0))
    assert codec.state_hash(world.cell(chat).state) == before
    (warning,) = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert "folding the journal" in warning.message
