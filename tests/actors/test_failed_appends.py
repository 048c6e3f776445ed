"""Broken disks: what could not be stored is refused, and no other chat notices."""

from collections.abc import Callable

import pytest

from actors.cells import past
from actors.cells.ports import Accepted
from actors.ids import ChatId
from tests.actors.client import Client
from tests.actors.faults import LATER, POISON, edited, two
from tests.actors.scene import ANN, ending, reading, saying, starting
from tests.actors.world import World
from tests.faults.disk import full_disk, poisoned_text


def test_what_cannot_be_stored_is_refused_and_so_is_what_was_decided_on_it(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    with poisoned_text(world.path, POISON):
        sue.do(chat, saying("before"), "a")
        sue.do(chat, saying(POISON), "b")
        sue.do(chat, saying("after"), "c")
        sue.do(chat, saying(""), "d")
        world.turn()
    assert isinstance(sue.answers["a"][0], Accepted)
    assert [sue.answers[id_] for id_ in "bcd"] == [[LATER]] * 3
    assert world.cell(chat).state.seq == 5
    # And once it can: nothing was lost or doubled on the way.
    for id_ in "bc":
        sue.gets(chat, saying("again"), id_)
    assert [record.id for record in world.records(chat)][-3:] == ["a", "b", "c"]
    assert sue.places[chat].gaps == []
    assert sue.places[chat].log == [1, 2, 3, 4, 5, 6, 7]


def test_a_failed_append_of_one_chat_touches_no_other(world: World) -> None:
    sue, one, bob, other = two(world)
    with poisoned_text(world.path, POISON):
        sue.do(one, saying(POISON))
        id_ = bob.do(other, saying("fine"))
        world.turn()
    assert isinstance(bob.answers[id_][0], Accepted)
    assert world.kinds(other).count("msg") == 3
    assert world.kinds(one).count("msg") == 2


def test_mail_that_comes_while_a_chat_reloads_is_kept(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    with poisoned_text(world.path, POISON):
        sue.do(chat, saying(POISON))
        world.system.run()
        world.write()
        world.hear()
        assert world.cell(chat).held is not None
        id_ = sue.do(chat, saying("fine"))
        world.turn()
    assert isinstance(sue.answers[id_][0], Accepted)


def test_on_a_full_disk_everyone_is_told_to_try_again_and_reads_go_on(
    world: World,
) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    big = saying("x" * 8000)
    with full_disk(world.journal):
        answers = [sue.ask(chat, big, f"big {number}") for number in range(10)]
        assert answers[-1] == LATER
        place = ann.join(chat)
        world.turn()
        assert place.live_at is not None
    for number in range(10):
        sue.gets(chat, big, f"big {number}")
    assert world.kinds(chat).count("msg") == 12
    assert sue.places[chat].gaps == ann.places[chat].gaps == []


def test_a_chat_that_could_not_be_born_leaves_nothing(world: World) -> None:
    sue, chat = world.client(), world.ids.chat()
    with poisoned_text(world.path, POISON):
        assert sue.fails(chat, starting(POISON, chat=chat), "a") == LATER
    assert world.chats.get(chat) is None
    assert chat not in sue.places
    assert sue.gets(chat, starting(chat=chat), "a").seq == 4


def test_cursors_that_could_not_be_written_are_written_later(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    with edited(world) as tool:
        tool.execute(
            "CREATE TRIGGER deaf BEFORE INSERT ON event WHEN new.kind = 'read'"
            " BEGIN SELECT RAISE(ABORT, 'deaf'); END"
        )
        sue.gets(chat, reading(4))
        world.wait(3)
        assert "read" not in world.kinds(chat)
        tool.execute("DROP TRIGGER deaf")
    world.wait(2)
    assert world.kinds(chat)[-1] == "read"
    assert world.cell(chat).state.cursors[sue.who].read == 4
    assert world.system.restarts == 0


def test_a_cursor_past_what_became_durable_comes_back_to_the_head(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    with poisoned_text(world.path, POISON):
        sue.do(chat, saying(POISON))
        sue.do(chat, reading(5))
        world.turn()
    world.wait(1)
    assert world.cell(chat).state.cursors[sue.who].read == 4


def test_what_fell_due_on_a_full_disk_is_tried_again_in_a_while(world: World) -> None:
    chat = world.open(world.client())
    with edited(world) as tool:
        tool.execute(
            "CREATE TRIGGER deaf BEFORE INSERT ON event WHEN new.kind = 'checkin'"
            " BEGIN SELECT RAISE(ABORT, 'deaf'); END"
        )
        world.wait(181)
        appended = world.journal.stats().items
        world.wait(4)
        assert world.journal.stats().items == appended
        tool.execute("DROP TRIGGER deaf")
    world.wait(6)
    assert world.kinds(chat)[-1] == "checkin"


def test_a_snapshot_that_fails_as_the_chat_goes_to_rest_wakes_nobody(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.leave(chat)
    with edited(world) as tool:
        tool.execute(
            "CREATE TRIGGER blank BEFORE INSERT ON snapshot"
            " BEGIN SELECT RAISE(ABORT, 'blank'); END"
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.delattr(past, "find")
            world.let_rest()
        assert world.chats.get(chat) is None
        assert world.system.restarts == 0
        tool.execute("DROP TRIGGER blank")
    assert sue.gets(chat, saying()).seq == 5


# Restarts one on top of another.


def test_a_repeat_that_is_read_while_the_chat_reloads_is_answered_after_that(
    world: World,
) -> None:
    sue, chat = world.client(), world.ids.chat()
    sue.gets(chat, starting(chat=chat), "a")
    sue.do(chat, starting(chat=chat), "a")
    with poisoned_text(world.path, POISON):
        sue.do(chat, saying(POISON))
        world.system.run()
        world.write()
        world.hear(reads=False)
        assert world.cell(chat).state.seq == 0
        world.read_some(1)
        world.hear()
    world.turn()
    again = sue.answers["a"][-1]
    assert isinstance(again, Accepted)
    assert (again.dup, again.existing) == (True, False)


def test_a_load_that_was_overtaken_lets_no_mail_through(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    world.cell(chat).restart()
    world.write()
    world.hear()
    # The load of the first restart is on its way, and here comes the second.
    world.cell(chat).restart()
    id_ = sue.do(chat, saying())
    world.system.run()
    world.read_some()
    world.hear()
    world.system.run()
    assert world.cell(chat).held
    world.turn()
    assert isinstance(sue.answers[id_][0], Accepted)


def test_a_late_failure_of_an_old_lane_does_not_begin_the_chat_anew(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    with poisoned_text(world.path, POISON):
        for text in (POISON, "late", "later"):
            sue.do(chat, saying(text))
        world.system.run()
        world.write(1)
        world.hear()
        world.read_some()
        world.hear()
        id_ = sue.do(chat, saying("new"))
        world.system.run()
        world.write(1)
        world.hear()
        assert world.cell(chat).held is None
        world.turn()
    assert isinstance(sue.answers[id_][0], Accepted)
    assert world.cell(chat).state.seq == 5


def restart(world: World, chat: ChatId) -> None:
    cell = world.chats.get(chat)
    if cell is not None:
        cell.restart()


STEPS: list[Callable[[World, ChatId], None]] = [
    restart,
    lambda world, _: world.turn(),
    lambda world, _: world.system.run(),
    lambda world, _: world.write(1),
    lambda world, _: world.write(3),
    lambda world, _: world.hear(reads=False),
    lambda world, _: world.hear(writes=False),
    lambda world, _: world.read_some(1),
]


@pytest.mark.parametrize("seed", range(40))
def test_restarts_in_any_order_with_anything_lose_no_answer_and_double_no_event(
    world: World, seed: int
) -> None:
    world.chance.seed(seed)
    chance = world.chance
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    said: list[tuple[Client, str]] = []
    with poisoned_text(world.path, POISON):
        for number in range(40):
            client = chance.choice((sue, ann))
            text = chance.choice(("hello", "hello", POISON))
            said.append((client, client.do(chat, saying(text), f"{number}")))
            for _ in range(chance.randrange(6)):
                chance.choice(STEPS)(world, chat)
        world.turn()
        world.wait(3)
    ids = [record.id for record in world.records(chat) if record.id]
    assert len(ids) == len(set(ids))
    for client, id_ in said:
        (answer,) = client.answers[id_]
        assert (id_ in ids) == isinstance(answer, Accepted)
    assert sue.places[chat].gaps == []
    sue.gets(chat, ending())
    assert world.system.restarts == 0
