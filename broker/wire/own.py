"""The event that the answer to one's own write stands for (protocol section 3).

The answer says where the event stands, the request what it says. Where the server may
have said it differently, `None`: then the event is fetched like any other.
"""

from msgspec import UNSET

from actors.ids import Person
from broker.wire.frames import (
    ChatEnd,
    ChatStart,
    MsgSend,
    NoteAdd,
    Rate,
    Request,
)
from broker.wire.heard import Event, Fields, Reply


def own_event(
    request: Request | Fields | None, reply: Reply, *, by: Person, agent: bool
) -> Event | None:
    """Return the event of `request` as anybody else receives it, if that is certain."""
    said = None if reply.body_differs else _said(request, agent=agent)
    if said is None or reply.chat is UNSET or reply.seq is UNSET:
        return None
    if reply.prev is UNSET or reply.at is UNSET:
        return None
    kind, body = said
    return Event(reply.chat, reply.seq, reply.prev, reply.at, by, kind, body)


def _said(
    request: Request | Fields | None, *, agent: bool
) -> tuple[str, Fields] | None:
    match request:
        case MsgSend(text=str() | None as text, macro=None) if text or request.blobs:
            # Only an agent holds: from a shopper the word means nothing.
            hold = agent and request.hold
            return "msg", _message(text, request.blobs) | (
                {"hold": True} if hold else {}
            )
        case ChatStart():
            return "msg", _message(request.text, request.blobs)
        case NoteAdd():
            return "note", {"text": request.text}
        case ChatEnd():
            if not agent:
                return "closed", {"reason": "shopper"}
            unasked = {"no_csat": True} if request.no_csat else {}
            return "closed", {"reason": "agent"} | unasked
        case Rate():
            words = {"text": request.text} if request.text else {}
            return "rated", {"score": request.score} | words
        case _:
            return None


def _message(text: str | None, blobs: tuple[str, ...]) -> Fields:
    return {"text": text or ""} | ({"blobs": list(blobs)} if blobs else {})
