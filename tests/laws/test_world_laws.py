"""Anything, in any order, by anybody, with faults: and the laws still hold.

Shoppers and agents talk through the real actors to a real journal. Between their
requests come faults, restarts, kills, the passing of time, and every order in which the
loop may hear from the disk.
"""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from actors.cells.ports import Accepted
from actors.chat.ticket import SOONEST
from actors.ids import ChatId, Millis
from actors.settings.ai import AiSettings
from actors.settings.attention import (
    CheckInSettings,
    IdleSettings,
    SlaPolicy,
    SlaSettings,
)
from actors.settings.document import Settings
from actors.settings.hours import HoursSettings
from actors.settings.rules import Rules
from tests.actors.client import Client
from tests.actors.faults import bug_in_decide
from tests.actors.scene import (
    ANN,
    BEN,
    Ask,
    answering,
    assigning,
    ending,
    getting,
    noting,
    rating,
    reading,
    releasing,
    saying,
    snoozing,
    tagging,
    taking,
    transferring,
    waking,
)
from tests.actors.world import World
from tests.faults.disk import poisoned_text
from tests.laws.history import chats, check
from tests.long import times

pytestmark = pytest.mark.slow

CLIENTS = st.integers(0, 6)
CHATS = st.sampled_from([0, 0, 0, 0, 1, 1, 1, 2, 3])
IDS = st.sampled_from([None, None, None, *"abcd"])
TEXTS = st.sampled_from([*["hello"] * 8, "👋 hi", "", "poison", "bug"])
SEQS = st.integers(0, 12)

RULES = Rules(
    1,
    Settings(
        check_in=CheckInSettings(auto_s=270),
        idle=IdleSettings(9, 3),
        ai=AiSettings(enabled=True),
        hours=HoursSettings(auto_reply="Later.", when_no_agents=True, quiet_s=60),
        sla=SlaSettings((SlaPolicy("basic", 60, 120, 600),)),
    ),
    staffed=False,
)


class WorldLaw(RuleBasedStateMachine):
    """Two shoppers with two tabs each, two agents, one of them at two desks."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(tempfile.mkdtemp(prefix="shopwire-law-"))
        self.stack.callback(shutil.rmtree, folder)
        self.world = World(folder)
        self.stack.enter_context(bug_in_decide("bug"))
        self.stack.enter_context(poisoned_text(self.world.path, "poison"))
        self.world.rules = RULES
        self.shoppers: list[Client] = []
        self.agents: list[Client] = []
        self.arrive()
        for tab in (0, 2):
            self.start(tab, "hello", None)
        self.world.turn()
        for client in [*self.shoppers, *self.agents]:
            for chat in chats(self.world):
                client.join(chat)

    def arrive(self) -> None:
        """Connect everybody, after a start of the process."""
        old = [*self.shoppers, *self.agents]
        for client in old:
            for chat in list(client.places):
                client.leave(chat)
        self.world.turn()
        if not old:
            self.shoppers = [self.world.client() for _ in range(4)]
            self.agents = [self.world.client(who) for who in (ANN, BEN, ANN)]
        for number, client in enumerate(self.shoppers):
            client.arrive("sue" if number < 2 else "bob")

    def pick(self, number: int) -> Client:
        return [*self.shoppers, *self.agents][number]

    def chat(self, number: int) -> ChatId:
        """Return one of the newest chats that anybody has heard of; or none that is."""
        heard = {
            answer.chat
            for client in [*self.shoppers, *self.agents]
            for answers in client.answers.values()
            for answer in answers
            if isinstance(answer, Accepted) and answer.chat
        }
        newest = sorted(heard, reverse=True)
        return newest[number] if number < len(newest) else ChatId("0" * 26)

    def know(self, chat: int) -> ChatId:
        """Return one that is."""
        return self.chat(chat % 2)

    # What people do.

    @rule(tab=st.integers(0, 3), text=TEXTS, id_=IDS)
    def start(self, tab: int, text: str, id_: str | None) -> None:
        client = self.shoppers[tab]
        sub = "sue" if tab < 2 else "bob"
        client._ids += 1
        client.begin(text, id_ or f"start-{client.number}-{client._ids}", sub=sub)

    def give(self, who: int, chat: int, what: Ask, id_: str | None = None) -> None:
        self.pick(who).do(self.chat(chat), what, id_)

    @rule(who=CLIENTS, chat=CHATS, text=TEXTS, id_=IDS, hold=st.booleans())
    def say(
        self, who: int, chat: int, text: str, id_: str | None, *, hold: bool
    ) -> None:
        self.give(who, chat, saying(text, hold=hold), id_)

    @rule(who=st.integers(4, 6), chat=CHATS, seen=SEQS)
    def reply_with_a_guard(self, who: int, chat: int, seen: int) -> None:
        self.give(who, chat, saying("guarded", if_head=seen))

    @rule(who=st.integers(4, 6), chat=CHATS, id_=IDS)
    def note(self, who: int, chat: int, id_: str | None) -> None:
        self.give(who, chat, noting("SECRET"), id_)

    @rule(who=CLIENTS, chat=CHATS, seq=SEQS)
    def read(self, who: int, chat: int, seq: int) -> None:
        self.give(who, chat, reading(seq))

    @rule(who=CLIENTS, chat=CHATS, seq=SEQS)
    def get(self, who: int, chat: int, seq: int) -> None:
        self.give(who, chat, getting(seq))

    @rule(who=st.integers(4, 6), chat=CHATS, ahead=st.sampled_from([None, 0, 1, 5]))
    def snooze(self, who: int, chat: int, ahead: int | None) -> None:
        until = None if ahead is None else Millis(self.world.now + ahead * SOONEST)
        self.give(who, chat, snoozing(until))

    @rule(who=st.integers(4, 6), chat=CHATS)
    def wake(self, who: int, chat: int) -> None:
        self.give(who, chat, waking())

    @rule(who=st.integers(4, 6), chat=CHATS, to=st.sampled_from([None, "ann", "ben"]))
    def assign(self, who: int, chat: int, to: str | None) -> None:
        self.give(who, chat, assigning(to))

    @rule(who=st.integers(4, 6), chat=CHATS, id_=IDS, off=st.booleans())
    def tag(self, who: int, chat: int, id_: str | None, *, off: bool) -> None:
        self.give(
            who, chat, tagging(*() if off else "ab", remove=tuple("c" * off)), id_
        )

    @rule(who=st.integers(4, 6), chat=CHATS, id_=IDS, take=st.booleans())
    def control(self, who: int, chat: int, id_: str | None, *, take: bool) -> None:
        self.give(who, chat, taking() if take else releasing(), id_)

    @rule(
        who=st.integers(4, 6),
        chat=CHATS,
        id_=IDS,
        to=st.sampled_from([None, "ann", "ben"]),
        accept=st.booleans(),
    )
    def transfer(
        self, who: int, chat: int, id_: str | None, to: str | None, *, accept: bool
    ) -> None:
        self.give(who, chat, transferring(to, "SECRET", accept=accept), id_)

    @rule(who=st.integers(4, 6), chat=CHATS, id_=IDS, yes=st.booleans())
    def answer(self, who: int, chat: int, id_: str | None, *, yes: bool) -> None:
        self.give(who, chat, answering(yes=yes), id_)

    @rule(who=CLIENTS, chat=CHATS, id_=IDS, score=st.integers(0, 6))
    def rate(self, who: int, chat: int, id_: str | None, score: int) -> None:
        self.give(who, chat, rating(score), id_)

    @rule(who=CLIENTS, chat=CHATS, sure=st.integers(0, 3))
    def end(self, who: int, chat: int, sure: int) -> None:
        if not sure:
            self.give(who, chat, ending())

    @rule(who=CLIENTS, chat=CHATS, on=st.booleans(), note=st.booleans())
    def type(self, who: int, chat: int, *, on: bool, note: bool) -> None:
        self.world.sign(self.chat(chat), self.pick(who).who, on=on, note=note)

    # Where they are.

    @rule(who=CLIENTS, chat=CHATS)
    def join(self, who: int, chat: int) -> None:
        self.pick(who).join(self.know(chat))

    @rule(who=CLIENTS, chat=CHATS)
    def leave(self, who: int, chat: int) -> None:
        self.pick(who).leave(self.chat(chat))

    @rule(who=CLIENTS, slow=st.booleans())
    def dawdle(self, who: int, *, slow: bool) -> None:
        client = self.pick(who)
        client.slow = slow
        for place in client.places.values():
            place.drain()

    @rule(who=CLIENTS, chat=CHATS, before=SEQS)
    def look_back(self, who: int, chat: int, before: int) -> None:
        self.pick(who).look_back(self.chat(chat), before, 5)

    # What the loop and the disk do.

    @rule(times=st.integers(1, 3))
    def turn(self, times: int) -> None:
        for _ in range(times):
            self.world.journal.settle()
            self.world.system.run()

    @rule()
    def run(self) -> None:
        self.world.system.run()

    @rule(writes=st.booleans(), reads=st.booleans())
    def hear(self, *, writes: bool, reads: bool) -> None:
        self.world.hear(writes=writes, reads=reads)

    @rule(most=st.sampled_from([1, 1, 2, 9]))
    def write(self, most: int) -> None:
        self.world.write(most)

    @rule(most=st.sampled_from([1, 9]))
    def read_some(self, most: int) -> None:
        self.world.read_some(most)

    @rule(seconds=st.sampled_from([0.1, 1, 5, 61, 200, 301, 2000]))
    def wait(self, seconds: float) -> None:
        self.world.wait(seconds)

    @rule()
    def rest(self) -> None:
        self.world.let_rest()

    @rule()
    def restart_a_chat(self) -> None:
        for cell in self.world.chats:
            cell.restart()

    @precondition(lambda self: self.world.system.mail)
    @rule(kill=st.booleans())
    def restart(self, *, kill: bool) -> None:
        self.world.system.run()
        self.world.restart(kill=kill)
        self.arrive()

    @rule()
    def look(self) -> None:
        self.calm()
        check(self.world)

    def calm(self) -> None:
        """Let everybody take what they are sent, and all backoffs pass."""
        self.world.turn()
        self.world.wait(8)
        for client in [*self.shoppers, *self.agents]:
            client.slow = False
            for _ in range(3):
                for place in list(client.places.values()):
                    place.drain()
                self.world.turn()

    def teardown(self) -> None:
        try:
            self.calm()
            check(self.world)
            for chat in chats(self.world):
                # Whoever comes now gets all of it.
                for who in (self.shoppers[0], self.agents[0]):
                    who.join(chat, 0)
            self.calm()
            check(self.world)
        finally:
            self.world.close()
            self.stack.close()


TestWorldLaw = WorldLaw.TestCase
WorldLaw.TestCase.settings = settings(
    max_examples=times(60, short=30),
    stateful_step_count=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
