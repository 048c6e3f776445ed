"""What another system is told of a chat that is handed over to it."""

import sqlite3
from datetime import UTC, datetime

import msgspec

from actors import codec
from actors.cells.names import called, called_by
from actors.chat.events import HandoffChanged, Said, Target
from actors.ids import BOT, ChatId, SiteId
from actors.leaving import Message
from storage import accounts, queries
from storage.accounts import Profile

TRANSCRIPT_BYTES = 48 * 1024
"""Of a transcript: its newest part, where both systems take it in one comment."""
OVER = frozenset({"done", "failed"})
MOST_EVENTS = 2000
"""Looked back over for it."""


class Case(msgspec.Struct, frozen=True):
    """A chat, and what of it is to leave now."""

    chat: ChatId
    site: SiteId
    profile: str
    name: str
    email: str | None
    target: Target
    ref: str | None
    """What the other system calls its ticket, once there is one."""
    reason: str | None
    text: str
    """A transcript, or a message that came later."""
    opens: bool
    """Whether a ticket is to be made."""
    settled: bool
    """Whether the chat knows already what became of that."""

    def __repr__(self) -> str:
        """Show nothing of a person."""
        return f"Case({self.chat!r})"


def case(db: sqlite3.Connection, where: Message) -> Case | None:
    """Return what leaves at a place of the journal, if it is something that does."""
    ticket = queries.ticket(db, where.stream)
    record = queries.record(db, where.stream, where.seq)
    handoffs = [
        (each.seq, body)
        for each in queries.of_kind(db, where.stream, "handoff")
        if isinstance(body := codec.from_record(each).body, HandoffChanged)
    ]
    if ticket is None or record is None or not handoffs:
        return None
    body = codec.from_record(record).body
    if isinstance(body, HandoffChanged):
        target, reason, text = body.target, body.reason, _transcript(db, where)
    elif isinstance(body, Said):
        target, reason, text = handoffs[-1][1].target, None, body.text
    else:
        return None
    profile = accounts.profile(db, ticket.site, ticket.profile)
    return Case(
        chat=ChatId(ticket.chat),
        site=SiteId(ticket.site),
        profile=ticket.profile,
        name=_name(ticket.profile, profile),
        email=profile.email if profile else None,
        target=target,
        ref=next((each.ref for _, each in reversed(handoffs) if each.ref), None),
        reason=reason,
        text=text,
        opens=isinstance(body, HandoffChanged),
        settled=any(seq > where.seq and each.state in OVER for seq, each in handoffs),
    )


def _name(id_: str, profile: Profile | None) -> str:
    return called_by(id_, None, None, None) if profile is None else called(profile)


def _transcript(db: sqlite3.Connection, where: Message) -> str:
    """Return what everyone in the chat could read up to a place, the newest part."""
    records = queries.page_before(db, where.stream, where.seq, MOST_EVENTS)
    lines: list[str] = []
    left = TRANSCRIPT_BYTES
    for record in reversed(records):
        event = codec.from_record(record)
        if not isinstance(event.body, Said):
            continue
        line = f"[{_time(event.at)}] {_who(event.by)}: {event.body.text}"
        left -= len(line.encode()) + 1
        if left < 0:
            break
        lines.append(line)
    return "\n".join(reversed(lines))


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _who(by: str) -> str:
    if by == BOT:
        return "Bot"
    kind = by.partition(":")[0]
    return {"shopper": "Customer", "anon": "Customer", "agent": "Agent"}.get(
        kind, "Shop"
    )
