"""The law of the client: what it shows is what the journal has, whatever happens."""

from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from actors.ids import AgentId, ChatId, Person, Seq
from broker.wire.client import ClientSession, Hail
from broker.wire.codec import JSON
from broker.wire.frames import (
    ChatEnd,
    ChatLeave,
    ChatOpen,
    ChatStart,
    Got,
    MsgSend,
    NoteAdd,
    Read,
    TicketAssign,
)
from broker.wire.happened import Answered, Refused, Resynced, Vanished
from broker.wire.heard import Event
from tests.long import times
from tests.wire.model import Broker

OTHER = Person("agent:other")
CHATS = [ChatId("a"), ChatId("b")]
CHAT = st.sampled_from(CHATS)


class Interleavings(RuleBasedStateMachine):
    """One client, one broker, and everything that may happen between them."""

    who = Person("shopper:p")

    def __init__(self) -> None:
        super().__init__()
        ids = count(1)
        self.broker = Broker(self.who)
        self.client = ClientSession(JSON, lambda: f"i{next(ids)}")
        self.view: dict[ChatId, list[Event]] = {}
        self.begun: dict[ChatId, Seq] = {}
        """After which seq a chat's view begins."""
        self.asked: dict[str, str] = {}
        """Texts by request, and in the end their fate."""
        self.answered: set[str] = set()
        self.refused: set[str] = set()
        self.restored = False
        for chat in CHATS:
            self.broker.write(chat, "opened", {"profile": "p"}, OTHER)
        self.reconnect()

    # What people do.

    @rule(chat=CHAT, kind=st.sampled_from(["msg", "note", "msg", "status"]))
    def somebody_else_writes(self, chat: ChatId, kind: str) -> None:
        known = [*self.broker.chats]
        if chat not in known:
            chat = known[0] if known else chat
        self.broker.write(chat, kind, {"text": f"n{len(known)}"}, OTHER)

    @rule(chat=CHAT, own=st.booleans())
    def the_person_writes(self, chat: ChatId, *, own: bool) -> None:
        started = [each for each in self.view if each not in CHATS]
        chat = started[-1] if own and started else chat
        id_ = self.client.new_id()
        self.asked[id_] = f"text of {id_}"
        if self.broker.agent and own:
            self.client.ask(NoteAdd(id_, chat, self.asked[id_]))
        else:
            self.client.ask(MsgSend(id_, chat, self.asked[id_]))

    @precondition(lambda self: not self.broker.agent)
    @rule()
    def the_person_starts_a_chat(self) -> None:
        id_ = self.client.new_id()
        self.asked[id_] = f"text of {id_}"
        self.client.ask(ChatStart(id_, self.asked[id_]))

    @precondition(lambda self: self.broker.agent)
    @rule(chat=CHAT)
    def the_agent_assigns(self, chat: ChatId) -> None:
        self.client.ask(TicketAssign(self.client.new_id(), chat, AgentId("x")))

    @rule(chat=CHAT, after=st.integers(0, 3))
    def the_person_opens(self, chat: ChatId, after: int) -> None:
        if chat not in self.client.positions:
            self.begun[chat] = Seq(after)
            self.view.setdefault(chat, [])
        self.client.ask(ChatOpen(self.client.new_id(), chat, Seq(after)))

    @rule(chat=CHAT)
    def the_person_leaves(self, chat: ChatId) -> None:
        self.client.ask(ChatLeave(self.client.new_id(), chat))
        self.view.pop(chat, None)
        self.begun.pop(chat, None)

    @rule(chat=CHAT, seq=st.integers(0, 9), read=st.booleans())
    def the_person_reads(self, chat: ChatId, seq: int, *, read: bool) -> None:
        cursor = Read if read else Got
        self.client.ask(cursor(self.client.new_id(), chat, Seq(seq)))

    @precondition(lambda self: len(self.asked) > 5)
    @rule(chat=CHAT)
    def the_person_ends(self, chat: ChatId) -> None:
        self.client.ask(ChatEnd(self.client.new_id(), chat))

    # What the broker and the network do.

    @rule(frames=st.integers(1, 5))
    def the_broker_takes(self, frames: int) -> None:
        self.carry()
        for _ in range(min(frames, len(self.broker.inbound))):
            self.broker.turn()

    @rule(data=st.data(), limit=st.integers(1, 4))
    def the_broker_sends(self, data: st.DataObject, limit: int) -> None:
        if self.broker.attached:
            chat = data.draw(st.sampled_from([*self.broker.attached]))
            self.broker.page(chat, limit)

    @rule(frames=st.integers(1, 8))
    def the_client_hears(self, frames: int) -> None:
        for _ in range(min(frames, len(self.broker.out))):
            self.hear(self.broker.out.popleft())

    @rule()
    def the_client_hears_all(self) -> None:
        self.the_client_hears(len(self.broker.out))

    @rule(data=st.data())
    def an_event_is_lost(self, data: st.DataObject) -> None:
        events = [out for out in self.broker.out if b'"t":"ev"' in out]
        if events:
            self.broker.out.remove(data.draw(st.sampled_from(events)))

    @rule(frames=st.integers(0, 3))
    def the_connection_is_cut(self, frames: int) -> None:
        self.the_broker_takes(frames or 1)
        self.reconnect()

    @rule(writes=st.integers(1, 2))
    def the_disk_is_full_for_a_while(self, writes: int) -> None:
        self.broker.unavailable += writes

    @rule()
    def the_client_tries_again(self) -> None:
        self.client.retry()

    @rule(full=st.booleans())
    def there_is_no_room_for_events(self, *, full: bool) -> None:
        self.client.full = full

    @precondition(lambda self: len(self.asked) > 3)
    @rule(keep=st.integers(0, 6))
    def a_back_up_is_restored(self, keep: int) -> None:
        self.broker.restore(keep)
        self.restored = True
        self.reconnect()

    # What must be.

    @invariant()
    def the_view_has_no_gap_and_nothing_twice(self) -> None:
        for chat, events in self.view.items():
            before = self.begun.get(chat, Seq(0))
            for event in events:
                assert event.seq > before
                before = event.seq

    def teardown(self) -> None:
        """Let everything settle; then the view must be the journal."""
        self.broker.unavailable = 0
        self.client.full = False
        for _ in range(3):
            self.settle()
            self.reconnect()
            self.settle()
        for chat in self.client.positions:
            begun = self.begun.get(chat, Seq(0))
            journal = [e for e in self.broker.visible(chat) if e.seq > begun]
            assert self.view[chat] == journal
        self.every_request_had_one_effect()

    def every_request_had_one_effect(self) -> None:
        written = [
            kept.id
            for chat in self.broker.chats.values()
            for kept in chat.events
            if kept.id in self.asked
        ]
        assert len(written) == len(set(written))
        assert self.answered | self.refused >= set(self.asked)
        if not self.restored:
            assert self.answered & set(self.asked) == set(written)

    # How.

    def reconnect(self) -> None:
        self.client.lost()
        self.broker.connect()
        self.client.hello(Hail("token"))

    def carry(self) -> None:
        self.broker.inbound.extend(self.client.sends())

    def settle(self) -> None:
        for _ in range(20):
            self.carry()
            while self.broker.inbound:
                self.broker.turn()
            for chat in self.broker.attached:
                self.broker.page(chat, 100)
            self.the_client_hears_all()
            self.client.retry()

    def hear(self, payload: bytes) -> None:
        for happened in self.client.receive(payload):
            match happened:
                case Event():
                    self.view.setdefault(happened.chat, []).append(happened)
                case Resynced(chat):
                    self.view[chat] = []
                    self.begun[chat] = Seq(0)
                case Vanished(chat):
                    self.view.pop(chat, None)
                    self.begun.pop(chat, None)
                case Answered():
                    self.answered.add(happened.id)
                case Refused():
                    self.refused.add(happened.id)
                case _:
                    pass


class AgentInterleavings(Interleavings):
    """An agent sees every kind of event."""

    who = Person("agent:ann")


SOME = settings(max_examples=40, stateful_step_count=30)
MANY = settings(max_examples=times(600, short=150), stateful_step_count=60)


def test_a_shopper_sees_the_journal_whatever_happens() -> None:
    run_state_machine_as_test(Interleavings, settings=SOME)


def test_an_agent_sees_the_journal_whatever_happens() -> None:
    run_state_machine_as_test(AgentInterleavings, settings=SOME)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [Interleavings, AgentInterleavings])
def test_the_law_holds_for_long(machine: type[Interleavings]) -> None:
    run_state_machine_as_test(machine, settings=MANY)
