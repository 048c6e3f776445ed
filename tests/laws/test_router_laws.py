"""Whatever happens in whatever order: the router counts right, and is fair (F25).

The tickets themselves live in a model here, which decides on requests as chats do and
commits in an order of its own; the router hears of it later, as it does of all else.
Invariants 10 and 11 of the specification, part 4.
"""

from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import UNSET
from msgspec.structs import replace

from actors.desk import router
from actors.desk.places import Place
from actors.desk.router import AFTER_START, PATIENCE, Ask, Give, Router
from actors.ids import AgentId, ChatId, Millis
from actors.settings.assignment import AssignmentSettings, Team
from tests.long import times

pytestmark = pytest.mark.slow

AGENTS = [AgentId(name) for name in ("ann", "ben", "cid")]
TEAMS = (Team("sales", "Sales", ("ann", "ben")), Team("empty", "Empty"))
SETTINGS = AssignmentSettings(routing="round_robin", max_chats=2, teams=TEAMS)
TICKETS = st.integers(0, 12)
WHO = st.sampled_from(AGENTS)
LATER = 2 * PATIENCE + AFTER_START + 3_600_000
"""Longer than anything the router may wait for."""


class RouterLaw(RuleBasedStateMachine):
    """Three agents, any number of tickets, requests and news under way."""

    by_hand = True
    """Whether people, too, do what may bring an agent beyond the limit."""

    def __init__(self) -> None:
        super().__init__()
        self.now = Millis(0)
        self.settings = SETTINGS
        self.tickets: dict[ChatId, Place] = {}
        self.news: deque[Callable[[], None]] = deque()
        """What the router has yet to hear, in order."""
        self.requests: list[Ask] = []
        self.born = 0
        self.presence = dict.fromkeys(AGENTS, "offline")
        self.start()

    def start(self) -> None:
        self.router = Router(number=self.born * 1000)
        router.adopt(self.router, self.settings)
        for ticket in self.tickets.values():
            self.router.ledger.put(ticket)
        router.begin(self.router, self.now)
        self.decide()

    # The world as it is.

    def commit(self, ticket: Place) -> None:
        chat = ticket.chat
        if ticket.status == "closed":
            del self.tickets[chat]
        else:
            self.tickets[chat] = ticket
        self.news.append(lambda: self.hear(ticket))

    def hear(self, ticket: Place) -> None:
        router.place(self.router, ticket, self.now)

    def pick(self, number: int) -> Place | None:
        chats = sorted(self.tickets)
        return self.tickets[chats[number % len(chats)]] if chats else None

    def decide(self) -> None:
        """Have the router decide, and look whether it was fair."""
        before = {agent: self.router.load(agent) for agent in AGENTS}
        for wanted in (asks := router.decide(self.router, self.now)):
            self.requests.append(wanted)
            if isinstance(wanted, Give):
                assert self.router.present.get(wanted.to) == "online"
                before[wanted.to] += 1
                assert before[wanted.to] <= self.settings.max_chats
                self.check_first(wanted, asks)

    def check_first(self, given: Give, asks: list[Ask]) -> None:
        """No older ticket of the same queue was passed over."""
        rank = self.router.ledger.places[given.chat].rank
        for older in self.router.ledger.queues[given.team]:
            if older < rank:
                assert older[2] in self.router.asked
        order = [a.chat for a in asks if isinstance(a, Give) and a.team == given.team]
        ranks = [self.router.ledger.places[chat].rank for chat in order]
        assert ranks == sorted(ranks)

    # What people do.

    @rule(team=st.sampled_from([None, None, "sales", "empty", "no more"]))
    def arrive(self, team: str | None) -> None:
        self.born += 1
        chat = ChatId(f"{self.born:03}")
        self.commit(Place(chat, "open", "humans", None, team, self.now, self.now))

    @rule(number=TICKETS, who=WHO)
    def reply(self, number: int, who: AgentId) -> None:
        ticket = self.pick(number)
        if ticket and self.by_hand:
            taken = replace(ticket, assignee=who, status="open", since=None)
            self.commit(taken)

    @rule(number=TICKETS, to=st.sampled_from([None, *AGENTS]))
    def assign(self, number: int, to: AgentId | None) -> None:
        ticket = self.pick(number)
        if ticket and (self.by_hand or to is None):
            self.commit(replace(ticket, assignee=to))

    @rule(number=TICKETS)
    def close(self, number: int) -> None:
        ticket = self.pick(number)
        if ticket:
            self.commit(replace(ticket, status="closed"))

    @rule(number=TICKETS)
    def snooze(self, number: int) -> None:
        ticket = self.pick(number)
        if ticket and ticket.status == "open":
            self.commit(replace(ticket, status="snoozed"))
        elif ticket and (self.by_hand or ticket.assignee is None):
            self.commit(replace(ticket, status="open"))

    @rule(number=TICKETS, control=st.sampled_from(["bot", "humans"]))
    def hand_off(self, number: int, control: str) -> None:
        ticket = self.pick(number)
        if ticket and (self.by_hand or ticket.assignee is None):
            self.commit(replace(ticket, control=control))

    @rule(number=TICKETS)
    def wait_for_an_answer(self, number: int) -> None:
        ticket = self.pick(number)
        if ticket and ticket.assignee is None:
            since = None if ticket.since is not None else self.now
            self.commit(replace(ticket, since=since))

    @rule(who=WHO, presence=st.sampled_from(["online", "online", "away", "offline"]))
    def see(self, who: AgentId, presence: str) -> None:
        if presence != self.presence[who]:
            self.presence[who] = presence
            self.news.append(lambda: self.hear_of(who, presence))

    def hear_of(self, who: AgentId, presence: str) -> None:
        assert presence in ("online", "away", "offline")
        router.see(self.router, who, presence, self.now)  # type: ignore[arg-type]  # narrowed by the line above

    @rule(room=st.integers(1, 4), leave=st.sampled_from(["keep", "requeue", "to_team"]))
    def save(self, room: int, leave: str) -> None:
        fewer = room < self.settings.max_chats
        if self.by_hand or not fewer:
            self.settings = replace(self.settings, max_chats=room, on_leave=leave)
            router.adopt(self.router, self.settings)
            self.decide()

    # What the machinery does.

    @precondition(lambda self: self.news)
    @rule(number=st.integers(1, 3))
    def tell(self, number: int) -> None:
        for _ in range(min(number, len(self.news))):
            self.news.popleft()()
            self.decide()

    @precondition(lambda self: self.requests)
    @rule(number=st.integers(0, 9), fails=st.sampled_from([False, False, True]))
    def answer(self, number: int, *, fails: bool) -> None:
        wanted = self.requests.pop(number % len(self.requests))
        ticket = self.tickets.get(wanted.chat)
        if ticket and not fails and ticket.counts and self.fits(wanted, ticket):
            if isinstance(wanted, Give):
                self.commit(replace(ticket, assignee=wanted.to, since=None))
            else:
                team = ticket.team if wanted.team is UNSET else wanted.team
                freed = replace(ticket, assignee=None, team=team, since=self.now)
                self.commit(freed)
        else:
            self.news.append(lambda: self.decline(wanted))

    @staticmethod
    def fits(wanted: Ask, ticket: Place) -> bool:
        if isinstance(wanted, Give):
            return ticket.assignee is None and ticket.team == wanted.team
        return ticket.assignee == wanted.agent

    def decline(self, wanted: Ask) -> None:
        router.decline(self.router, wanted.chat, wanted.number, self.now)

    @rule(span=st.sampled_from([1, 1000, 6000]))
    def wait(self, span: int) -> None:
        self.now = Millis(self.now + span)
        self.decide()

    @rule()
    def wait_long(self) -> None:
        """Let everything come true first: chats answer sooner than that."""
        self.settle()
        self.now = Millis(self.now + LATER)
        self.decide()

    @precondition(lambda self: not self.requests)
    @rule()
    def restart(self) -> None:
        self.news.clear()
        self.presence = dict.fromkeys(AGENTS, "offline")
        self.start()

    def settle(self) -> None:
        while self.news or self.requests:
            if self.news:
                self.tell(1)
            else:
                self.answer(0, fails=False)

    # What has to hold.

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        ledger = self.router.ledger
        held = {c for chats in ledger.held.values() for c in chats}
        waiting = {rank[2] for queue in ledger.queues.values() for rank in queue}
        assert not held & waiting
        assert held | waiting == {c for c, p in ledger.places.items() if p.counts}
        coming = {c for chats in self.router.coming.values() for c in chats}
        assert coming == {c for c, a in self.router.asked.items() if a.to}

    @invariant()
    def what_has_been_heard_is_a_recount(self) -> None:
        if not self.news:
            assert self.router.ledger.places == self.tickets
            for agent in AGENTS:
                mine = [t for t in self.tickets.values() if t.assignee == agent]
                open_ = {t.chat for t in mine if t.counts}
                assert self.router.ledger.held_by(agent) == open_

    @invariant()
    def nobody_has_too_many_by_the_routers_own_doing(self) -> None:
        if not self.by_hand:
            for agent in AGENTS:
                mine = [t for t in self.tickets.values() if t.assignee == agent]
                assert sum(t.counts for t in mine) <= self.settings.max_chats

    def teardown(self) -> None:
        self.settle()
        self.now = Millis(self.now + LATER)
        self.decide()
        self.settle()
        self.what_has_been_heard_is_a_recount()
        self.check_nobody_waits_in_vain()
        self.check_nobody_waits_for_one_who_left()

    def check_nobody_waits_in_vain(self) -> None:
        present = self.router.present
        free = [a for a in AGENTS if present.get(a) == "online"]
        free = [a for a in free if self.router.load(a) < self.settings.max_chats]
        for ticket in self.tickets.values():
            if ticket.waits:
                crew = self.router.crews.get(ticket.team or "")
                assert not [a for a in free if crew is None or a in crew]

    def check_nobody_waits_for_one_who_left(self) -> None:
        if self.settings.on_leave != "keep":
            for ticket in self.tickets.values():
                if ticket.counts and ticket.chat not in self.router.trusted:
                    who = ticket.assignee
                    assert who is None or who in self.router.present


class UndisturbedLaw(RouterLaw):
    """The same, but nobody takes a ticket except from the router."""

    by_hand = False


LAWS = settings(
    max_examples=times(200, short=80), stateful_step_count=60, deadline=None
)
TestRouterLaw = RouterLaw.TestCase
TestRouterLaw.settings = LAWS
TestUndisturbedLaw = UndisturbedLaw.TestCase
TestUndisturbedLaw.settings = LAWS
