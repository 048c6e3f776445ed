"""Rules of whose chat it is: a visitor's may become a shopper's, once (F2)."""

from actors.chat.commands import Identify
from actors.chat.cursors import Moving
from actors.chat.events import Closed, Event, Identified
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState
from actors.ids import ANON, SYSTEM
from actors.refusals import Reason, Refused


def identify(state: ChatState, command: Identify, moving: Moving) -> Outcome:
    """Give the chat to who its visitor turned out to be; of two unclosed, end this.

    It fits into a full chat, too: it happens once.
    """
    if state.status == "closed":
        return Unchanged(already=True)
    if state.shopper != command.by or not command.by.startswith(ANON):
        return Refused(Reason.CONFLICT)
    cursor = moving.pop(command.by, None)
    if cursor is not None:
        moving[command.to] = cursor
    signed_in = Identified(command.by, command.to)
    events = (Event(command.by, command.at, signed_in, command.id),)
    if not command.merged:
        return events
    return (*events, Event(SYSTEM, command.at, Closed("merged")))
