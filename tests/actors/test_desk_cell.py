"""The desk on real actors and a real journal: what it asks for is committed (F25)."""

from functools import partial

import pytest
from msgspec.structs import replace

from actors.agent.commands import Choose, Connect, Disconnect
from actors.agent.rules import GRACE
from actors.cells.desk import MEASURE_S, Arrived, DeskCell, Look
from actors.chat.events import Assigned, Said
from actors.chat.traits import Traits
from actors.desk.line import APART
from actors.desk.router import AFTER_START, RETRY
from actors.ids import BOT, SYSTEM, AgentId, ChatId, Person
from actors.settings.ai import AiSettings
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings
from actors.settings.rules import Rules
from storage import queries
from tests.actors.scene import (
    ANN,
    BEN,
    SITE,
    assigning,
    ending,
    saying,
    snoozing,
    starting,
    turning,
    waking,
)
from tests.actors.world import World
from tests.faults.disk import poisoned_text

ROUND = AssignmentSettings(routing="round_robin", max_chats=1)


@pytest.fixture
def world(world: World) -> World:
    settle(world, ROUND)
    return world


def settle(world: World, assignment: AssignmentSettings) -> None:
    """Save settings, as the office does."""
    world.rules = Rules(world.rules.version + 1, Settings(assignment=assignment))
    world.desks.tell(SITE, Look())
    world.turn()


def come(world: World, *agents: str) -> None:
    for agent in agents:
        world.agents.tell(f"{SITE}/{agent}", Connect())
    world.turn()


def go(world: World, agent: str) -> None:
    world.agents.tell(f"{SITE}/{agent}", Disconnect(world.now))
    world.turn()


def start(world: World, *shoppers: str) -> list[ChatId]:
    opened: list[ChatId] = []
    for sub in shoppers:
        opened.append(world.open(world.client(Person(f"shopper:{sub}"))))
        world.wait(0.001)
    return opened


def desk(world: World) -> DeskCell:
    return world.desks.find(SITE)


def owner(world: World, chat: ChatId) -> str | None:
    """Return whose a ticket is, by the journal."""
    assigned = [e.body for e in world.events(chat) if isinstance(e.body, Assigned)]
    return assigned[-1].to if assigned else None


def check_table(world: World) -> None:
    """The desk's table is a recount of the tickets."""
    rows = world.read(partial(queries.unclosed_of_site, site=SITE))
    ledger = desk(world).router.ledger
    assert {row.chat for row in rows} == set(ledger.places)
    for agent in {row.assignee for row in rows if row.assignee}:
        mine = {r.chat for r in rows if r.assignee == agent and r.status == "open"}
        assert {*ledger.held_by(AgentId(agent))} == mine
    waiting = [r for r in rows if r.assignee is None and r.status == "open"]
    assert ledger.waiting == len(waiting)


def test_a_new_ticket_goes_to_who_is_there(world: World) -> None:
    come(world, "ann")
    (chat,) = start(world, "sue")
    event = world.events(chat)[-1]
    assert (event.by, event.body) == (SYSTEM, Assigned(None, "ann", "routing"))
    check_table(world)


def test_a_ticket_waits_until_there_is_room(world: World) -> None:
    one, two, three = start(world, "sue", "bob", "eve")
    come(world, "ann")
    assert [owner(world, chat) for chat in (one, two, three)] == ["ann", None, None]
    world.client(ANN).gets(one, ending())
    assert owner(world, two) == "ann"
    world.client(ANN).gets(two, snoozing())
    assert owner(world, three) == "ann"
    check_table(world)


def test_a_saved_limit_holds_at_once(world: World) -> None:
    one, two = start(world, "sue", "bob")
    come(world, "ann")
    settle(world, replace(ROUND, max_chats=2))
    assert [owner(world, chat) for chat in (one, two)] == ["ann", "ann"]


def test_routing_switched_on_begins_with_who_waits(world: World) -> None:
    settle(world, AssignmentSettings())
    (chat,) = start(world, "sue")
    come(world, "ann")
    assert owner(world, chat) is None
    settle(world, ROUND)
    assert owner(world, chat) == "ann"


def test_an_end_that_is_quicker_gives_the_place_to_the_next(world: World) -> None:
    one, two = start(world, "sue", "bob")
    sue = world.client(Person("shopper:sue"))
    world.agents.tell(f"{SITE}/ann", Connect())
    # The end is under way when the desk hears of the agent.
    sue.do(one, ending())
    world.turn()
    assert "assigned" not in world.kinds(one)
    assert owner(world, two) == "ann"
    check_table(world)


def test_a_reply_takes_a_ticket_whatever_the_limit_and_is_flagged(world: World) -> None:
    come(world, "ann")
    one, two = start(world, "sue", "bob")
    assert (owner(world, one), owner(world, two)) == ("ann", None)
    world.client(ANN).gets(two, saying())
    assert owner(world, two) == "ann"
    assert world.room.attentions == [f"{two} ann"]
    check_table(world)


def test_one_that_the_bot_gives_back_is_flagged_too(world: World) -> None:
    plain = world.rules
    world.rules = replace(
        plain, settings=replace(plain.settings, ai=AiSettings(enabled=True))
    )
    (one,) = start(world, "sue")
    world.client(ANN).gets(one, assigning("ann"))
    world.rules = plain
    come(world, "ann")
    (two,) = start(world, "bob")
    assert (owner(world, one), owner(world, two)) == ("ann", "ann")
    assert world.room.attentions == []
    world.rules = replace(
        plain, settings=replace(plain.settings, ai=AiSettings(enabled=True))
    )
    turn = world.cell(one).state.bot
    assert turn is not None
    human = turning(turn.turn, "escalate", reason="human")
    world.client(BOT).gets(one, human)
    assert world.cell(one).state.control == "humans"
    assert world.room.attentions == [f"{one} ann"]
    check_table(world)


def test_nobody_who_is_away_gets_a_ticket(world: World) -> None:
    come(world, "ann")
    world.agents.tell(f"{SITE}/ann", Choose("away"))
    (chat,) = start(world, "sue")
    assert owner(world, chat) is None
    world.agents.tell(f"{SITE}/ann", Choose("online"))
    world.turn()
    assert owner(world, chat) == "ann"


def test_a_rule_sends_a_ticket_to_its_team(world: World) -> None:
    polish = Rule(Condition(lang="pl"), "polish")
    team = Team("polish", "Polish", ("ben",))
    settle(world, replace(ROUND, rules=(polish,), teams=(team,)))
    come(world, "ann", "ben")
    chat = world.ids.chat()
    sue = world.client()
    sue.gets(chat, starting(chat=chat, traits=Traits(lang="pl")))
    assert owner(world, chat) == "ben"


# Leaving.


def test_one_who_left_loses_tickets_after_both_graces(world: World) -> None:
    come(world, "ann")
    (chat,) = start(world, "sue")
    go(world, "ann")
    world.wait(GRACE / 1000 + ROUND.leave_grace_s - 1)
    assert owner(world, chat) == "ann"
    world.wait(2)
    body = world.events(chat)[-1].body
    assert body == Assigned("ann", None, "agent_left")
    come(world, "ben")
    assert owner(world, chat) == "ben"
    check_table(world)


def test_one_who_is_back_in_time_keeps_them(world: World) -> None:
    come(world, "ann")
    (chat,) = start(world, "sue")
    before = world.kinds(chat)
    go(world, "ann")
    world.wait(GRACE / 1000 + ROUND.leave_grace_s - 1)
    come(world, "ann")
    world.wait(1000)
    assert [k for k in world.kinds(chat) if k != "checkin"] == before


def test_the_shopper_is_told_if_the_shop_wants_it(world: World) -> None:
    settle(world, replace(ROUND, announce_transfer="Somebody else will be with you."))
    come(world, "ann")
    (chat,) = start(world, "sue")
    go(world, "ann")
    world.wait(100)
    said = [e.body for e in world.events(chat) if isinstance(e.body, Said)]
    assert said[-1] == Said("Somebody else will be with you.", auto="handoff")


# The process ends and begins again.


@pytest.mark.parametrize("kill", [False, True])
def test_after_a_restart_everything_is_as_it_was(world: World, *, kill: bool) -> None:
    come(world, "ann")
    one, two = start(world, "sue", "bob")
    world.restart(kill=kill)
    world.desks.tell(SITE, Look())
    world.turn()
    check_table(world)
    come(world, "ben")
    assert (owner(world, one), owner(world, two)) == ("ann", "ben")
    world.wait(AFTER_START / 1000 - 1)
    assert owner(world, one) == "ann"
    world.wait(2)
    assert owner(world, one) is None


def test_one_who_comes_back_after_a_restart_keeps_their_tickets(world: World) -> None:
    come(world, "ann")
    (chat,) = start(world, "sue")
    world.restart()
    world.desks.tell(SITE, Look())
    world.wait(50)
    come(world, "ann")
    world.wait(1000)
    assert owner(world, chat) == "ann"


# Faults.


def test_a_ticket_that_cannot_be_written_is_given_later(world: World) -> None:
    (chat,) = start(world, "sue")
    with poisoned_text(world.path, "poison"):
        world.client(Person("shopper:sue")).do(chat, saying("poison"))
        # Decided on the state that is about to fail: it fails, too.
        world.agents.tell(f"{SITE}/ann", Connect())
        world.turn()
    world.wait(RETRY / 1000 + 1)
    assert owner(world, chat) == "ann"
    check_table(world)


def test_what_happens_while_the_table_is_read_is_not_missed(world: World) -> None:
    old, other = start(world, "sue", "bob")
    cell = desk(world)
    cell.restart()
    world.client(BEN).gets(old, saying())
    world.client(Person("shopper:bob")).gets(other, ending())
    start(world, "eve")
    check_table(world)
    cell.restart()
    cell.restart()
    world.turn()
    check_table(world)


def test_a_bug_of_the_desk_costs_no_ticket(world: World) -> None:
    (chat,) = start(world, "sue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk(world).router, "ledger", None)
        come(world, "ann")
    world.wait(10)
    assert world.system.restarts >= 1
    assert owner(world, chat) == "ann"
    check_table(world)


def test_a_chat_that_crashes_as_it_speaks_is_counted_all_the_same(world: World) -> None:
    def crash(_chat: ChatId, _event: object) -> None:
        raise RuntimeError

    come(world, "ann")
    one, two = start(world, "sue", "bob")
    world.room.on_publish = crash
    world.client(Person("shopper:sue")).do(one, ending())
    world.turn()
    world.room.on_publish = lambda _chat, _event: None
    world.wait(10)
    assert owner(world, two) == "ann"
    check_table(world)


# What shoppers who wait hear.


def test_shoppers_hear_how_far_they_are(world: World) -> None:
    settle(world, replace(ROUND, show_queue=True))
    one, two, three = start(world, "sue", "bob", "eve")
    assert world.room.queues == [{one: 1}]
    world.wait(APART / 1000 + 1)
    assert world.room.queues[1:] == [{two: 2, three: 3}]
    come(world, "ann")
    world.wait(APART / 1000 + 1)
    assert world.room.queues[2:] == [{one: 0, two: 1, three: 2}]
    world.desks.tell(SITE, Arrived(three))
    world.wait(APART / 1000 + 1)
    assert world.room.queues[3:] == [{three: 2}]


def test_nobody_hears_of_a_queue_that_is_not_shown(world: World) -> None:
    start(world, "sue", "bob")
    world.wait(60)
    assert world.room.queues == []


def test_supervisors_hear_once_that_too_many_wait(world: World) -> None:
    settle(world, replace(ROUND, queue_limit=2))
    start(world, "sue")
    assert world.room.attentions == []
    start(world, "bob", "eve")
    assert world.room.attentions == [SITE]


def test_widgets_hear_whether_anybody_is_there(world: World) -> None:
    come(world, "ann", "ben")
    assert world.room.staffings == [True]
    world.agents.tell(f"{SITE}/ann", Choose("away"))
    go(world, "ben")
    world.wait(60)
    assert world.room.staffings == [True, False]


def test_widgets_hear_how_soon_an_answer_comes_as_a_rule(world: World) -> None:
    ann = world.client(ANN)
    for sub, wait in (("sue", 10), ("bob", 70), ("eve", 5000)):
        (chat,) = start(world, sub)
        world.wait(wait)
        ann.gets(chat, saying())
        ann.gets(chat, ending())
    (unanswered,) = start(world, "ivy")
    ann.gets(unanswered, ending())
    assert world.room.first_reply is not None
    world.wait(MEASURE_S + 1)
    assert world.room.first_reply == 120


# Nothing is kept for nobody.


def test_a_desk_rests_only_when_there_is_nothing_to_count(world: World) -> None:
    (chat,) = start(world, "sue")
    world.let_rest()
    assert len(world.desks) == 1
    world.client(ANN).gets(chat, assigning("ann"))
    world.client(ANN).gets(chat, snoozing())
    world.client(ANN).gets(chat, waking())
    world.let_rest()
    assert len(world.desks) == 1
    world.client(ANN).gets(chat, ending())
    world.let_rest()
    assert len(world.desks) == 0


def test_messages_in_a_ticket_that_is_somebodys_are_no_news(world: World) -> None:
    come(world, "ann")
    (chat,) = start(world, "sue")
    news: list[object] = []
    world.room.place = lambda _site, place: news.append(place)
    sue, ann = world.client(Person("shopper:sue")), world.client(ANN)
    for _ in range(5):
        sue.gets(chat, saying())
        ann.gets(chat, saying())
    assert news == []
