"""What an agent asks of the list of tickets."""

from typing import Annotated, Literal

from msgspec import Meta

from broker.wire.fields import MAX_ID, MAX_PAGE, Chat, Position, Word
from broker.wire.forms import Request

ViewName = Annotated[
    str, Meta(pattern=f"^(all|mine|unassigned|bot|team:.{{1,{MAX_ID}}})$")
]


class InboxOpen(Request, frozen=True, gc=False, tag="inbox.open"):
    """List the tickets of a view, and tell me what changes there."""

    view: ViewName
    status: Literal["open", "snoozed", "closed"] = "open"
    channel: Literal["chat", "sms"] | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 50
    cursor: Word | None = None
    """From the page before."""
    after: Position | None = None
    """Only what has changed since this `ix`, if that is still known."""


class InboxClose(Request, frozen=True, gc=False, tag="inbox.close"):
    """Tell me no more of the inbox."""


class TicketUnread(Request, frozen=True, gc=False, tag="ticket.unread"):
    """Give the ticket a dot again, for me alone, until I read it."""

    chat: Chat


class Stats(Request, frozen=True, gc=False, tag="stats"):
    """Say what there is to do, and who is there to do it."""
