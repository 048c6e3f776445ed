"""A chat as it is once its visitor has signed in."""

from typing import TYPE_CHECKING

from actors.chat.events import Identified
from actors.ids import SHOPPER

if TYPE_CHECKING:
    from actors.chat.state import ChatState


def become(state: "ChatState", body: Identified) -> None:
    """Let all that the visitor did in the chat have been done by the shopper."""
    old, new = body.origin, body.to
    state.shopper, state.profile = new, new.removeprefix(SHOPPER)
    if state.said_by == old:
        state.said_by = new
    cursor = state.cursors.pop(old, None)
    if cursor is not None:
        state.cursors[new] = cursor
    # What is sent once more, under the same id, is known as theirs.
    ids = state.seen.pop(old, None)
    if ids is not None:
        state.seen[new] = ids | state.seen.get(new, {})
