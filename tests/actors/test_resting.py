"""Snapshots, rest and alarms: a chat need not be in memory to keep its word."""

from actors import codec
from actors.cells.orders import Ring
from actors.ids import ChatId, Millis, stream_of
from storage import queries, snapshots
from storage.queries import PAGE
from tests.actors.faults import edited
from tests.actors.scene import ANN, ending, reading, saying, snoozing
from tests.actors.world import World

# Snapshots.


def snapshot_seq(world: World, chat: ChatId) -> int:
    stream = stream_of(chat)
    assert stream is not None
    row = world.read(lambda db: snapshots.latest(db, stream))
    return row.seq if row else 0


def test_a_snapshot_is_written_every_so_often_and_at_the_end(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    for _ in range(59):
        sue.do(chat, saying())
    assert snapshot_seq(world, chat) == 0
    sue.gets(chat, saying())
    assert snapshot_seq(world, chat) == 64
    sue.gets(chat, ending())
    assert snapshot_seq(world, chat) == 65


def test_a_long_chat_is_written_down_less_often(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    seqs: set[int] = set()
    for _ in range(100):
        for _ in range(10):
            sue.do(chat, saying())
        seqs.add(snapshot_seq(world, chat))
    assert len(seqs) < 1000 / 64
    assert 1004 - max(seqs) <= 1004 // 8


def test_a_long_journal_without_a_snapshot_is_folded_page_by_page(
    world: World,
) -> None:
    sue = world.client()
    chat = world.open(sue)
    for _ in range(2 * PAGE + 10):
        sue.do(chat, saying())
    world.turn()
    state = world.cell(chat).state
    sue.leave(chat)
    world.let_rest()
    with edited(world) as tool:
        tool.execute("DELETE FROM snapshot")
    world.client(ANN).gets(chat, reading(0))
    assert world.cell(chat).state == state
    assert state.seq == 2 * PAGE + 14


def test_a_chat_comes_back_from_its_snapshot_and_what_followed(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    for _ in range(70):
        sue.do(chat, saying())
    world.turn()
    state = world.cell(chat).state
    world.restart(kill=True)
    ann = world.client(ANN)
    ann.gets(chat, reading(0))
    assert world.cell(chat).state == state
    assert codec.state_hash(world.cell(chat).state) == codec.state_hash(state)


# Resting.


def test_a_chat_nobody_listens_to_rests_and_comes_back(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    world.let_rest()
    assert world.chats.get(chat) is not None
    sue.leave(chat)
    state = world.cell(chat).state
    world.let_rest()
    assert world.chats.get(chat) is None
    assert snapshot_seq(world, chat) == 4
    world.client(ANN).gets(chat, reading(0))
    assert world.cell(chat).state == state


def test_cursors_are_written_before_a_chat_rests(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.leave(chat)
    sue.gets(chat, reading(4))
    world.let_rest()
    assert world.chats.get(chat) is not None
    world.wait(1)
    world.let_rest()
    assert world.chats.get(chat) is None
    assert world.kinds(chat)[-1] == "read"


def test_a_chat_that_waits_for_the_disk_does_not_rest(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.leave(chat)
    sue.do(chat, saying())
    world.system.run()
    assert not world.cell(chat).may_rest()
    world.turn()
    assert world.cell(chat).may_rest()


# Alarms.


def due(world: World, chat: ChatId) -> int | None:
    stream = stream_of(chat)
    assert stream is not None
    row = world.read(lambda db: queries.ticket(db, stream))
    assert row is not None
    return row.due


def test_a_waiting_chat_has_an_alarm_and_a_closed_one_has_none(world: World) -> None:
    sue, ann = world.client(), world.client(ANN)
    chat = world.open(sue)
    assert len(world.alarms) == 1
    ann.gets(chat, saying())
    assert len(world.alarms) == 0
    sue.gets(chat, saying())
    assert len(world.alarms) == 1
    sue.gets(chat, ending())
    assert len(world.alarms) == 0
    assert due(world, chat) is None
    world.wait(3600)
    assert "checkin" not in world.kinds(chat)


def test_check_ins_come_at_their_time_and_are_noticed(world: World) -> None:
    chat = world.open(world.client())
    world.wait(301)
    assert world.kinds(chat)[4:] == ["checkin", "checkin"]
    assert world.room.notices[-2:] == [(chat, "checkin")] * 2
    at = [record.at - world.records(chat)[0].at for record in world.records(chat)[4:]]
    assert 180_000 <= at[0] <= 180_000 + 250
    assert 300_000 <= at[1] <= 300_000 + 250


def test_alarms_ring_for_chats_that_rest(world: World) -> None:
    sue = world.client()
    chat = world.open(sue)
    sue.leave(chat)
    world.let_rest()
    assert world.chats.get(chat) is None
    world.wait(181)
    assert world.kinds(chat)[4:] == ["checkin"]


def test_what_fell_due_while_the_process_was_down_comes_once(world: World) -> None:
    chat = world.open(world.client())
    world.restart(kill=True)
    world.now = Millis(world.now + 10 * 3600 * 1000)
    world.wait(1)
    assert world.kinds(chat)[4:] == ["checkin", "checkin"]
    world.restart(kill=True)
    world.wait(299)
    assert world.kinds(chat)[4:] == ["checkin", "checkin"]
    world.wait(2)
    assert world.kinds(chat)[4:] == ["checkin", "checkin", "checkin"]


def test_a_snoozed_ticket_wakes_by_itself_after_a_restart_too(world: World) -> None:
    chat = world.open(world.client())
    world.client(ANN).gets(chat, snoozing(Millis(world.now + 3_600_000)))
    assert due(world, chat) == world.now + 3_600_000
    world.restart(kill=True)
    world.wait(3601)
    assert world.kinds(chat)[4:] == ["status", "status"]
    assert world.cell(chat).state.status == "open"


def test_loading_a_chat_sets_its_alarm(world: World) -> None:
    chat = world.open(world.client())
    world.kill()
    world.start()
    assert len(world.alarms) == 0
    world.client(ANN).gets(chat, reading(0))
    assert len(world.alarms) == 1


def test_an_early_ring_only_sets_the_alarm_again(world: World) -> None:
    chat = world.open(world.client())
    world.chats.tell(chat, Ring(world.now))
    world.turn()
    assert world.kinds(chat) == ["opened", "legal", "msg", "msg"]
    assert len(world.alarms) == 1
    world.wait(181)
    assert world.kinds(chat)[-1] == "checkin"
