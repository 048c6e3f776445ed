"""A chat's state as the row that lists show."""

from actors.chat.rules import next_deadline
from actors.chat.state import ChatState
from actors.settings import Rules
from storage.records import TicketRow


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
    )
