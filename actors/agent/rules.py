"""How an agent is seen (F27). Pure: the time comes with the command."""

from typing import assert_never

from actors.agent.commands import (
    AnyCommand,
    Choose,
    Connect,
    Disconnect,
    Expel,
    Look,
    Presence,
)
from actors.agent.state import AgentState
from actors.ids import Millis

GRACE = Millis(30_000)
"""A reload of the page or a short loss of network does not show as leaving."""


def carry_out(state: AgentState, command: AnyCommand) -> Presence | None:
    """Change `state` by `command`; return the new presence if others see a change."""
    match command:
        case Connect():
            state.connections += 1
            state.left_at = None
        case Disconnect(at):
            if state.connections:
                state.connections -= 1
                state.left_at = None if state.connections else at
        case Choose(presence):
            state.chosen = presence
        case Expel():
            # What is left of the connections may end later: it counts no more.
            state.connections, state.left_at, state.chosen = 0, None, None
        case Look(at):
            if state.left_at is not None and at >= state.left_at + GRACE:
                state.left_at = None
                # What one chose lasts as long as one is there.
                state.chosen = None
        case _:
            assert_never(command)
    seen = _seen(state)
    if seen == state.presence:
        return None
    state.presence = seen
    return seen


def next_deadline(state: AgentState) -> Millis | None:
    """Return when a `Look` may change something, if ever."""
    return None if state.left_at is None else Millis(state.left_at + GRACE)


def _seen(state: AgentState) -> Presence:
    if not state.connections and state.left_at is None:
        return "offline"
    return state.chosen or "online"
