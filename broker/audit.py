"""The proof that no message is missed, made from the journal (U8).

In a chat that is not over, every message of the shopper is in exactly one of these
states: it is answered; a bot has to answer it, or another system; the ticket is
snoozed, and will come back; or it stands in an agent's list or in everybody's, and will
be reminded of. What is kept beside the events, by which lists and alarms go, and what
is to leave, has to say the same as the events.
"""

import sqlite3
from collections.abc import Callable, Iterator

import msgspec

from actors import codec
from actors.chat.events import Closed, Event
from actors.chat.rules import next_deadline
from actors.chat.state import ChatState, evolve
from actors.ids import Millis
from actors.settings.rules import Rules
from broker import founding, promises, replay
from broker.calendar import hours_at
from broker.findings import Broken, Finding, Noticed
from storage import documents, outgoing, queries
from storage.records import TicketRow

MINUTE = 60 * 1000
DAY = 24 * 60 * MINUTE
SLACK = 1000
"""Milliseconds by which an alarm may be late: a slot of the timers, and a turn."""
MOST = 10_000
"""Deliveries that are listed."""
STATES = ("answered", "waiting", "snoozed", "bot", "external")
PLACED = ("status", "assignee", "control", "team", "waiting_since", "seq")
"""What lists go by."""
_HALF_LISTED = """
SELECT stream FROM event WHERE seq = 1 AND stream NOT IN (SELECT stream FROM ticket)
UNION
SELECT stream FROM ticket WHERE status = 'closed' AND NOT EXISTS (
  SELECT 1 FROM event WHERE event.stream = ticket.stream AND kind = 'closed')"""

RulesOf = Callable[[str], Rules]


class Bounds(msgspec.Struct, frozen=True):
    """How long is too long, in milliseconds."""

    unassigned: int = 15 * MINUTE
    """A ticket that is nobody's."""
    question: int = 10 * MINUTE
    """Between a question that nobody has answered and the end."""
    back: int = DAY
    """How far back chats that ended are looked at."""
    undelivered: int = 10 * MINUTE
    """Something that is to leave."""


class Audit:
    """One look at a journal, at the moment `now`."""

    def __init__(
        self, db: sqlite3.Connection, now: Millis, rules_of: RulesOf | None = None
    ) -> None:
        self._db = db
        self._now = now
        self._rules_of = rules_of or rules_by(db, now)
        self.counts: dict[str, int] = dict.fromkeys(STATES, 0)
        """Chats by the state that their shopper's last message is in."""

    def run(self, bounds: Bounds) -> Iterator[Finding]:
        """Yield all that is to be found."""
        for stream in self._unclosed():
            yield from self._look(stream, bounds)
        ended = "SELECT stream FROM ticket WHERE closed_at >= ? ORDER BY stream"
        for (stream,) in self._rows(ended, self._now - bounds.back):
            yield from self._look_back(stream, bounds)
        yield from self._undelivered(bounds)

    def _unclosed(self) -> Iterator[int]:
        """Yield the chats that are not over, by their rows or by their events."""
        open_ = "SELECT stream FROM ticket WHERE status <> 'closed' ORDER BY stream"
        for sql in (open_, _HALF_LISTED):
            for (stream,) in self._rows(sql):
                yield stream

    def _look(self, stream: int, bounds: Bounds) -> Iterator[Finding]:
        row = queries.ticket(self._db, stream)
        try:
            state = replay.replay(self._db, stream).state
        except codec.UnreadableRecordError as error:
            site, chat = (row.site, row.chat) if row else ("", f"stream {stream}")
            detail = str(error)
            yield Finding("unreadable", site, chat, broken=True, detail=detail)
            return
        if row is None:
            if state.status != "closed":
                yield _broken("unlisted", state)
            return
        if state.status != "closed":
            self.counts[state_of(state)] += 1
            yield from self._unarmed(state, row)
            yield from self._unsent(stream, state)
        wrong = [name for name in PLACED if getattr(row, name) != _kept(state, name)]
        if wrong:
            yield _broken("misplaced", state, ", ".join(wrong))
        yield from self._unassigned(state, bounds)

    def _unarmed(self, state: ChatState, row: TicketRow) -> Iterator[Finding]:
        due = next_deadline(state, self._rules_of(state.site))
        if due is not None and (row.due is None or row.due > due + SLACK):
            yield _broken("unarmed", state, f"due at {due}")

    def _unsent(self, stream: int, state: ChatState) -> Iterator[Finding]:
        limits = self._rules_of(state.site).limits
        made = promises.made(self._db, stream, state, limits)
        lost = promises.broken(self._db, stream, made)
        if lost:
            what = ", ".join(f"{kind} {seq}" for kind, seq in lost)
            yield _broken("unsent", state, what)

    def _unassigned(self, state: ChatState, bounds: Bounds) -> Iterator[Finding]:
        if state_of(state) != "waiting" or state.assignee is not None:
            return
        since = state.opened_at if state.ball is None else state.ball.taken
        if since < self._now - bounds.unassigned:
            yield Finding("unassigned", state.site, state.chat, since=since)

    def _look_back(self, stream: int, bounds: Bounds) -> Iterator[Finding]:
        """Look how a chat has ended."""
        state = ChatState()
        asked = Millis(0)
        try:
            for _, event in replay.events(self._db, stream):
                why = _ending(state, event, asked, bounds)
                if why is not None:
                    whose, agent = (state.site, state.chat), state.assignee
                    yield Finding(why, *whose, agent=agent, since=event.at)
                before = state.shopper_said
                evolve(state, event)
                asked = event.at if state.shopper_said != before else asked
        except codec.UnreadableRecordError:
            return  # `doctor` says more

    def _undelivered(self, bounds: Bounds) -> Iterator[Finding]:
        before = self._now - bounds.undelivered
        for each in outgoing.undelivered(self._db, before, MOST):
            detail = f"{each.kind} {each.state}: {each.error or 'not tried yet'}"
            yield Finding("undelivered", each.site, since=each.at, detail=detail)

    def _rows(self, sql: str, *values: int) -> list[tuple[int]]:
        return self._db.execute(sql, values).fetchall()


def state_of(state: ChatState) -> str:
    """Return which of `STATES` the shopper's last message is in."""
    if state.control == "bot":
        return "bot"
    if state.control != "humans":
        return "external"
    if state.ball is None:
        return "answered"
    return "snoozed" if state.status == "snoozed" else "waiting"


def _ending(
    state: ChatState, event: Event, asked: Millis, bounds: Bounds
) -> Noticed | None:
    """Return what is to be said of this end of a chat, if it is one."""
    body, ball = event.body, state.ball
    if type(body) is not Closed or ball is None:
        return None
    if body.reason == "shopper":
        return "ended_overdue" if ball.missed else None
    ours = body.reason in {"agent", "idle"}
    fresh = event.at - asked < bounds.question
    return "closed_on_question" if ours and fresh else None


def rules_by(db: sqlite3.Connection, now: Millis) -> RulesOf:
    """Return what gives a site's rules, with its hours, as they are stored."""
    known: dict[str, Rules] = {}

    def rules_of(site: str) -> Rules:
        if site not in known:
            rules = founding.rules(documents.newest(db, site, founding.SETTINGS))
            hours = hours_at(rules.settings.hours, now)
            known[site] = msgspec.structs.replace(rules, hours=hours)
        return known[site]

    return rules_of


def _kept(state: ChatState, name: str) -> object:
    """Return what a row has to say."""
    if name == "waiting_since":
        return None if state.ball is None else state.ball.taken
    return getattr(state, name)


def _broken(why: Broken, state: ChatState, detail: str | None = None) -> Finding:
    return Finding(why, state.site, state.chat, broken=True, detail=detail)
