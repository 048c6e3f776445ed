"""What has to hold of a world whatever was done in it, found out from its journal."""

from collections import defaultdict
from functools import partial

import msgspec

from actors import codec
from actors.cells import past
from actors.cells.ports import Accepted
from actors.chat.events import (
    Assigned,
    CheckedIn,
    Closed,
    ControlChanged,
    Event,
    Got,
    Opened,
    Read,
    Said,
    StatusChanged,
    seen_by_shopper,
)
from actors.chat.state import ChatState
from actors.ids import ChatId, Seq, stream_of
from storage import queries
from storage.records import TicketRow
from tests.actors.world import World

MAY_FOLLOW_THE_END = {"read", "got", "rated", "sms", "sla", "erased"}
LATE_S = 12
"""Seconds by which a check-in may come late here: a slot, a backoff, a full disk."""


def check(world: World) -> None:
    """Raise unless everything holds; the world has to be at rest."""
    for chat in chats(world):
        check_chat(world, chat)
    check_answers(world)
    check_clients(world)
    check_tickets(world)


def chats(world: World) -> list[ChatId]:
    """Return the chats that the journal has."""
    rows = world.read(lambda db: db.execute("SELECT chat FROM ticket").fetchall())
    return [ChatId(chat) for (chat,) in rows]


def check_chat(world: World, chat: ChatId) -> None:
    records, events = world.records(chat), world.events(chat)
    assert [record.seq for record in records] == [*range(1, len(records) + 1)]
    prev = 0
    for record, event in zip(records, events, strict=True):
        assert record.prev == prev
        prev = record.seq if seen_by_shopper(event.body) else prev
    by_id = [(record.by, record.id) for record in records if record.id]
    assert len(by_id) == len(set(by_id)), "the same id never makes a second event"
    check_states(world, chat)
    check_order_of_events(events)
    check_cursors(events)
    check_silences(world, events)


def check_states(world: World, chat: ChatId) -> None:
    """Replay of the journal == snapshot and tail == the live state (U3)."""
    stream = stream_of(chat)
    assert stream is not None
    folded = codec.fold(ChatState(), world.records(chat))
    found = world.read(partial(past.find, stream=stream, chat=chat))
    assert found.state == folded
    assert codec.state_hash(found.state) == codec.state_hash(folded)
    assert found.snapshot_seq <= folded.seq
    half = Seq(folded.seq // 2)
    then = world.read(partial(past.state_at, stream=stream, seq=half))
    assert then == codec.fold(ChatState(), world.records(chat)[:half])
    cell = world.chats.get(chat)
    if cell is not None and cell.held is None:
        assert cell.state == folded
        assert codec.state_hash(cell.state) == codec.state_hash(folded)


def check_order_of_events(events: list[Event]) -> None:
    kinds = [event.body.kind for event in events]
    assert kinds[:2] == ["opened", "legal"]
    assert kinds.count("opened") == 1
    assert kinds.count("closed") <= 1
    if "closed" in kinds:
        assert set(kinds[kinds.index("closed") + 1 :]) <= MAY_FOLLOW_THE_END
    bodies = [event.body for event in events]
    assert sum(isinstance(b, Said) and b.auto == "welcome" for b in bodies) <= 1
    assignee: str | None = None
    status, control = "open", first_control(events)
    for body in bodies:
        if isinstance(body, ControlChanged):
            assert body.origin == control, "control has one holder"
            control = body.to
            continue
        if isinstance(body, Assigned):
            assert body.origin == assignee, "at no moment two owners"
            assignee = body.to
        elif isinstance(body, StatusChanged):
            assert body.origin == status
            status = body.to


def first_control(events: list[Event]) -> str:
    opened = events[0].body
    assert isinstance(opened, Opened)
    return opened.control


def check_cursors(events: list[Event]) -> None:
    """0 <= read <= got <= head, and each only forward."""
    read: dict[str, int] = defaultdict(int)
    got: dict[str, int] = defaultdict(int)
    for seq, event in enumerate(events, 1):
        body = event.body
        if isinstance(body, Read):
            assert read[body.who] < body.upto < seq
            read[body.who] = body.upto
            got[body.who] = max(got[body.who], body.upto)
        elif isinstance(body, Got):
            assert got[body.who] < body.upto < seq
            got[body.who] = body.upto


class Silence:
    """One wait of a shopper, measured by hand: from the events alone."""

    def __init__(self, at: int, *, paused: bool) -> None:
        self.counted = 0
        self.missed = 0
        self.due = 0
        self._since: int | None = None if paused else at

    def pause(self, at: int) -> None:
        if self._since is not None:
            self.counted += at - self._since
            self._since = None

    def go_on(self, at: int) -> None:
        if self._since is None:
            self._since = at

    def check(self, world: World) -> None:
        breach, remind = world.rules.breach, world.rules.remind
        assert self.due <= 1, "a check-in falls due once per silence"
        if self.counted > breach + LATE_S * 1000:
            assert self.missed, "a gap longer than breach has a miss"
        if self.missed or self.due:
            assert self.counted >= (breach if self.missed else remind)


def check_silences(world: World, events: list[Event]) -> None:
    shopper, control = events[0].by, first_control(events)
    status, paused = "open", control != "humans"
    silence: Silence | None = None
    for event in events:
        at, body = event.at, event.body
        answers = isinstance(body, Said) and body.auto is None
        if isinstance(body, StatusChanged | ControlChanged):
            if isinstance(body, StatusChanged):
                status = body.to
            else:
                control = body.to
            paused = (status, control) != ("open", "humans")
            if silence is not None:
                (silence.pause if paused else silence.go_on)(at)
        elif isinstance(body, CheckedIn) and silence is not None:
            silence.missed += body.state == "missed"
            silence.due += body.state == "due"
            assert body.state == "due" or body.count == silence.missed
        elif answers and event.by == shopper:
            silence = silence or Silence(at, paused=paused)
        elif silence is not None and (answers or isinstance(body, Closed)):
            silence.pause(at)
            silence.check(world)
            hold = isinstance(body, Said) and body.hold
            silence = Silence(at, paused=paused) if hold else None
    if silence is not None:
        silence.pause(world.now)
        silence.check(world)


def check_answers(world: World) -> None:
    """Acknowledged means in the journal, and the same id the same seq."""
    first: dict[tuple[str, str, str], tuple[object, ...]] = {}
    for client in world.clients:
        for id_, asked in client.asked.items():
            assert len(client.answers.get(id_, ())) == asked, "one answer to each"
        for id_, answers in client.answers.items():
            for answer in answers:
                if not isinstance(answer, Accepted) or answer.prev is None:
                    continue
                assert answer.seq is not None
                record = world.records(answer.chat)[answer.seq - 1]
                assert (record.by, record.id) == (client.who, id_)
                assert record.at == answer.at
                place = (answer.seq, answer.prev, answer.at)
                key = (client.who, id_, answer.chat)
                assert first.setdefault(key, place) == place


def check_clients(world: World) -> None:
    """Every client's log is the journal, filtered by role: no gap, no repetition."""
    for client in world.clients:
        if not client.insider:
            assert b"SECRET" not in client.bytes
        for place in [*client.past, *client.places.values()]:
            assert place.gaps == []
            if not place.log:
                continue
            records = world.records(place.chat)
            visible = [
                record.seq
                for record, event in zip(records, world.events(place.chat), strict=True)
                if client.insider or seen_by_shopper(event.body)
            ]
            begin = visible.index(place.log[0])
            assert place.log == visible[begin : begin + len(place.log)]
            if place.live_at is not None and not place.gone:
                assert place.at == visible[-1], "who is live has everything"


def check_tickets(world: World) -> None:
    rows = world.read(lambda db: db.execute("SELECT * FROM ticket").fetchall())
    tickets = [TicketRow(*row) for row in rows]
    unclosed = [(t.site, t.profile, t.channel) for t in tickets if t.status != "closed"]
    assert len(unclosed) == len(set(unclosed)), "one unclosed ticket a person"
    for ticket in tickets:
        state = codec.fold(ChatState(), world.records(ChatId(ticket.chat)))
        assert ticket.seq == state.seq
        assert (ticket.status, ticket.assignee) == (state.status, state.assignee)
        assert (ticket.control, ticket.team) == (state.control, state.team)
        assert msgspec.json.decode(ticket.tags) == [*state.tags]
        assert ticket.preview == state.preview
        assert ticket.closed_at == state.closed_at
    due = {chat for chat, _ in world.read(queries.due)}
    assert due <= {ticket.chat for ticket in tickets if ticket.status != "closed"}
