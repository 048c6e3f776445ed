"""What a responder is shown of a chat: what was said to everyone in it, and no more."""

import sqlite3

import msgspec

from actors import codec
from actors.chat.events import Event, Said, TurnTaken
from actors.ids import AGENT, BOT, ChatId, SiteId
from actors.leaving import Message
from storage import queries

MOST_EVENTS = 200
"""Events to look back over: most are no messages."""
MOST_LINES = 40
MOST_CHARS = 16_000
"""Shown of a chat: its newest part."""


class Line(msgspec.Struct, frozen=True):
    """Something that was said."""

    by: str
    """`shopper`, `agent`, `bot` or `shop`: nobody's name."""
    text: str


class View(msgspec.Struct, frozen=True):
    """A chat at the beginning of a turn."""

    chat: ChatId
    site: SiteId
    begun: int
    question: str
    """What the shopper has said since somebody last came to an end with it."""
    before: tuple[str, ...]
    """What they had said until then, the oldest first."""
    lines: tuple[Line, ...]
    """All that was said, the question at the end."""


def view(connection: sqlite3.Connection, where: Message) -> View | None:
    """Return the chat whose turn began at `where`; `None`: it is the bot's no more."""
    ticket = queries.ticket(connection, where.stream)
    if ticket is None or ticket.control != "bot" or ticket.status == "closed":
        return None
    seq = where.seq + 1
    records = queries.page_before(connection, where.stream, seq, MOST_EVENTS)
    asked: list[str] = []
    before: list[str] = []
    lines: list[Line] = []
    heard = _heard(
        records_and_events := [(r.seq, codec.from_record(r)) for r in records]
    )
    for at, event in records_and_events:
        if not isinstance(event.body, Said) or not event.body.text:
            continue
        line = Line(_who(event), event.body.text)
        lines.append(line)
        if line.by == "shopper":
            (asked if at > heard else before).append(line.text)
    return View(
        ChatId(ticket.chat),
        SiteId(ticket.site),
        where.seq,
        "\n".join(asked),
        tuple(before[-MOST_LINES:]),
        _newest(lines),
    )


def _heard(events: list[tuple[int, Event]]) -> int:
    """Return up to where somebody has come to an end with what the shopper said."""
    heard = 0
    for seq, event in events:
        if isinstance(event.body, TurnTaken):
            heard = max(heard, event.body.begun)
        elif isinstance(event.body, Said) and event.by.startswith(AGENT):
            heard = seq
    return heard


def _who(event: Event) -> str:
    if event.by == BOT:
        return "bot"
    kind = event.by.partition(":")[0]
    return {"shopper": "shopper", "anon": "shopper", "agent": "agent"}.get(kind, "shop")


def _newest(lines: list[Line]) -> tuple[Line, ...]:
    kept: list[Line] = []
    left = MOST_CHARS
    for line in reversed(lines[-MOST_LINES:]):
        left -= len(line.text)
        if left < 0:
            break
        kept.append(line)
    return tuple(reversed(kept))
