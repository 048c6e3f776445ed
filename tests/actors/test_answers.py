"""A request is answered once it is durable, in its place among the events."""

import pytest

from actors.cells.history import MOST_NEWER
from actors.cells.ports import Accepted
from actors.ids import Seq
from actors.refusals import Reason, Refused
from tests.actors.scene import ANN, BEN, Ask, ending, noting, reading, saying, starting
from tests.actors.world import World


def test_a_start_is_answered_and_heard_once_it_is_durable(world: World) -> None:
    sue, chat = world.client(), world.ids.chat()
    id_ = sue.do(chat, starting(chat=chat))
    world.system.run()
    world.journal.settle()  # The load.
    world.system.run()
    assert sue.answers == {}
    assert world.room.published == []
    world.turn()
    assert sue.answers[id_] == [
        Accepted(id_, chat, world.now, Seq(4), Seq(3), existing=False)
    ]
    assert sue.places[chat].log == [1, 2, 3, 4]
    assert world.kinds(chat) == ["opened", "legal", "msg", "msg"]


def test_the_answer_stands_for_the_event_on_the_connection_that_asked(
    world: World,
) -> None:
    sue, twin, ann = world.client(), world.client(), world.client(ANN)
    chat = world.open(sue)
    for other in (twin, ann):
        other.join(chat)
    world.turn()
    answer = sue.gets(chat, saying("where is it"))
    assert (answer.seq, answer.prev) == (5, 4)
    answer = ann.gets(chat, saying("on its way"))
    assert (answer.seq, answer.prev) == (7, 6)
    answer = sue.gets(chat, saying("thanks"))
    # The assignment between is not the shopper's to see.
    assert (answer.seq, answer.prev) == (8, 7)
    assert sue.places[chat].log == twin.places[chat].log == [1, 2, 3, 4, 5, 7, 8]
    assert ann.places[chat].log == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [place.gaps for place in (sue.places[chat], ann.places[chat])] == [[], []]


def test_who_may_not_see_the_own_event_hears_no_position(world: World) -> None:
    chat = world.open(world.client())
    answer = world.client(ANN).gets(chat, noting())
    assert (answer.seq, answer.prev) == (5, 4)


def test_a_refusal_keeps_its_place_behind_what_is_not_durable_yet(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.order.clear()
    for what, id_ in ((saying(), "a"), (saying(""), "b"), (saying(), "c")):
        sue.do(chat, what, id_)
    sue.do(chat, ending(), "d")
    sue.do(chat, ending(), "e")
    sue.do(chat, saying(), "a")
    world.system.run()
    assert sue.order == []
    world.turn()
    assert sue.order == ["a", "b", "c", "d", "e", "a"]


def test_the_second_end_hears_that_it_was_over_already(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    assert not sue.gets(chat, ending()).already
    assert world.client(ANN).gets(chat, ending()).already


# Repeats (F8).


def test_a_repeat_gets_the_first_answer_again_even_after_the_end(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    ann.gets(chat, saying("hello"))
    first = sue.gets(chat, saying("where is it"), "a")
    ann.gets(chat, ending())
    for _ in range(2):
        again = sue.gets(chat, saying("where is it"), "a")
        assert again == Accepted("a", chat, first.at, first.seq, first.prev, dup=True)
        world.restart()
        sue = world.client()
    assert world.kinds(chat).count("msg") == 4


@pytest.mark.parametrize(
    ("first", "second", "differs"),
    [
        (saying("a"), saying("a"), False),
        (saying("a"), saying("b"), True),
        (saying("a"), starting("a"), False),
        (saying("a"), ending(), False),
        (noting("a"), noting("b"), True),
        (noting("a"), noting("a"), False),
        (noting("a"), saying("a"), True),
        (saying("a"), noting("a"), True),
    ],
)
def test_a_repeat_with_another_body_says_so(
    world: World, first: Ask, second: Ask, *, differs: bool
) -> None:
    chat = world.open(world.client())
    ann = world.client(ANN)
    ann.gets(chat, first, "a")
    again = ann.gets(chat, second, "a")
    assert (again.dup, again.body_differs) == (True, differs)


def test_a_repeated_start_knows_whether_it_opened_the_chat(world: World) -> None:
    sue, chat = world.client(), world.ids.chat()
    assert sue.gets(chat, starting(chat=chat), "a").existing is False
    assert sue.gets(chat, starting("more", chat=chat), "b").existing is True
    assert sue.gets(chat, starting(chat=chat), "a").existing is False
    assert sue.gets(chat, starting("more", chat=chat), "b").existing is True
    world.restart()
    assert world.client().gets(chat, starting(chat=chat), "a").existing is False


def test_a_repeat_in_the_middle_of_a_restart_is_asked_again(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.gets(chat, starting("more", chat=chat), "b")
    sue.do(chat, starting("more", chat=chat), "b")
    world.system.run()
    world.cell(chat).restart()
    world.turn()
    assert len(sue.answers["b"]) == 2
    assert sue.answers["b"][-1] == Accepted(
        "b", chat, world.now, Seq(5), Seq(4), dup=True, existing=True
    )


# What holds writes back.


def test_a_write_behind_one_to_be_tried_again_is_refused_with_the_same(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.bars[chat] = Reason.RATE_LIMITED
    assert sue.fails(chat, saying()).reason is Reason.RATE_LIMITED
    # A cursor keeps no place in line.
    assert sue.gets(chat, reading(4)).seq == 4


def test_a_journal_that_is_behind_takes_nothing_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sue = world.client()
    chat = world.open(sue)
    with monkeypatch.context() as patch:
        patch.setattr(type(world.journal), "full", property(lambda _: True))
        assert sue.fails(chat, saying()).reason is Reason.UNAVAILABLE
        assert sue.gets(chat, reading(4)).seq == 4
    assert sue.gets(chat, saying()).seq == 5


# The reply guard (U7).


def test_a_stale_reply_comes_back_with_what_its_writer_had_not_seen(
    world: World,
) -> None:
    sue, ann, ben = world.client(), world.client(ANN), world.client(BEN)
    chat = world.open(sue)
    ben.gets(chat, saying("I know this one"))
    sue.gets(chat, reading(5))
    world.wait(1)
    ben.gets(chat, noting("psst"))
    refused = ann.fails(chat, saying("Hello", if_head=4))
    assert (refused.reason, refused.head) == (Reason.STALE_HEAD, 8)
    assert [(newer.seq, newer.event.body.kind) for newer in refused.newer] == [
        (5, "assigned"),
        (6, "msg"),
        (8, "note"),
    ]
    assert [newer.prev for newer in refused.newer] == [4, 4, 7]
    assert world.kinds(chat)[-1] == "note"
    assert ann.gets(chat, saying("Hello", if_head=8)).seq == 10


def test_a_stale_reply_waits_for_what_made_it_stale_to_be_durable(
    world: World,
) -> None:
    sue, ann, ben = world.client(), world.client(ANN), world.client(BEN)
    chat = world.open(sue)
    ben.do(chat, saying("mine"))
    id_ = ann.do(chat, saying("Hello", if_head=4))
    world.system.run()
    assert id_ not in ann.answers
    world.turn()
    (refused,) = ann.answers[id_]
    assert isinstance(refused, Refused)
    assert [newer.seq for newer in refused.newer] == [5, 6]


def test_of_much_that_is_newer_the_newest_is_shown(world: World) -> None:
    sue, ann, ben = world.client(), world.client(ANN), world.client(BEN)
    chat = world.open(sue)
    ben.do(chat, saying())
    for _ in range(MOST_NEWER + 20):
        sue.do(chat, saying("and"))
    refused = ann.fails(chat, saying("Hello", if_head=4))
    assert [newer.seq for newer in refused.newer] == [*range(27, 77)]
