"""What tickets, lists and loads have to be, counted anew from the journal alone.

Nothing here is the product's. The events are read from the file, and what follows from
them is written down once more as plainly as the spec says it: slowly, from the first
event on, with no table kept beside.
"""

import sqlite3
from functools import partial
from typing import NamedTuple

from tests.system.client import Frame, unpacked
from tests.system.shop import Shop

AGENTS_ALONE = frozenset(
    {
        *("note", "status", "assigned", "control", "turn", "checkin", "sla", "sms"),
        *("tagged", "transfer", "identified"),
    }
)
"""Kinds that no shopper sees (protocol section 5)."""
AFTERWARDS = frozenset({"read", "got", "rated", "sms", "sla", "erased"})
"""All that may follow the end."""
PREVIEW = 80
"""Characters of a message that lists show."""


class Fact(NamedTuple):
    """One event as it lies in the file."""

    chat: str
    seq: int
    at: int
    by: str
    kind: str
    body: Frame

    def shown_to(self, *, insider: bool) -> bool:
        """Return whether the receiver's role sees it."""
        if insider:
            return True
        if self.kind in {"read", "got"}:
            return bool(self.body.get("shown"))
        return self.kind not in AGENTS_ALONE

    def told(self, prev: int, *, insider: bool) -> Frame:
        """Return the frame that tells of it."""
        body = self.body
        if not insider and self.kind == "closed":
            reason = body["reason"]
            body = {"reason": "agent" if reason == "blocked" else reason}
        elif not insider and self.kind == "opened":
            body = {key: value for key, value in body.items() if key != "team"}
        return {
            "t": "ev",
            "chat": self.chat,
            "seq": self.seq,
            "prev": prev,
            "at": self.at,
            "by": self.by,
            "kind": self.kind,
            "body": body,
        }


class Ticket:
    """One conversation, as its events say it stands."""

    def __init__(self, opened: Fact) -> None:
        assert opened.kind == "opened", opened
        body = opened.body
        self.chat = opened.chat
        self.facts: list[Fact] = []
        self.logs: dict[bool, list[Frame]] = {True: [], False: []}
        """All events as they are told of to agents, and to the shopper."""
        self.shopper = opened.by
        self.profile: str = body["profile"]
        self.site: str = body["site"]
        self.previous: str | None = body.get("previous")
        self.team: str | None = body.get("team")
        self.status, self.control = "open", body.get("control", "humans")
        self.until: int | None = None
        self.assignee: str | None = None
        self.tags: list[str] = []
        self.preview, self.said_by = "", ""
        self.said = 0
        """Seq of the shopper's last message."""
        self.since: int | None = None
        """Since when the shopper waits."""
        self.silent: int | None = None
        """Since when they have heard nothing, later by as long as it did not count."""
        self.paused_at = None if self.works else opened.at
        self.missed = False
        self.opened_at = self.last_at = self.closed_at = opened.at
        self.got: dict[str, int] = {}
        self.read: dict[str, int] = {}

    def apply(self, fact: Fact) -> None:
        """Take in the next event; it has to be one that may come next."""
        assert fact.seq == len(self.facts) + 1, ("seq without a gap", fact)
        assert self.status != "closed" or fact.kind in AFTERWARDS, fact
        self.facts.append(fact)
        for insider, log in self.logs.items():
            if fact.shown_to(insider=insider):
                prev = log[-1]["seq"] if log else 0
                log.append(fact.told(prev, insider=insider))
        match fact.kind:
            case "msg":
                self._said(fact)
            case "read" | "got":
                self._moved(fact)
            case "status":
                assert fact.body["from"] == self.status, fact
                self.status = fact.body["to"]
                self.until = fact.body.get("until")
                self._pause_or_go_on(fact.at)
            case "assigned":
                assert fact.body["from"] == self.assignee, ("two owners", fact)
                self.assignee = fact.body["to"]
                self.team = fact.body.get("team", self.team)
            case "control":
                assert fact.body["from"] == self.control, ("two holders", fact)
                self.control = fact.body["to"]
                self._pause_or_go_on(fact.at)
            case "tagged":
                gone = fact.body["remove"]
                self.tags = [tag for tag in self.tags if tag not in gone]
                self.tags += [tag for tag in fact.body["add"] if tag not in self.tags]
            case "checkin":
                self.missed |= fact.body["state"] == "missed"
            case "closed":
                self.status, self.until = "closed", None
                self.since = self.silent = None
                self.missed, self.closed_at = False, fact.at
            case _:
                pass

    def _said(self, fact: Fact) -> None:
        self.last_at = fact.at
        if "auto" in fact.body:
            earlier = [f for f in self.facts[:-1] if f.body.get("auto") == "welcome"]
            assert fact.body["auto"] != "welcome" or not earlier, "welcomed once"
            return
        text: str = fact.body.get("text", "")
        self.preview = text.strip().split("\n")[0].rstrip()[:PREVIEW]
        self.said_by = fact.by
        if fact.by == self.shopper:
            self.said = fact.seq
            if self.since is None:
                self.since = self.silent = fact.at
        else:
            self.missed = False
            held = self.since is not None and fact.body.get("hold")
            self.silent = fact.at if held else None
            self.since = self.since if held else None

    def _pause_or_go_on(self, at: int) -> None:
        """Leave a time out of the silence in which no human has to answer."""
        if not self.works:
            self.paused_at = at if self.paused_at is None else self.paused_at
        elif self.paused_at is not None:
            if self.silent is not None:
                self.silent += at - max(self.paused_at, self.silent)
            self.paused_at = None

    def _moved(self, fact: Fact) -> None:
        """See that cursors only move forward, and never past what there is."""
        who, upto = fact.body["who"], fact.body["upto"]
        assert upto < fact.seq, fact
        if fact.kind == "read":
            assert upto > self.read.get(who, 0), fact
            self.read[who] = upto
        else:
            assert upto > self.got.get(who, 0), fact
        self.got[who] = max(upto, self.got.get(who, 0))

    @property
    def works(self) -> bool:
        """Whether it is a human's work now."""
        return self.status == "open" and self.control == "humans"

    @property
    def waits(self) -> bool:
        """Whether it needs an agent and has none."""
        return self.works and self.assignee is None

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Its place among those that wait: who waits for an answer comes first."""
        since = self.opened_at if self.since is None else self.since
        return (self.since is None, since, self.chat)


class Desk(NamedTuple):
    """What the shop has settled, as far as the recount depends on it."""

    max_chats: int = 2
    admins: frozenset[str] = frozenset()
    locked: tuple[tuple[str, frozenset[str]], ...] = ()
    """Teams that keep their tickets to themselves, and their members."""

    def hides(self, ticket: Ticket, agent: str) -> bool:
        """Return whether `agent` may not open this ticket."""
        if agent in self.admins or ticket.assignee == agent:
            return False
        return any(
            ticket.team == team and agent not in crew for team, crew in self.locked
        )


class Recount:
    """All of a shop's tickets, from its journal."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.tickets: dict[str, Ticket] = {}
        self.marks: set[tuple[str, str]] = set()
        """Chats and agents who have flagged them: that is no event."""
        self.routed: list[Fact] = []
        self._streams: dict[int, str] = {}
        self._upto = 0

    async def catch_up(self, shop: Shop) -> int:
        """Take in what was written since; return how many events there are."""
        for stored in await shop.broker.query(partial(_stored, after=self._upto)):
            body = unpacked(stored.body)
            chat = self._streams.setdefault(stored.stream, body.get("chat", ""))
            fact = Fact(chat, stored.seq, stored.at, stored.by, stored.kind, body)
            if chat not in self.tickets:
                self.tickets[chat] = Ticket(fact)
            if fact.kind == "assigned" and fact.body["why"] == "routing":
                self._see_routed(fact)
            self.tickets[chat].apply(fact)
            if fact.kind == "closed":
                self.marks = {mark for mark in self.marks if mark[0] != chat}
            self._upto = stored.gseq
        self._see_one_each()
        return self._upto

    def forget(self, chat: str) -> None:
        """Count a ticket no more that is closed."""
        assert self.tickets.pop(chat).status == "closed"

    # Lists.

    def rows(self, agent: str, view: str, status: str) -> list[Frame]:
        """Return the rows of a view, without their flags of presence, in order."""
        shown = [
            ticket
            for ticket in self.tickets.values()
            if ticket.status == status
            and (ticket.control == "bot") == (view == "bot")
            and not self.desk.hides(ticket, agent)
            and _in_view(ticket, agent, view)
        ]
        shown.sort(key=_listed)
        return [self.row(ticket, agent) for ticket in shown]

    def row(self, ticket: Ticket, agent: str) -> Frame:
        """Return a ticket as `agent` sees it listed."""
        own = ticket.said_by == f"agent:{agent}"
        maybe = {
            "until": ticket.until,
            "team": ticket.team,
            "previous": ticket.previous,
            "silent_since": ticket.silent,
        }
        return {
            "chat": ticket.chat,
            "site": ticket.site,
            "channel": "chat",
            "icon": "chat",
            "status": ticket.status,
            "profile": ticket.profile,
            "name": f"Visitor {ticket.profile[-4:]}",
            "preview": f"You: {ticket.preview}" if own else ticket.preview,
            "unread": ticket.status == "open" and self.dot(ticket, agent),
            "assignee": ticket.assignee,
            "tags": ticket.tags,
            "control": ticket.control,
            "waiting_since": ticket.since,
            "last_at": ticket.last_at,
            "opened_at": ticket.opened_at,
            "flags": ["attention", "overdue"] if ticket.missed else [],
        } | {key: value for key, value in maybe.items() if value is not None}

    def dot(self, ticket: Ticket, agent: str) -> bool:
        """Return whether the shopper has said what `agent` has not read."""
        unread = ticket.said > ticket.read.get(f"agent:{agent}", 0)
        return unread or (ticket.chat, agent) in self.marks

    def badge(self, agent: str) -> int:
        """Return how many open tickets of theirs and of nobody's have a dot."""
        return sum(
            ticket.status == "open"
            and ticket.control != "bot"
            and ticket.assignee in (None, agent)
            and not self.desk.hides(ticket, agent)
            and self.dot(ticket, agent)
            for ticket in self.tickets.values()
        )

    # Work.

    def held(self) -> dict[str, set[str]]:
        """Return whose the open tickets are, by agent."""
        held: dict[str, set[str]] = {}
        for ticket in self.tickets.values():
            if ticket.works and ticket.assignee is not None:
                held.setdefault(ticket.assignee, set()).add(ticket.chat)
        return held

    def queues(self) -> dict[str | None, list[str]]:
        """Return the chats that wait, by team, the next one first."""
        waiting = [ticket for ticket in self.tickets.values() if ticket.waits]
        queues: dict[str | None, list[str]] = {}
        for ticket in sorted(waiting, key=lambda ticket: ticket.rank):
            queues.setdefault(ticket.team, []).append(ticket.chat)
        return queues

    def _see_routed(self, fact: Fact) -> None:
        """See that nobody older waits in the same queue, and that there was room."""
        ticket = self.tickets[fact.chat]
        held = {
            chat
            for chat in self.held().get(fact.body["to"], set())
            # What the bot has given back meanwhile the router did not count yet.
            if not any(f.kind == "control" and f.at == fact.at for f in self._of(chat))
        }
        assert len(held) < self.desk.max_chats, ("more than there is room for", fact)
        queue = self.queues()[ticket.team]
        for older in queue[: queue.index(fact.chat)]:
            # Given away in the same breath: its commit may be the second.
            self.routed.append(fact._replace(chat=older))

    def _of(self, chat: str) -> list[Fact]:
        return self.tickets[chat].facts

    def _see_one_each(self) -> None:
        for due in self.routed:
            last = [f for f in self.tickets[due.chat].facts if f.kind == "assigned"]
            assert last, ("an older one waits", due)
            assert any(fact.at == due.at for fact in last), ("an older one waits", due)
        self.routed.clear()
        unclosed = [t.profile for t in self.tickets.values() if t.status != "closed"]
        assert len(unclosed) == len(set(unclosed)), "one ticket a person"


def _in_view(ticket: Ticket, agent: str, view: str) -> bool:
    match view:
        case "mine":
            return ticket.assignee == agent
        case "unassigned":
            return ticket.assignee is None
        case "all" | "bot":
            return True
        case _:
            return f"team:{ticket.team}" == view


def _listed(ticket: Ticket) -> tuple[bool, int, str]:
    """Return a rank in lists: who waits longest first, then by the last word."""
    if ticket.status == "closed":
        return (True, -ticket.closed_at, ticket.chat)
    since = ticket.last_at if ticket.since is None else ticket.since
    return (ticket.since is None, since, ticket.chat)


class Stored(NamedTuple):
    """A row of the journal's own table."""

    gseq: int
    stream: int
    seq: int
    at: int
    by: str
    kind: str
    body: bytes


def _stored(db: sqlite3.Connection, after: int) -> list[Stored]:
    sql = """
    SELECT gseq, stream, seq, at, by, kind, body FROM event WHERE gseq > ?
    ORDER BY gseq"""
    return [Stored(*row) for row in db.execute(sql, (after,))]
