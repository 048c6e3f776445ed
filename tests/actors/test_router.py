"""Who gets which ticket (F25), and what becomes of those of one who left (F28)."""

from msgspec import UNSET
from msgspec.structs import replace

from actors.agent.commands import Presence
from actors.desk import router
from actors.desk.line import APART, Line
from actors.desk.places import Place
from actors.desk.router import AFTER_START, PATIENCE, RETRY, Ask, Give, Router, TakeBack
from actors.ids import AgentId, ChatId, Millis
from actors.settings.assignment import AssignmentSettings, Team

ANN, BEN, CID = AgentId("ann"), AgentId("ben"), AgentId("cid")
SALES = Team("sales", "Sales", ("ben",))
ROUND = AssignmentSettings(routing="round_robin", max_chats=2, teams=(SALES,))
GRACE = 60_000


class Desk:
    """A router, its clock, and its tickets as they are committed."""

    def __init__(self, settings: AssignmentSettings = ROUND) -> None:
        self.router = Router()
        self.now = Millis(0)
        router.adopt(self.router, settings)

    def come(self, *agents: AgentId, presence: Presence = "online") -> None:
        for agent in agents:
            router.see(self.router, agent, presence, self.now)

    def go(self, agent: AgentId) -> None:
        router.see(self.router, agent, "offline", self.now)

    def put(self, chat: str, **fields: object) -> bool:
        known = self.router.ledger.places.get(ChatId(chat))
        fresh = Place(ChatId(chat), "open", "humans", None, None, self.now, self.now)
        where = replace(known or fresh, **fields)
        return router.place(self.router, where, self.now)

    def wait(self, span: int) -> None:
        self.now = Millis(self.now + span)

    def asks(self) -> list[Ask]:
        return router.decide(self.router, self.now)

    def given(self) -> list[tuple[str, str]]:
        """Have everything done that is asked for now; return what was given to whom."""
        given: list[tuple[str, str]] = []
        for wanted in self.asks():
            if isinstance(wanted, Give):
                given.append((wanted.chat, wanted.to))
                self.put(wanted.chat, assignee=wanted.to, since=None)
            else:
                team = wanted.team
                known = self.router.ledger.places[wanted.chat]
                into = known.team if team is UNSET else team
                self.put(wanted.chat, assignee=None, team=into, since=self.now)
        return given


def test_nothing_is_given_unless_the_site_wants_it() -> None:
    desk = Desk(AssignmentSettings())
    desk.come(ANN)
    desk.put("a")
    assert desk.asks() == []
    router.adopt(desk.router, ROUND)
    assert desk.given() == [("a", "ann")]


def test_who_has_least_is_next_and_of_those_who_waited_longest() -> None:
    desk = Desk()
    desk.come(ANN, BEN, CID)
    for chat in "abcdef":
        desk.put(chat)
        desk.given()
    held = {agent: desk.router.ledger.held_by(agent) for agent in (ANN, BEN, CID)}
    assert held == {"ann": {"a", "d"}, "ben": {"b", "e"}, "cid": {"c", "f"}}
    desk.put("e", status="closed")
    desk.put("a", status="closed")
    desk.put("g")
    assert desk.given() == [("g", "ann")]


def test_nobody_gets_more_than_there_is_room_for() -> None:
    desk = Desk()
    desk.come(ANN)
    for chat in "abc":
        desk.put(chat)
    assert desk.given() == [("a", "ann"), ("b", "ann")]
    assert desk.given() == []
    desk.put("b", status="closed")
    assert desk.given() == [("c", "ann")]


def test_everything_that_frees_a_place_is_noticed() -> None:
    for freed in (
        {"status": "closed"},
        {"status": "snoozed"},
        {"assignee": None, "team": "sales"},
        {"assignee": CID},
        {"control": "bot"},
    ):
        desk = Desk(replace(ROUND, max_chats=1))
        desk.come(ANN)
        desk.put("a")
        desk.put("b")
        assert desk.given() == [("a", "ann")]
        desk.put("a", **freed)
        assert desk.given() == [("b", "ann")]
    desk = Desk(replace(ROUND, max_chats=1))
    for chat in "abc":
        desk.put(chat)
    desk.come(ANN)
    assert desk.given() == [("a", "ann")]
    router.adopt(desk.router, ROUND)
    assert desk.given() == [("b", "ann")]


def test_the_oldest_is_first_and_who_waits_for_no_answer_is_last() -> None:
    desk = Desk()
    desk.put("a", since=None)
    desk.wait(10)
    desk.put("b")
    desk.put("c", since=Millis(5))
    desk.come(ANN, BEN)
    assert [chat for chat, _ in desk.given()] == ["c", "b", "a"]


def test_neither_who_is_away_nor_who_is_offline_gets_any() -> None:
    desk = Desk()
    desk.put("a")
    desk.come(ANN, presence="away")
    desk.go(BEN)
    assert desk.given() == []
    desk.come(ANN)
    assert desk.given() == [("a", "ann")]


def test_a_teams_tickets_wait_for_the_team() -> None:
    desk = Desk()
    desk.come(ANN)
    desk.put("a", team="sales")
    desk.put("b")
    assert desk.given() == [("b", "ann")]
    desk.come(BEN)
    assert desk.given() == [("a", "ben")]


def test_a_team_that_is_no_more_is_everybody() -> None:
    desk = Desk()
    desk.come(ANN)
    desk.put("a", team="gone")
    assert desk.given() == [("a", "ann")]


def test_what_is_under_way_is_not_asked_for_twice_and_fills_its_place() -> None:
    desk = Desk(replace(ROUND, max_chats=1))
    desk.come(ANN)
    desk.put("a")
    desk.put("b")
    (asked,) = desk.asks()
    assert isinstance(asked, Give)
    assert asked.chat == "a"
    assert (desk.asks(), desk.router.load(ANN)) == ([], 1)
    # The shopper's end was first: the place goes to the next.
    desk.put("a", status="closed")
    assert desk.asks() == []
    router.decline(desk.router, asked.chat, asked.number, desk.now)
    assert desk.given() == [("b", "ann")]


def test_what_cannot_be_given_away_is_tried_again_later() -> None:
    desk = Desk()
    desk.come(ANN)
    desk.put("a")
    (asked,) = desk.asks()
    router.decline(desk.router, asked.chat, asked.number, desk.now)
    assert desk.asks() == []
    assert router.next_deadline(desk.router) == RETRY
    desk.wait(RETRY)
    assert desk.given() == [("a", "ann")]


def test_an_answer_that_never_comes_is_not_waited_for_for_ever() -> None:
    desk = Desk()
    desk.come(ANN)
    desk.put("a")
    (asked,) = desk.asks()
    desk.wait(PATIENCE)
    assert desk.given() == [("a", "ann")]
    router.decline(desk.router, asked.chat, asked.number, desk.now)
    assert desk.router.load(ANN) == 1


def test_an_own_reply_may_exceed_what_there_is_room_for_and_is_flagged() -> None:
    desk = Desk(replace(ROUND, max_chats=1))
    desk.come(ANN)
    assert not desk.put("a", assignee=ANN)
    desk.put("b")
    assert desk.put("b", assignee=ANN)
    assert not desk.put("b", assignee=ANN, status="snoozed")
    desk.put("a", status="closed")
    assert desk.router.load(ANN) == 0


def test_the_router_flags_nothing_that_it_gave_itself() -> None:
    desk = Desk(replace(ROUND, max_chats=1))
    desk.come(ANN)
    desk.put("a")
    (asked,) = desk.asks()
    router.adopt(desk.router, replace(ROUND, max_chats=1))
    desk.put("b", assignee=ANN)
    assert not desk.put("a", assignee=ANN)
    assert isinstance(asked, Give)


def test_a_ticket_that_came_back_prefers_the_agent_it_had_for_a_while() -> None:
    for after, gets in ((0, "ben"), (30_000, "ann")):
        desk = Desk(replace(ROUND, prefer_recent_s=30))
        desk.come(ANN, BEN)
        desk.put("a", assignee=BEN)
        desk.put("b", assignee=BEN)
        desk.put("a", assignee=None)
        desk.wait(after)
        assert desk.given() == [("a", gets)]


# Leaving.


def left(settings: AssignmentSettings = ROUND) -> Desk:
    """A desk whose only agent has a ticket and has just gone."""
    desk = Desk(settings)
    desk.come(ANN)
    desk.put("a", assignee=ANN)
    desk.go(ANN)
    return desk


def test_the_tickets_of_one_who_left_wait_again_after_a_grace() -> None:
    desk = left()
    assert router.next_deadline(desk.router) == GRACE
    desk.wait(GRACE - 1)
    assert desk.asks() == []
    desk.wait(1)
    (asked,) = desk.asks()
    assert asked == TakeBack(asked.number, ChatId("a"), ANN)


def test_who_is_back_in_time_has_never_been_away() -> None:
    desk = left()
    desk.wait(GRACE - 1)
    desk.come(ANN)
    desk.wait(GRACE)
    assert desk.asks() == []
    assert router.next_deadline(desk.router) is None


def test_others_get_the_tickets_of_one_who_left() -> None:
    desk = left()
    desk.come(BEN)
    desk.wait(GRACE)
    assert desk.given() == []
    assert desk.given() == [("a", "ben")]


def test_a_site_may_keep_them() -> None:
    desk = left(replace(ROUND, on_leave="keep"))
    desk.wait(GRACE * 10)
    assert desk.asks() == []
    # Until it changes its mind.
    router.adopt(desk.router, ROUND)
    assert len(desk.asks()) == 1


def test_a_site_may_send_them_to_the_agents_team() -> None:
    settings = replace(ROUND, on_leave="to_team")
    desk = Desk(settings)
    for agent in (ANN, BEN):
        desk.come(agent)
        desk.put(agent, assignee=agent)
        desk.go(agent)
    desk.wait(GRACE)
    asks = {a.chat: a.team for a in desk.asks() if isinstance(a, TakeBack)}
    assert asks == {"ann": UNSET, "ben": "sales"}


def test_tickets_are_taken_back_by_hand_routing_too() -> None:
    desk = left(AssignmentSettings())
    desk.wait(GRACE)
    assert len(desk.asks()) == 1


def test_what_is_forced_upon_one_who_is_not_there_stays() -> None:
    desk = left()
    desk.put("b")
    desk.put("b", assignee=ANN)
    desk.wait(GRACE)
    assert [asked.chat for asked in desk.asks()] == ["a"]
    # Until they have been there.
    desk.come(ANN)
    desk.go(ANN)
    desk.wait(GRACE)
    assert "b" in [asked.chat for asked in desk.asks()]


def test_a_snoozed_ticket_that_wakes_is_not_left_with_one_who_left() -> None:
    desk = left()
    desk.put("a", status="snoozed")
    desk.wait(GRACE * 100)
    assert desk.asks() == []
    desk.put("a", status="open")
    desk.wait(GRACE)
    assert [asked.chat for asked in desk.asks()] == ["a"]


def test_after_a_start_nobody_has_left_for_a_minute() -> None:
    for grace, leaves in ((1, AFTER_START), (600, 600_000)):
        desk = Desk(replace(ROUND, leave_grace_s=grace))
        held = Place(ChatId("a"), "open", "humans", ANN, None, None, desk.now)
        desk.router.ledger.put(held)
        router.begin(desk.router, desk.now)
        desk.wait(leaves - 1)
        assert desk.asks() == []
        desk.wait(1)
        assert len(desk.asks()) == 1


# What those who wait are told.


def test_as_many_may_wait_as_the_site_says() -> None:
    desk = Desk(replace(ROUND, queue_limit=2))
    desk.put("a")
    assert not desk.router.crowded
    desk.put("b", team="sales")
    assert desk.router.crowded
    desk.put("a", status="closed")
    assert not desk.router.crowded


def test_a_position_is_told_when_it_changes_and_not_too_often() -> None:
    desk, line = Desk(), Line()
    line.watch(on=True)
    for chat in "abc":
        desk.put(chat)
    assert line.due(desk.now)
    assert line.take(desk.router.ledger, desk.now) == {"a": 1, "b": 2, "c": 3}
    desk.put("a", assignee=ANN)
    line.move()
    assert not line.due(desk.now)
    assert line.next_look(desk.now) == APART
    desk.wait(APART)
    assert line.take(desk.router.ledger, desk.now) == {"a": 0, "b": 1, "c": 2}
    assert line.next_look(desk.now) is None
    # One who has just come hears it once more.
    line.forget(ChatId("b"))
    desk.wait(APART)
    assert line.take(desk.router.ledger, desk.now) == {"b": 1}


def test_who_was_served_while_away_is_told_when_they_come_back() -> None:
    desk, line = Desk(), Line()
    line.watch(on=True)
    desk.put("a")
    assert line.take(desk.router.ledger, desk.now) == {"a": 1}
    desk.put("a", assignee=ANN)
    # This is told while nobody is there to hear it.
    assert line.take(desk.router.ledger, desk.now) == {"a": 0}
    line.forget(ChatId("a"))
    assert line.take(desk.router.ledger, desk.now) == {"a": 0}


def test_nobody_is_told_where_the_site_does_not_want_it() -> None:
    desk, line = Desk(), Line()
    desk.put("a")
    line.move()
    assert not line.due(desk.now)
    line.watch(on=True)
    assert line.take(desk.router.ledger, desk.now) == {"a": 1}
    line.watch(on=False)
    assert line.next_look(desk.now) is None


def test_who_has_ended_the_chat_is_not_told_that_they_are_served() -> None:
    desk, line = Desk(), Line()
    line.watch(on=True)
    desk.put("a")
    line.take(desk.router.ledger, desk.now)
    desk.put("a", status="closed")
    assert line.take(desk.router.ledger, desk.now) == {}
