"""How a chat is erased: what of each event goes, and what stays (spec U10).

Who did what and when stays, and how long a text was: with that the journal replays,
reports count and cursors point where they did. Words go, and names of things that
people have thought of themselves.
"""

from msgspec.structs import replace

from actors.chat.commands import Erase, MoveCursor, Tick, WriteCursors
from actors.chat.events import (
    AnyBody,
    Closed,
    Erased,
    Event,
    HandoffChanged,
    Noted,
    Picked,
    Rated,
    Said,
    Tagged,
    Texted,
    TurnTaken,
)
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState

HARMLESS = (Erase, Tick, MoveCursor, WriteCursors)
"""What may still be asked of an erased chat: nothing of it has words."""
MASK = "*"


def erase(state: ChatState, command: Erase) -> Outcome:
    """Close the chat if it goes on, and let its words be forgotten.

    It fits into a full chat, too: it happens once.
    """
    if state.erased:
        return Unchanged(already=True)
    erased = Event(command.by, command.at, Erased(), command.id)
    if state.status == "closed":
        return (erased,)
    return (Event(command.by, command.at, Closed("erased")), erased)


def masked(text: str) -> str:
    """Return as many bytes as `text` has, which say nothing."""
    return MASK * len(text.encode())


def redacted(body: AnyBody) -> AnyBody:
    """Return what is left of `body`; a second time changes nothing."""
    match body:
        case Said() | Noted():
            return replace(body, text=masked(body.text))
        case Picked():
            question, answer = masked(body.question), masked(body.answer)
            return replace(body, question=question, answer=answer)
        case Rated() if body.text is not None:
            return replace(body, text=masked(body.text))
        case Texted() if body.reason is not None:
            return replace(body, reason=masked(body.reason))
        case TurnTaken():
            # What a program of the shop's names as its sources may be anything.
            reason = None if body.reason is None else masked(body.reason)
            return replace(
                body, reason=reason, sources=tuple(map(masked, body.sources))
            )
        case HandoffChanged():
            return replace(
                body,
                reason=None if body.reason is None else masked(body.reason),
                ref=None if body.ref is None else masked(body.ref),
            )
        case Tagged():
            add, remove = map(masked, body.add), map(masked, body.remove)
            return replace(body, add=tuple(add), remove=tuple(remove))
        case _:
            return body
