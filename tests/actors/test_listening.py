"""Announce, catch up page by page, go live: without gap or repetition (U2)."""

import random

import pytest

from actors import codec
from actors.cells.history import PAGE_BYTES
from actors.cells.orders import LookBack
from actors.cells.past import TAIL
from actors.chat.events import seen_by_shopper
from actors.ids import ChatId, Seq
from actors.refusals import Reason, Refused
from storage.queries import PAGE
from tests.actors.client import Client
from tests.actors.faults import edited
from tests.actors.scene import ANN, BEN, SITE, noting, reading, saying, starting
from tests.actors.world import World


def visible(world: World, chat: ChatId, client: Client) -> list[int]:
    """Return the seqs of all events that `client` may see."""
    return [
        record.seq
        for record in world.records(chat)
        if client.insider or seen_by_shopper(codec.from_record(record).body)
    ]


def talk(world: World, chat: ChatId, number: int) -> None:
    """Let an agent say and note so much in all."""
    ann = world.client(ANN)
    for turn in range(number):
        ann.do(chat, noting() if turn % 3 else saying())
    world.turn()


@pytest.mark.parametrize("after", [0, 1, 4, 5, 6])
def test_who_joins_gets_all_that_follows_once_and_then_what_happens(
    world: World, after: int
) -> None:
    sue = world.client()
    chat = world.open(sue)
    talk(world, chat, 1)
    ann, twin = world.client(ANN), world.client()
    for client in (ann, twin):
        client.join(chat, after)
    world.turn()
    talk(world, chat, 3)
    sue.gets(chat, saying())
    for client in (ann, twin):
        place = client.places[chat]
        assert place.log == [s for s in visible(world, chat, client) if s > after]
        assert place.gaps == []
        assert place.live_at == 6


def test_a_long_past_comes_page_by_page_as_the_client_takes_it(world: World) -> None:
    chat = world.open(world.client())
    talk(world, chat, 3 * PAGE)
    ann = world.client(ANN)
    ann.slow = True
    place = ann.join(chat)
    for page in range(1, 4):
        world.turn()
        assert len(place.log) == page * PAGE
        assert place.live_at is None
        place.drain()
    world.turn()
    place.drain()
    world.turn()
    assert place.log == visible(world, chat, ann)
    assert place.live_at == place.at


def test_what_happens_while_a_client_catches_up_comes_behind_it(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    talk(world, chat, PAGE + 50)
    ann = world.client(ANN)
    ann.slow = True
    place = ann.join(chat)
    world.turn()
    sue.gets(chat, saying("hello?"))
    own = ann.do(chat, saying("here"))
    world.turn()
    # The answer stands for the event, whose turn has not come yet.
    assert own not in ann.answers
    place.drain()
    world.turn()
    assert own in ann.answers
    place.drain()
    world.turn()
    assert place.log == visible(world, chat, ann)
    assert place.gaps == []


@pytest.mark.parametrize("snapshot", [True, False])
@pytest.mark.parametrize("after", [0, 3, 6, 7])
def test_who_has_a_chat_loaded_gets_a_short_past_with_it(
    world: World, after: int, *, snapshot: bool
) -> None:
    sue = world.client()
    chat = world.open(sue)
    talk(world, chat, 3)
    sue.leave(chat)
    world.let_rest()
    if not snapshot:
        with edited(world) as tool:
            tool.execute("DELETE FROM snapshot")
    ann, twin = world.client(ANN), world.client()
    places = [ann.join(chat, after), twin.join(chat, after)]
    world.system.run()
    # One read for all of it.
    world.read_some(1)
    world.hear()
    world.system.run()
    for place, client in zip(places, (ann, twin), strict=True):
        assert place.log == [s for s in visible(world, chat, client) if s > after]
        assert (place.gaps, place.live_at) == ([], len(world.records(chat)))


def test_a_long_past_is_read_from_where_the_page_in_hand_begins(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    talk(world, chat, PAGE + 2 * TAIL)
    head = len(world.records(chat))
    sue.leave(chat)
    world.let_rest()
    places = [world.client(ANN).join(chat, n) for n in (0, head - TAIL, head - 1)]
    world.turn()
    for place, after in zip(places, (0, head - TAIL, head - 1), strict=True):
        assert place.log == list(range(after + 1, head + 1))


def test_what_the_reader_sees_before_it_has_settled_comes_once(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    place = ann.join(chat)
    world.system.run()
    sue.do(chat, saying())
    world.system.run()
    # Durable, and the page that is read has it; but nobody was told so far.
    world.write()
    world.read_some()
    world.hear(writes=False)
    world.system.run()
    assert place.log[-1:] == [4]
    world.turn()
    assert place.log == [1, 2, 3, 4, 5]
    assert place.gaps == []


def test_the_ticket_shows_nothing_that_is_not_durable(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue, "first")
    sue.do(chat, saying("second"))
    place = ann.join(chat)
    world.system.run()
    # What is queued for the journal stays there; reads are answered.
    world.read_some()
    world.hear()
    assert place.ticket is not None
    assert (place.ticket.preview, place.ticket.seq) == ("first", 4)
    world.turn()
    assert world.cell(chat).state.preview == "second"
    assert place.log == [1, 2, 3, 4, 5]
    quiet = world.client(ANN).join(chat)
    world.turn()
    assert quiet.ticket is not None
    assert quiet.ticket.preview == "second"


def test_nobody_can_join_a_chat_that_is_not_durable_yet(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.ids.chat()
    sue.do(chat, starting(chat=chat))
    world.system.run()
    world.journal.settle()
    world.system.run()
    place = ann.join(chat)
    world.system.run()
    world.read_some()
    world.hear()
    assert place.refusal == Refused(Reason.NOT_FOUND)
    world.turn()
    assert world.kinds(chat)[-1] == "msg"


def test_a_position_past_the_head_has_to_begin_again(world: World) -> None:
    chat = world.open(world.client())
    place = world.client(ANN).join(chat, 5)
    world.turn()
    assert place.refusal == Refused(Reason.RESYNC_REQUIRED, head=4)


def test_who_leaves_while_catching_up_never_goes_live(world: World) -> None:
    chat = world.open(world.client())
    talk(world, chat, PAGE)
    ann = world.client(ANN)
    ann.slow = True
    place = ann.join(chat)
    world.turn()
    ann.leave(chat)
    place.drain()
    world.turn()
    assert place.live_at is None
    assert world.room.places[chat][0].client.insider is False


def test_a_chat_put_away_while_a_client_catches_up_goes_on_where_it_was(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.leave(chat)
    talk(world, chat, PAGE + 5)
    ann = world.client(ANN)
    ann.slow = True
    place = ann.join(chat)
    world.turn()
    world.let_rest()
    assert world.chats.get(chat) is None
    for _ in range(3):
        place.drain()
        world.turn()
    assert place.log == visible(world, chat, ann)
    assert place.live_at == place.at


def test_no_byte_of_a_note_reaches_the_shopper(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    ann.gets(chat, noting("SECRET"))
    ann.gets(chat, saying("PUBLIC"))
    ann.gets(chat, noting("SECRET"))
    sue.leave(chat)
    sue.join(chat, 0)
    world.turn()
    sue.look_back(chat, 100)
    ann.gets(chat, noting("SECRET"))
    assert b"PUBLIC" in sue.bytes
    assert b"SECRET" not in sue.bytes
    assert sue.places[chat].gaps == []


@pytest.mark.parametrize("seed", range(20))
def test_rejoining_at_ones_position_at_random_moments_loses_and_repeats_nothing(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    sue, talker = world.client(), world.client(BEN)
    chat = world.open(sue)
    listeners = [world.client(), world.client(ANN)]
    for _ in range(60):
        client = chance.choice(listeners)
        match chance.randrange(6):
            case 0:
                client.join(chat)
            case 1:
                client.leave(chat)
            case 2:
                talker.do(chat, chance.choice((saying(), noting())))
            case 3:
                sue.do(chat, saying())
            case 4:
                client.do(chat, saying() if client.insider else reading(1))
            case _:
                chance.choice((world.turn, world.system.run, world.journal.settle))()
    world.turn()
    for client in listeners:
        client.join(chat)
        world.turn()
        places = [*client.past, *client.places.values()]
        log = [seq for place in places for seq in place.log]
        assert log == visible(world, chat, client)
        assert [gap for place in places for gap in place.gaps] == []


# Looking back.


def test_a_page_of_the_past_holds_what_the_asker_may_see(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    talk(world, chat, 30)
    ann = world.client(ANN)
    assert ann.look_back(chat, 20, 5) == [15, 16, 17, 18, 19]
    assert ann.pages[-1][1] is True
    assert ann.look_back(chat, 4, 5) == [1, 2, 3]
    assert ann.pages[-1][1] is False
    seen = visible(world, chat, sue)
    assert sue.look_back(chat, 1000, 5) == seen[-5:]
    assert sue.look_back(chat, seen[-5], 200) == seen[:-5]
    assert sue.pages[-1][1] is False
    assert sue.look_back(chat, 1, 5) == []
    assert sue.look_back(chat, 0, 5) == []


def test_pages_put_together_are_the_whole_past(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    talk(world, chat, 2 * PAGE)
    for client in (sue, world.client(ANN)):
        whole: list[int] = []
        before, more = 10_000, True
        while more:
            page = client.look_back(chat, before, 37)
            whole = page + whole
            before, more = page[0], client.pages[-1][1]
        assert whole == visible(world, chat, client)


def test_a_page_is_bounded_in_bytes_but_never_empty(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    for _ in range(100):
        sue.do(chat, saying("x" * 8000))
    world.turn()
    page = sue.look_back(chat, 1000, 200)
    assert len(page) == PAGE_BYTES // 8007
    assert sue.pages[-1][1] is True


def test_the_past_ends_where_it_is_durable(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.do(chat, saying())
    world.system.run()
    world.chats.tell(chat, LookBack("look", sue.who, SITE, Seq(99), 50, sue))
    world.system.run()
    world.write()
    world.read_some()
    world.hear(writes=False)
    assert sue.pages == [([1, 2, 3, 4], False)]
