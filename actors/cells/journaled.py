"""How a chat's state gets into the journal and back: what its actor is built on.

State runs ahead of the journal so that the next command need not wait for the disk. If
an append fails, all that was decided after it fails too, and the state is rebuilt from
the journal. Each time that happens a new lane begins; what comes late from an old one
is known by it.
"""

import logging
from functools import partial
from typing import TypeVar

import msgspec

from actors import codec
from actors.cells import past
from actors.cells.alarms import Alarms
from actors.cells.ports import Audience, Clock, RulesOf
from actors.cells.reading import fail
from actors.chat import rating
from actors.chat.bot import NO_TURN
from actors.chat.events import Closed, Event, Got, Read
from actors.chat.rules import next_deadline
from actors.chat.state import ChatState, evolve
from actors.desk.places import Place
from actors.ids import ChatId, Millis, Person, Seq, SiteId, stream_of
from actors.leaving import leaving
from actors.rows import is_placed, place_of, read_rows, ticket_row
from actors.runtime.actor import Actor
from actors.runtime.system import Kind
from actors.runtime.timers import Timers
from storage.journal import Journal
from storage.numbers import SMS
from storage.records import Append, Lane, Record, StartRow, TicketRow

SNAPSHOT_EVERY = 64
"""Events between snapshots, growing with the chat to an eighth of its length (F53)."""
RETRY_AFTER = Millis(5000)
"""How long what has fallen due rests after a failure: a full disk, or a bug in it."""
CURSORS = frozenset({Read, Got})
"""Journaled together, and with nothing else (F12)."""
NOWHERE = -1
"""The stream of a key that is no chat id."""

log = logging.getLogger(__name__)
A = TypeVar("A", bound="JournaledChat")


class Shop(msgspec.Struct, frozen=True):
    """What every chat's actor works with."""

    journal: Journal
    audience: Audience
    alarms: Alarms
    timers: Timers
    clock: Clock
    rules_of: RulesOf


class JournaledChat(Actor):
    """One chat in memory, as decided on and as durable."""

    __slots__ = (
        "_due",
        "_durable",
        "_lane",
        "_name",
        "_place",
        "_shop",
        "_snapshot_seq",
        "_state",
        "_stream",
    )

    def __init__(self, kind: Kind[A], key: str, shop: Shop) -> None:
        super().__init__(kind, key)
        stream = stream_of(ChatId(key))
        self._stream = NOWHERE if stream is None else stream
        self._shop = shop
        self._name = ""
        """What the shopper is called."""
        self._state = ChatState()
        self._durable = Seq(0)
        """Up to where the journal has settled; everything said is at most as new."""
        self._snapshot_seq = Seq(0)
        self._due: Millis | None = None
        """When the chat is to be woken, as its row in the journal will have it."""
        self._lane = Lane()
        self._place: Place | None = None
        """Where the desk believes the ticket to stand."""

    @property
    def chat(self) -> ChatId:
        """The chat's id."""
        return ChatId(self.key)

    @property
    def state(self) -> ChatState:
        """The state as decided on; it may run ahead of what is durable."""
        return self._state

    def on_start(self) -> None:
        """Load the chat; mail waits meanwhile."""
        if self._stream != NOWHERE:
            self._load()

    def restart(self) -> None:
        """Forget a state that a bug may have left half changed."""
        if self._stream != NOWHERE:
            self._lane.broken = True
            self.hold()
            # To fail behind what the writer has in hand, which may become durable.
            self._put_barrier(None)

    def snapshot(self) -> None:
        """Have the state written down, unless that was done since it last changed."""
        state = self._state
        if state.seq > self._snapshot_seq:
            row = codec.to_snapshot(self._stream, state, self._shop.clock())
            append = Append(self._stream, (), self._lane, self, snapshot=row)
            self._shop.journal.append(append)
            self._snapshot_seq = state.seq

    def settled(self, append: Append) -> None:
        """Learn that `append` is durable, or has failed."""
        raise NotImplementedError

    # Writing.

    def _write(
        self,
        events: tuple[Event, ...],
        subject: object,
        site: SiteId,
        start: StartRow | None,
    ) -> None:
        """Evolve by `events` and append them; `subject` comes back with the outcome."""
        state = self._state
        turn = NO_TURN if state.bot is None else state.bot.turn
        records: list[Record] = []
        for event in events:
            prev = state.shopper_seq
            evolve(state, event)
            records.append(codec.to_record(event, state.seq, prev))
        append = Append(self._stream, tuple(records), self._lane, self, subject)
        append.start = start
        if state.bot is not None or state.channel == SMS:
            append.outgoing = leaving(state, events, records, self._stream, turn)
        if type(events[0].body) in CURSORS:
            append.reads = read_rows(self._stream, events)
        self._put_with_row(append, site)
        fresh = state.seq - self._snapshot_seq
        closed = type(events[-1].body) is Closed
        if closed or fresh >= max(SNAPSHOT_EVERY, state.seq >> 3):
            self.snapshot()

    def _tell_place(self, row: TicketRow) -> None:
        """Let the desk know where the ticket stands, unless it does."""
        if self._place is None or not is_placed(row, self._place):
            self._place = place_of(row)
            self._shop.audience.placed(SiteId(row.site), self._place)

    def _rename(self, name: str) -> None:
        """Let lists call the shopper `name`."""
        self._name, state = name, self._state
        # Else the row of what is on its way to the disk says so, once that is durable.
        if 0 < state.seq == self._durable:
            rules = self._shop.rules_of(SiteId(state.site))
            row = ticket_row(self._stream, state, rules)
            self._shop.audience.listed(row, name, ())

    def _put_barrier(self, subject: object) -> None:
        """Get `subject` back once everything appended before is durable."""
        barrier = Append(self._stream, (), self._lane, self, subject)
        self._shop.journal.append(barrier)

    def _put_with_row(self, append: Append, site: SiteId) -> None:
        row = ticket_row(self._stream, self._state, self._shop.rules_of(site))
        append.ticket = row
        self._due = None if row.due is None else Millis(row.due)
        self._shop.journal.append(append)

    def _to_be_rated(self, now: Millis, by: Person | None = None) -> bool:
        """Return whether the shopper, if that is who they are, is to be asked."""
        if by not in (None, self._state.shopper):
            return False
        rules = self._shop.rules_of(SiteId(self._state.site))
        return rating.is_asked_for(self._state, rules, now)

    def _look_ahead(self) -> None:
        """See that the chat will be woken when it has to be, by the rules of now."""
        site = SiteId(self._state.site)
        due = next_deadline(self._state, self._shop.rules_of(site))
        if due == self._due:
            self._shop.alarms.set(self.chat, due)
        else:
            # So that the next start of the process finds it right, too.
            row_alone = Append(self._stream, (), self._lane, self)
            self._put_with_row(row_alone, site)

    def _kept(self, append: Append) -> None:
        """Have others do what they have to, now that `append` is durable."""
        if append.outgoing:
            self._shop.audience.outgoing()
        if append.ticket is not None:
            due = append.ticket.due
            self._shop.alarms.set(self.chat, None if due is None else Millis(due))

    # Loading.

    def _load(self, *, again: bool = False) -> None:
        """Bring the state from the journal: the first time, or after a failure."""
        self.hold()
        lane = self._lane
        find = partial(past.find, stream=self._stream, chat=self.key)
        found = self.guarded(partial(self._found, lane, again=again))
        lost = self.guarded(partial(self._lost, lane))
        self._shop.journal.ask(find, found, lost)

    def _reload(self, failed: Append) -> None:
        """Bring the state as it was before `failed`, unless that was done already."""
        if failed.lane is self._lane and self.kind.get(self.key) is self:
            self._state = ChatState()
            self._durable = self._snapshot_seq = Seq(0)
            self._lane = Lane()
            self._load(again=True)

    def _found(self, lane: Lane, found: past.Found, *, again: bool) -> None:
        if lane is not self._lane or lane.broken:
            return  # another load is on its way
        state = self._state = found.state
        self._durable, self._snapshot_seq = state.seq, found.snapshot_seq
        self._name, self._due = found.name, found.due
        if state.seq:
            self._set_alarm(again=again)
            rules = self._shop.rules_of(SiteId(state.site))
            # What was committed last may not have been told any more.
            self._tell_place(ticket_row(self._stream, state, rules))
        self._came_back()
        if self.held and found.records:
            self._share(found.records)
        asked = bool(self.held)
        self.release()
        if not asked:
            self._rest_if_unknown()

    def _set_alarm(self, *, again: bool) -> None:
        due = next_deadline(self._state, self._shop.rules_of(SiteId(self._state.site)))
        now = self._shop.clock()
        if again and due is not None and due <= now:
            due = Millis(now + RETRY_AFTER)
        self._shop.alarms.set(self.chat, due)

    def _came_back(self) -> None:
        """Mend what is kept beside the state: it may be an older one."""

    def _share(self, records: tuple[Record, ...]) -> None:
        """Let the mail that waits have `records`, a page that has been read already."""

    def _lost(self, lane: Lane, error: Exception) -> None:
        if lane is not self._lane or lane.broken:
            return
        if not isinstance(error, codec.UnreadableRecordError):
            fail(error)
        log.error("chat %s cannot be read: %s", self.key, error)
        held, self.held = self.held, None
        self.kind.forget(self)
        for message in held or ():
            self.turn_away(message)

    def _rest_if_unknown(self) -> None:
        """Let go of an actor that asking for a wrong id has made."""
        if not self._state.seq:
            self.kind.forget(self)
