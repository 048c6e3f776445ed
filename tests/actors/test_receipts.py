"""Cursors and signals: granted at once, and told as far as they may be."""

import pytest

from actors.cells.chat import CURSORS_AFTER
from actors.cells.ports import Accepted
from actors.chat.limits import CHAT_EVENTS, RESERVED
from actors.chat.state import ChatState
from actors.ids import Person, Seq
from actors.runtime.timers import TICK
from tests.actors.scene import (
    ANN,
    BEN,
    SHOPPER,
    assigning,
    ending,
    getting,
    noting,
    reading,
    saying,
    snoozing,
    waking,
)
from tests.actors.world import World

# Cursors.


def test_a_cursor_is_granted_at_once_and_told_within_a_second(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    ann.join(chat)
    world.turn()
    for seq in range(1, 5):
        sue.do(chat, reading(seq), f"read {seq}")
    world.system.run()
    assert sue.answers["read 4"] == [Accepted("read 4", chat, seq=Seq(4))]
    world.wait(1)
    assert world.kinds(chat)[4:] == ["read"]
    assert ann.places[chat].log[-1] == sue.places[chat].log[-1] == 5
    assert CURSORS_AFTER + TICK < 1


def test_an_agents_reading_is_told_to_agents_alone(world: World) -> None:
    sue, ann, ben = world.client(), world.client(ANN), world.client(BEN)
    chat = world.open(sue)
    for agent in (ann, ben):
        agent.join(chat)
    ann.gets(chat, reading(4))
    ben.gets(chat, getting(4))
    world.wait(1)
    assert world.kinds(chat)[4:] == ["read", "got"]
    assert ann.places[chat].log[-2:] == [5, 6]
    assert sue.places[chat].log == [1, 2, 3, 4]


def test_a_full_chat_moves_cursors_without_events_and_can_rest(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    world.cell(chat).state.seq = Seq(CHAT_EVENTS - RESERVED)
    world.cell(chat)._durable = Seq(CHAT_EVENTS - RESERVED)
    sue.gets(chat, reading(5))
    world.wait(2)
    assert world.kinds(chat) == ["opened", "legal", "msg", "msg"]
    assert world.cell(chat)._moving
    sue.leave(chat)
    sue.gets(chat, reading(6))
    assert world.cell(chat).may_rest()
    world.cell(chat).on_stop()
    world.wait(2)
    assert not world.system.mail


# Typing (F11).


def test_typing_is_told_to_the_others_and_ends_by_itself(world: World) -> None:
    sue, twin, ann = world.client(), world.client(), world.client(ANN)
    chat = world.open(sue)
    for other in (twin, ann):
        other.join(chat)
    world.turn()
    world.sign(chat, SHOPPER)
    world.turn()
    assert ann.typers == {SHOPPER}
    assert sue.typers == twin.typers == set()
    world.wait(5.5)
    assert ann.typers == {SHOPPER}
    world.wait(0.5)
    assert ann.typers == set()
    assert world.kinds(chat) == ["opened", "legal", "msg", "msg"]


@pytest.mark.parametrize("how", ["off", "message", "left", "closed"])
def test_typing_ends_at_once(world: World, how: str) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    ann.join(chat)
    world.sign(chat, SHOPPER)
    world.turn()
    assert ann.typers == {SHOPPER}
    if how == "off":
        world.sign(chat, SHOPPER, on=False)
    elif how == "message":
        sue.do(chat, saying())
    elif how == "left":
        sue.leave(chat)
    else:
        ann.do(chat, ending())
    world.turn()
    assert ann.typers == set()
    assert world.cell(chat)._signs is None


def test_another_agents_message_does_not_end_ones_typing(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    ann.join(chat)
    world.sign(chat, SHOPPER)
    ann.gets(chat, saying())
    assert ann.typers == {SHOPPER}


def test_typing_in_a_note_is_for_agents(world: World) -> None:
    sue, ben = world.client(), world.client(BEN)
    chat = world.open(sue)
    ben.join(chat)
    world.turn()
    world.sign(chat, ANN, note=True)
    world.turn()
    assert (sue.typers, ben.typers) == (set(), {ANN})
    world.wait(7)
    assert world.room.signals == [(ANN, True, True), (ANN, False, True)]


def test_who_turns_from_a_reply_to_a_note_types_no_reply_any_more(world: World) -> None:
    sue, ben = world.client(), world.client(BEN)
    chat = world.open(sue)
    ben.join(chat)
    world.sign(chat, ANN)
    world.turn()
    assert sue.typers == {ANN}
    world.sign(chat, ANN, note=True)
    world.turn()
    assert (sue.typers, ben.typers) == (set(), {ANN})


def test_a_shopper_writes_no_notes(world: World) -> None:
    chat = world.open(world.client())
    world.sign(chat, SHOPPER, note=True)
    world.turn()
    assert world.room.signals == [(SHOPPER, True, False)]


def test_who_joins_later_sees_who_types(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    world.sign(chat, SHOPPER)
    world.wait(2)
    ann.join(chat)
    world.turn()
    assert ann.typers == {SHOPPER}
    world.wait(4)
    assert ann.typers == set()


def test_in_a_closed_chat_nobody_types(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.gets(chat, ending())
    world.sign(chat, ANN)
    world.turn()
    assert world.room.signals == []


# Viewing (F30).


def test_who_views_is_told_to_the_other_agents_alone(world: World) -> None:
    sue, ann, own, ben = map(world.client, (SHOPPER, ANN, ANN, BEN))
    chat = world.open(sue)
    for agent in (ann, own, ben):
        agent.join(chat)
    world.sign(chat, ANN, what="viewing")
    world.turn()
    assert ben.viewers == {ANN}
    assert sue.viewers == ann.viewers == own.viewers == set()
    world.wait(14.5)
    assert ben.viewers == {ANN}
    world.wait(0.5)
    assert ben.viewers == set()
    assert world.kinds(chat) == ["opened", "legal", "msg", "msg"]


@pytest.mark.parametrize("how", ["off", "left", "closed"])
def test_viewing_ends_at_once(world: World, how: str) -> None:
    sue, ann, ben = map(world.client, (SHOPPER, ANN, BEN))
    chat = world.open(sue)
    for agent in (ann, ben):
        agent.join(chat)
    world.sign(chat, ANN, what="viewing")
    world.turn()
    assert ben.viewers == {ANN}
    if how == "off":
        world.sign(chat, ANN, what="viewing", on=False)
    elif how == "left":
        ann.leave(chat)
    else:
        sue.do(chat, ending())
    world.turn()
    assert ben.viewers == set()
    assert world.cell(chat)._signs is None


def test_one_goes_on_viewing_when_one_has_typed(world: World) -> None:
    ann, ben = world.client(ANN), world.client(BEN)
    chat = world.open(world.client())
    for agent in (ann, ben):
        agent.join(chat)
    world.sign(chat, ANN, what="viewing")
    world.sign(chat, ANN)
    world.turn()
    assert (ben.viewers, ben.typers) == ({ANN}, {ANN})
    ann.gets(chat, saying())
    assert (ben.viewers, ben.typers) == ({ANN}, set())
    world.sign(chat, ANN)
    world.turn()
    world.sign(chat, ANN, what="viewing", on=False)
    world.turn()
    assert (ben.viewers, ben.typers) == (set(), {ANN})


# The rest of an agent's work, as the room hears of it.


def test_those_concerned_are_told_of_all_but_messages(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    for what in (noting(), assigning("ben"), snoozing(), waking(), saying(), ending()):
        ann.gets(chat, what)
    assert [kind for _, kind in world.room.notices] == [
        "opened",
        "legal",
        "note",
        "assigned",
        "status",
        "status",
        "assigned",
        "closed",
    ]
    assert world.cell(chat).state != ChatState()


def test_what_is_no_mail_for_a_chat_is_ignored(world: World) -> None:
    chat = world.open(world.client())
    world.chats.tell(chat, "what?")
    world.turn()
    assert world.system.restarts == 0
    assert world.cell(chat).chat == chat
    assert Person("bot") != SHOPPER
