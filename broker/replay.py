"""Chats as their journals have them: at any moment, and checked against what is kept.

Nothing here asks a clock, a setting or chance: all of that is in the events (spec U3).
Reads alone, so that it may look while a broker runs.
"""

import sqlite3
from collections.abc import Iterator

import msgspec
from msgspec import UNSET, UnsetType

from actors import codec
from actors.chat.events import TEXTED, Event, seen_by_shopper
from actors.chat.rules import next_deadline
from actors.chat.state import ChatState, evolve
from actors.ids import ChatId, Millis
from actors.rows import ticket_row
from actors.settings.rules import Rules
from broker import founding
from broker.calendar import hours_at
from broker.founding import SETTINGS
from broker.speech import ev, ticket
from broker.wire.frames import Ev, Ticket
from storage import accounts, documents, projections, queries, snapshots
from storage.records import Record, SnapshotRow, TicketRow


class Replayed(msgspec.Struct):
    """A chat as it was after some event."""

    state: ChatState
    thread: list[tuple[Record, Event]]
    """Its events until then."""


class Difference(msgspec.Struct, frozen=True):
    """Something that is kept is not what the events make."""

    stream: int
    chat: str
    seq: int
    """Of the first event that differs, or of that up to which it was kept."""
    what: str
    kept: object = None
    replayed: object = None


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What one person could see of a chat at a moment."""

    chat: str
    seq: int
    """Of the last event until then, whoever sees it."""
    who: str
    ticket: Ticket
    next_deadline: Millis | UnsetType | None = UNSET
    """When the broker would look again; agents alone."""
    thread: list[Ev]


def events(db: sqlite3.Connection, stream: int) -> Iterator[tuple[Record, Event]]:
    """Yield all events of a chat.

    Raises:
        UnreadableRecordError: this program cannot read one.
    """
    after = 0
    while records := queries.page(db, stream, after):
        for record in records:
            if record.seq != after + 1:
                raise codec.UnreadableRecordError(f"{record.seq} follows {after}")
            after = record.seq
            yield record, codec.from_record(record)


def replay(
    db: sqlite3.Connection,
    stream: int,
    *,
    seq: int | None = None,
    at: Millis | None = None,
) -> Replayed:
    """Return the chat as it was after event `seq`, or at the moment `at`, or is now.

    Raises:
        UnreadableRecordError: this program cannot read an event before that.
    """
    replayed = Replayed(ChatState(), [])
    for record, event in events(db, stream):
        if (seq is not None and record.seq > seq) or (at is not None and event.at > at):
            break
        evolve(replayed.state, event)
        replayed.thread.append((record, event))
    return replayed


def sight(
    db: sqlite3.Connection, replayed: Replayed, who: str, *, at: Millis | None = None
) -> Sight:
    """Return what `who` could see of it: `agent:<id>`, or `shopper`.

    `at` is the moment, if it is later than the last event.
    """
    state = replayed.state
    insider = who.startswith("agent:")
    chat = ChatId(state.chat)
    moment = max([at or 0, *(event.at for _, event in replayed.thread[-1:])])
    rules = rules_at(db, state.site, Millis(moment))
    deadline = next_deadline(state, rules)
    profile = accounts.profile(db, state.site, state.profile)
    name = (profile and profile.name) or ""
    agent = who.removeprefix("agent:") if insider else None
    return Sight(
        chat=state.chat,
        seq=state.seq,
        who=who if insider else state.shopper,
        ticket=ticket(chat, state, name, agent=agent),
        next_deadline=deadline if insider else UNSET,
        thread=[
            ev(chat, record, event, insider=insider)
            for record, event in replayed.thread
            if insider or seen_by_shopper(event.body)
        ],
    )


def rules_at(db: sqlite3.Connection, site: str, at: Millis) -> Rules:
    """Return the rules that held at a moment."""
    for rules, since in _history(db, site):
        if since <= at:
            return _at(rules, at)
    return Rules()


def check(db: sqlite3.Connection, stream: int) -> list[Difference]:
    """Return where what is kept of a chat is not what its events make."""
    checked = _Check(db, stream)
    try:
        for record, event in events(db, stream):
            checked.take(record, event)
    except codec.UnreadableRecordError as error:
        checked.differs(checked.state.seq + 1, f"cannot be read: {error}")
        return checked.found
    checked.end()
    return checked.found


class _Check:
    """One chat that is folded event by event."""

    def __init__(self, db: sqlite3.Connection, stream: int) -> None:
        self.state = ChatState()
        self.found: list[Difference] = []
        self._db = db
        self._stream = stream
        self._snapshot = snapshots.latest(db, stream)
        self._ticket = queries.ticket(db, stream)
        self._texts = projections.texts(db, stream)

    def differs(
        self, seq: int, what: str, kept: object = None, replayed: object = None
    ) -> None:
        """Note a difference."""
        chat = self.state.chat
        self.found.append(Difference(self._stream, chat, seq, what, kept, replayed))

    def take(self, record: Record, event: Event) -> None:
        """Compare what is kept of one event, and move past it."""
        state, seq = self.state, record.seq
        if record.prev != state.shopper_seq:
            self.differs(seq, "prev", record.prev, int(state.shopper_seq))
        body = event.body
        text = body.text if isinstance(body, TEXTED) else None
        kept = self._texts.pop(seq, None)
        if text != kept:
            # No texts: this may go to a log, and they are people's.
            self.differs(seq, "the message table has another text")
        evolve(state, event)
        if self._snapshot is not None and self._snapshot.seq == seq:
            self._compare_snapshot(self._snapshot)
            self._snapshot = None

    def end(self) -> None:
        """Compare what is kept of the whole."""
        head = int(self.state.seq)
        if self._snapshot is not None:
            self.differs(head, "the snapshot is newer", self._snapshot.seq, head)
        if self._ticket is None:
            self.differs(head, "there is no ticket row")
        else:
            self._compare_ticket(self._ticket)

    def _compare_snapshot(self, row: SnapshotRow) -> None:
        if row.ver != codec.SNAPSHOT_VERSION:
            return  # of another program: nobody will use it
        try:
            kept = codec.from_snapshot(row)
        except codec.StaleSnapshotError:
            self.differs(row.seq, "the snapshot is damaged")
            return
        for field in ChatState.__struct_fields__:
            ours, theirs = getattr(self.state, field), getattr(kept, field)
            if ours != theirs:
                self.differs(row.seq, f"the snapshot's {field}")

    def _compare_ticket(self, row: TicketRow) -> None:
        made = ticket_row(self._stream, self.state, Rules())
        for field in TicketRow._fields:
            kept, ours = getattr(row, field), getattr(made, field)
            if kept != ours and not (field == "due" and self._may_be_due(kept)):
                self.differs(row.seq, f"the ticket row's {field}", kept, ours)

    def _may_be_due(self, due: int | None) -> bool:
        """Return whether some settings the site has had make this deadline."""
        site, at = self.state.site, Millis(due or self.state.last_at)
        return any(
            next_deadline(self.state, _at(rules, at)) == due
            for rules, _ in _history(self._db, site)
        )


def _at(rules: Rules, at: Millis) -> Rules:
    """Return `rules` with the hours as they were known at about `at`."""
    hours = hours_at(rules.settings.hours, at)
    return msgspec.structs.replace(rules, hours=hours)


def _history(db: sqlite3.Connection, site: str) -> Iterator[tuple[Rules, int]]:
    """Yield the rules a site has had, the newest first, and since when."""
    newest = documents.newest(db, site, SETTINGS)
    for version in range(newest.version if newest else 0, 0, -1):
        stored = documents.at_version(db, site, SETTINGS, version)
        if stored is not None:
            yield founding.rules(stored), stored.at
    yield founding.rules(None), 0
