"""Who asks for a chat that is not theirs, or not there, learns and leaves nothing."""

import pytest

from actors.cells.orders import Left, Ring
from actors.ids import ChatId, encode_id, stream_of
from actors.refusals import Reason, Refused
from tests.actors.scene import ANN, STRANGER, Ask, ending, noting, reading, saying
from tests.actors.world import World

WRONG = [
    pytest.param("0" * 26, id="nobody's"),
    pytest.param("not an id", id="no id"),
    pytest.param("", id="empty"),
    pytest.param("Z" * 26, id="too large"),
]


@pytest.mark.parametrize("chat", WRONG)
def test_asking_for_a_chat_that_is_not_there_leaves_nothing_in_memory(
    world: World, chat: str
) -> None:
    ann, id_ = world.client(ANN), ChatId(chat)
    assert ann.fails(id_, saying()).reason is Reason.NOT_FOUND
    assert ann.fails(id_, reading(0)).reason is Reason.NOT_FOUND
    assert len(world.chats) == 0
    place = ann.join(id_)
    world.turn()
    assert place.refusal == Refused(Reason.NOT_FOUND)
    assert ann.look_back(id_, 5) == []
    assert ann.answers["look"] == [Refused(Reason.NOT_FOUND)]
    for sign in (True, False):
        world.sign(id_, ANN, on=sign)
    world.chats.tell(id_, Left(ANN))
    world.chats.tell(id_, Ring(world.now))
    world.turn()
    assert len(world.chats) == 0
    assert len(world.alarms) == 0


def test_the_secret_part_of_an_id_has_to_be_right(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    stream = stream_of(chat)
    assert stream is not None
    guess = ChatId(encode_id(stream << 66))
    assert stream_of(guess) == stream
    assert guess != chat
    assert sue.fails(guess, saying()).reason is Reason.NOT_FOUND
    assert world.chats.get(guess) is None
    assert world.cell(chat).state.seq == 4


@pytest.mark.parametrize("what", [saying(), reading(1), ending(), noting()])
def test_a_stranger_learns_nothing_of_a_chat(world: World, what: Ask) -> None:
    chat = world.open(world.client())
    bob = world.client(STRANGER)
    assert bob.fails(chat, what) == Refused(Reason.NOT_FOUND)
    place = bob.join(chat)
    world.turn()
    assert (place.refusal, place.ticket) == (Refused(Reason.NOT_FOUND), None)
    assert bob.look_back(chat, 5) == []
    world.sign(chat, STRANGER)
    world.turn()
    assert world.room.signals == []
