"""Laws of one chat as pure values: whatever is asked of it, in whatever order."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from actors import codec
from actors.chat.commands import AnyCommand, Tick, WriteCursors
from actors.chat.cursors import Moving
from actors.chat.events import (
    AnyBody,
    Assigned,
    CheckedIn,
    Closed,
    ControlChanged,
    Event,
    Got,
    Identified,
    Legal,
    Noted,
    OfferChanged,
    Opened,
    Picked,
    Rated,
    Read,
    Said,
    StatusChanged,
    Tagged,
)
from actors.chat.limits import CHAT_EVENTS, RESERVED
from actors.chat.outcomes import Moved, Repeated
from actors.chat.rules import decide, next_deadline
from actors.chat.state import ChatState, evolve
from actors.chat.ticket import SOONEST
from actors.ids import BOT, SYSTEM, Millis, Person, Seq
from actors.refusals import Refused
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
from storage.records import Record
from tests.actors.scene import (
    ANN,
    BEN,
    NOON,
    SHOPPER,
    SITE,
    STRANGER,
    Ask,
    answering,
    assigning,
    blocking,
    ending,
    getting,
    noting,
    rating,
    reading,
    releasing,
    requeuing,
    routing,
    saying,
    snoozing,
    starting,
    tagging,
    taking,
    transferring,
    waking,
)
from tests.laws.history import MAY_FOLLOW_THE_END

pytestmark = pytest.mark.slow

PEOPLE = st.sampled_from([SHOPPER, SHOPPER, ANN, ANN, BEN, STRANGER, BOT, SYSTEM])
TAGS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2).map(tuple)
TEXTS = st.sampled_from(["hello", "", "👋", "a\0", "x" * 9000])
SEQS = st.integers(0, 30)
TEAMS = st.sampled_from([UNSET, None, "sales"])
AHEAD = st.sampled_from([None, SOONEST, SOONEST * 10, 0])


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    """Return any command."""
    whichever: list[Ask] = [
        starting(draw(TEXTS)),
        saying(draw(TEXTS), hold=draw(st.booleans())),
        saying(if_head=draw(SEQS)),
        noting(draw(TEXTS)),
        waking(),
        assigning(draw(st.sampled_from([None, "ann", "ben"]))),
        routing(draw(st.sampled_from(["ann", "ben"]))),
        requeuing(draw(st.sampled_from(["ann", "ben"])), draw(TEAMS)),
        reading(draw(SEQS)),
        getting(draw(SEQS)),
        rating(draw(st.integers(0, 6)), draw(TEXTS)),
        blocking() if draw(st.integers(0, 19)) == 0 else answering(yes=False),
        answering(yes=draw(st.booleans())),
        transferring(
            draw(st.sampled_from([None, "ann", "ben"])),
            draw(st.sampled_from([None, "look"])),
            team=draw(TEAMS),
            accept=draw(st.booleans()),
        ),
        tagging(*draw(TAGS), remove=draw(TAGS)),
        taking(),
        releasing(),
        WriteCursors,
        Tick,
    ]
    ahead = draw(AHEAD)
    until = None if ahead is None else Millis(NOON + ahead)
    whichever.append(snoozing(until))
    # Seldom, or most histories would be short.
    if draw(st.integers(0, 9)) == 0:
        whichever = [ending()]
    return draw(st.sampled_from(whichever))


class Given(msgspec.Struct):
    """A command as it came."""

    by: Person
    what: Ask
    id: str
    after: int
    """Seconds since the one before."""


HISTORIES = st.lists(
    st.builds(
        Given,
        by=PEOPLE,
        what=asks(),
        id=st.sampled_from(["", *"abcdefgh"]),
        after=st.sampled_from([0, 0, 1, 70, 190, 400]),
    ),
    max_size=60,
)
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


class History:
    """What came of a list of commands, checked step by step."""

    def __init__(self) -> None:
        self.state = ChatState()
        self.moving: Moving = {}
        self.now = NOON
        self.records: list[Record] = []
        self.events: list[Event] = []

    def live(self, history: list[Given]) -> "History":
        for given_ in history:
            self.now = Millis(self.now + given_.after * 1000)
            by = SYSTEM if given_.what in (Tick, WriteCursors) else given_.by
            id_ = "" if by == SYSTEM else given_.id
            self.give(given_.what(id_, by, SITE, self.now))
        return self

    def give(self, command: AnyCommand) -> None:
        before = msgspec.msgpack.encode(self.state)
        moving = msgspec.msgpack.encode(self.moving)
        outcome = decide(self.state, command, RULES, self.moving)
        assert msgspec.msgpack.encode(self.state) == before, "decide changes nothing"
        if not isinstance(outcome, Moved | tuple) and type(command) is not WriteCursors:
            assert msgspec.msgpack.encode(self.moving) == moving
        if isinstance(outcome, tuple):
            self.happen(outcome, command)

    def happen(self, events: tuple[Event, ...], command: AnyCommand) -> None:
        assert events, "events are never none"
        own = [event for event in events if event.id]
        # One event stands for the command, and the answer for that.
        assert [event.id for event in own] == ([command.id] if command.id else [])
        for event in events:
            prev = self.state.shopper_seq
            evolve(self.state, event)
            self.records.append(codec.to_record(event, self.state.seq, prev))
            self.events.append(event)
        if command.id:
            again = decide(self.state, command, RULES, self.moving)
            seq = self.state.seen[command.by][command.id]
            assert again == Repeated(seq)


@given(HISTORIES)
def test_the_journal_folds_to_the_state_that_was_lived(history: list[Given]) -> None:
    lived = History().live(history)
    assert [record.seq for record in lived.records] == [*range(1, lived.state.seq + 1)]
    folded = codec.fold(ChatState(), lived.records)
    assert folded == lived.state
    assert codec.state_hash(folded) == codec.state_hash(lived.state)
    for cut in range(0, len(lived.records), 7):
        half = codec.fold(ChatState(), lived.records[:cut])
        kept = codec.from_snapshot(codec.to_snapshot(1, half, lived.now))
        assert codec.fold(kept, lived.records[cut:]) == lived.state


@given(HISTORIES)
def test_what_happened_obeys_the_protocol(history: list[Given]) -> None:
    lived = History().live(history)
    kinds = [record.kind for record in lived.records]
    if "closed" in kinds:
        assert set(kinds[kinds.index("closed") + 1 :]) <= MAY_FOLLOW_THE_END
    bodies = [event.body for event in lived.events]
    welcomes = [b for b in bodies if isinstance(b, Said) and b.auto == "welcome"]
    assert len(welcomes) <= 1
    assignee: str | None = None
    status = "open"
    control = "humans"
    tags: set[str] = set()
    for event in lived.events:
        body = event.body
        if isinstance(body, Said) and body.auto == "bot":
            assert control == "bot", "who has no control is not heard"
        if isinstance(body, Opened):
            control = body.control
        if isinstance(body, ControlChanged):
            assert body.origin == control != body.to
            control = body.to
        elif isinstance(body, Tagged):
            assert tags.isdisjoint(body.add)
            assert tags.issuperset(body.remove)
            tags = tags - {*body.remove} | {*body.add}
        elif isinstance(body, Assigned):
            assert body.origin == assignee
            assert body.to != assignee or body.team is not UNSET
            assignee = body.to
        elif isinstance(body, StatusChanged):
            assert body.origin == status != "closed"
            assert (status, body.to) != ("open", "open")
            status = body.to
    read: dict[str, int] = {}
    got: dict[str, int] = {}
    for seq, body in enumerate(bodies, 1):
        if isinstance(body, Read | Got):
            assert body.upto < seq
            assert body.upto > (read if type(body) is Read else got).get(body.who, 0)
            got[body.who] = max(got.get(body.who, 0), body.upto)
            if type(body) is Read:
                read[body.who] = body.upto
        assert all(read[who] <= got[who] for who in read)


@given(HISTORIES)
def test_a_tick_does_what_is_due_and_then_nothing_is(history: list[Given]) -> None:
    lived = History().live(history)
    due = next_deadline(lived.state, RULES)
    for _ in range(5):
        before = len(lived.events)
        lived.give(Tick("", SYSTEM, SITE, lived.now))
        ticked = len(lived.events) > before
        assert ticked == (due is not None and due <= lived.now)
        due = next_deadline(lived.state, RULES)
        # A ticket that woke by its alarm may find a check-in due at once; behind the
        # end of an offer anything may be.
        last = lived.events[-1].body.kind if lived.events else ""
        assert due is None or due > lived.now or last in {"status", "transfer"}


@given(HISTORIES)
def test_a_full_chat_takes_only_what_must_always_fit(history: list[Given]) -> None:
    lived = History()
    lived.give(starting()("", SHOPPER, SITE, NOON))
    lived.state.seq = Seq(CHAT_EVENTS - RESERVED)
    before = len(lived.records)
    lived.live(history)
    new = [record.kind for record in lived.records[before:]]
    assert len(new) <= RESERVED
    assert set(new) <= {"closed", "rated"}


BODIES: st.SearchStrategy[AnyBody] = st.one_of(
    st.builds(Said, st.just("hi"), auto=st.sampled_from([None, "checkin", "bot"])),
    st.builds(Said, st.just("hi"), hold=st.booleans()),
    st.builds(Opened, *(st.just(x) for x in ("c", "s", "p", "chat"))),
    st.builds(Legal, st.just(1), ack=st.booleans()),
    st.just(Identified(Person("anon:1"), Person("shopper:2"))),
    st.just(Picked("f1", "Where?", "Here.")),
    st.builds(Noted, st.just("psst")),
    st.builds(Read, PEOPLE, SEQS.map(Seq)),
    st.builds(Got, PEOPLE, SEQS.map(Seq)),
    st.builds(
        StatusChanged,
        st.sampled_from(["open", "snoozed", "closed"]),
        st.sampled_from(["open", "snoozed", "closed"]),
    ),
    st.builds(Closed, st.sampled_from(["agent", "idle"])),
    st.builds(
        Assigned,
        st.none(),
        st.sampled_from([None, "ann"]),
        st.sampled_from(["reply", "manual"]),
    ),
    st.builds(Tagged, TAGS, TAGS),
    st.builds(Rated, st.integers(1, 5)),
    st.builds(
        OfferChanged,
        st.just("ann"),
        st.just("ben"),
        st.sampled_from(["offered", "expired"]),
        st.sampled_from([None, NOON]),
    ),
    st.builds(
        ControlChanged,
        st.just("humans"),
        st.sampled_from(["bot", "humans", "external", "none"]),
        st.just("taken"),
    ),
    st.builds(
        CheckedIn, st.sampled_from(["due", "missed"]), st.integers(0, 20), st.just(NOON)
    ),
)
EVENTS = st.lists(
    st.builds(
        Event,
        by=st.sampled_from([SHOPPER, ANN, BOT, SYSTEM]),
        at=st.integers(NOON, NOON + 10**7).map(Millis),
        body=BODIES,
        id=st.sampled_from(["", "a", "b"]),
    ),
    max_size=30,
)


@given(EVENTS)
def test_whatever_happened_a_state_comes_of_it(events: list[Event]) -> None:
    """Even what no rule would allow: the event already happened."""
    state = ChatState()
    for event in events:
        evolve(state, event)
    assert state.seq == len(events)
    assert codec.from_snapshot(codec.to_snapshot(1, state, NOON)) == state
    decide(state, saying()("x", ANN, SITE, NOON), RULES, {})
    next_deadline(state, RULES)


@given(HISTORIES)
def test_a_refusal_says_why_in_a_word_of_the_protocol(history: list[Given]) -> None:
    lived = History()
    for given_ in history:
        command = given_.what(given_.id, given_.by, SITE, lived.now)
        outcome = decide(lived.state, command, RULES, lived.moving)
        if isinstance(outcome, Refused):
            assert outcome.newer == ()
            msgspec.msgpack.encode(outcome)
        lived.give(command)
