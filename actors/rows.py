"""A chat's state as the row that lists show, its cursors as theirs, and its place."""

import msgspec

from actors.chat.commands import Start
from actors.chat.events import Event, Read
from actors.chat.rules import next_deadline
from actors.chat.state import ChatState
from actors.desk.places import Place
from actors.ids import AGENT, AgentId, ChatId, Millis
from actors.settings.rules import Rules
from storage.numbers import SMS
from storage.records import ReadRow, StartRow, TicketRow

_encode = msgspec.json.Encoder().encode


def ticket_row(stream: int, state: ChatState, rules: Rules) -> TicketRow:
    """Return the row of a chat that has been opened."""
    ball = state.ball
    return TicketRow(
        stream,
        state.chat,
        state.site,
        state.profile,
        state.channel,
        state.status,
        state.until,
        state.assignee,
        state.control,
        state.preview,
        None if ball is None else ball.taken,
        state.opened_at,
        state.last_at,
        state.closed_at,
        state.seq,
        next_deadline(state, rules),
        state.previous,
        state.team,
        state.shopper_said,
        state.said_by,
        0 if ball is None else ball.missed,
        _encode(state.tags).decode() if state.tags else "[]",
        None if ball is None else ball.silent_since,
    )


def start_row(stream: int, command: Start) -> StartRow:
    """Return where the journal says what came of `command`."""
    # A provider's ids are its own: the number may become another person's.
    whose = command.profile if command.channel == "chat" else SMS
    return StartRow(command.site, whose, command.id, stream)


def read_rows(stream: int, events: tuple[Event, ...]) -> tuple[ReadRow, ...]:
    """Return how far these events say that agents have read."""
    return tuple(
        ReadRow(stream, body.who.removeprefix(AGENT), body.upto)
        for body in (event.body for event in events)
        if type(body) is Read and body.who.startswith(AGENT)
    )


def place_of(row: TicketRow) -> Place:
    """Return where the ticket of `row` stands."""
    since = row.waiting_since
    return Place(
        ChatId(row.chat),
        row.status,
        row.control,
        None if row.assignee is None else AgentId(row.assignee),
        row.team,
        None if since is None or row.assignee is not None else Millis(since),
        Millis(row.opened_at),
    )


def is_placed(row: TicketRow, place: Place) -> bool:
    """Return whether `place` is still where the ticket of `row` stands.

    Asked for every message: nothing is made for it.
    """
    return (
        row.assignee == place.assignee
        and row.status == place.status
        and row.control == place.control
        and row.team == place.team
        and (row.assignee is not None or row.waiting_since == place.since)
    )
