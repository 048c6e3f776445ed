"""What of a chat's events has to leave the process: rows written in the same commit.

A row says where in the journal it stands, and nothing of what was said.
"""

from collections.abc import Iterable, Iterator

import msgspec

from actors.chat.bot import NO_TURN
from actors.chat.events import AnyBody, Event, HandoffChanged, Said
from actors.chat.state import ChatState
from actors.ids import Seq
from storage.numbers import SMS
from storage.records import OutgoingRow, Record

BOT_CALL = "bot"
"""The kind of a turn of the bot's (F35)."""
HANDOFF = "handoff"
"""The kind of what goes to another system (F36)."""
ELSEWHERE = frozenset({"zendesk", "gorgias"})
"""Where a chat is handed over to that leaves the process."""

_encode = msgspec.json.Encoder().encode


class Message(msgspec.Struct, frozen=True):
    """Where in the journal stands what is to leave: the row itself says nothing."""

    stream: int
    seq: int


def leaving(
    state: ChatState,
    events: tuple[Event, ...],
    records: list[Record],
    stream: int,
    turn: Seq,
) -> tuple[OutgoingRow, ...]:
    """Return what leaves because of `events`, by which `state` has moved.

    `turn` is where the bot's turn began before them.
    """
    if state.channel == SMS:
        return tuple(_texts(state, events, records, stream))
    if state.bot is None:
        return ()
    rows = list(_handed_over(state, zip(events, records, strict=True), stream))
    begun = state.bot.turn
    if begun not in (NO_TURN, turn):
        rows.append(row(state.site, BOT_CALL, stream, begun, records[-1].at))
    return tuple(rows)


def _texts(
    state: ChatState, events: tuple[Event, ...], records: list[Record], stream: int
) -> Iterator[OutgoingRow]:
    """Yield what has to get to a telephone, in a ticket of SMS.

    That is what anybody but its owner says; agents hear from us what became of it.
    """
    for event, record in zip(events, records, strict=True):
        if type(event.body) is Said and event.by != state.shopper:
            yield row(state.site, SMS, stream, record.seq, record.at)


def _handed_over(
    state: ChatState, pairs: Iterable[tuple[Event, Record]], stream: int
) -> Iterator[OutgoingRow]:
    """Yield what the system has to know that the chat is or was handed over to."""
    away = state.control == "external" or (state.bot is not None and state.bot.target)
    for event, record in pairs:
        said = type(event.body) is Said and event.by == state.shopper
        if (away and said) or _begins(event.body):
            yield row(state.site, HANDOFF, stream, record.seq, record.at)


def _begins(body: AnyBody) -> bool:
    if type(body) is not HandoffChanged or body.state != "accepted":
        return False
    return body.target in ELSEWHERE


def key(stream: int, seq: int) -> str:
    """Return the key of what leaves because of one event."""
    return f"{stream}-{seq}"


def row(site: str, kind: str, stream: int, seq: int, at: int) -> OutgoingRow:
    """Return the row of what leaves because of one event, since `at`."""
    payload = _encode(Message(stream, seq)).decode()
    line = f"{kind} {stream}"
    return OutgoingRow(key(stream, seq), kind, site, line, payload, at)
