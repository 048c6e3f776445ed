"""What agents do with a ticket beside talking."""

from broker.wire.fields import Chat, Moment, Position, Tags, Target, Word
from broker.wire.forms import Request, Signal


class NoteAdd(Request, frozen=True, gc=False, tag="note.add"):
    """Leave a note that only agents see."""

    chat: Chat
    text: str


class TicketAssign(Request, frozen=True, gc=False, tag="ticket.assign"):
    """Give the ticket to the agent `to`, to `team:<id>`, or to nobody.

    An agent who is not there or has no room is refused, unless with `force`.
    """

    chat: Chat
    to: Target | None
    force: bool = False


class TicketTransfer(Request, frozen=True, gc=False, tag="ticket.transfer"):
    """Hand the ticket on, with a note; with `accept`, if they will have it."""

    chat: Chat
    to: Target | None
    note: str | None = None
    force: bool = False
    accept: bool = False


class TransferAnswer(Request, frozen=True, gc=False, tag="transfer.answer"):
    """I take the ticket that I was offered, or I do not."""

    chat: Chat
    yes: bool


class TicketSnooze(Request, frozen=True, gc=False, tag="ticket.snooze"):
    """Put the ticket aside until `until`, or as the preset says."""

    chat: Chat
    until: Moment | None = None
    preset: Word | None = None
    if_head: Position | None = None
    """Refuse with `stale_head` if the shopper has said more than this."""


class TicketWake(Request, frozen=True, gc=False, tag="ticket.wake"):
    """Bring a snoozed ticket back."""

    chat: Chat


class TicketTag(Request, frozen=True, gc=False, tag="ticket.tag"):
    """Put tags on the ticket, and take others off; agents alone see them."""

    chat: Chat
    add: Tags = ()
    remove: Tags = ()


class ControlTake(Request, frozen=True, gc=False, tag="control.take"):
    """I answer from now on, not the bot; the ticket is mine."""

    chat: Chat


class ControlRelease(Request, frozen=True, gc=False, tag="control.release"):
    """The bot may answer again."""

    chat: Chat


class View(Signal, frozen=True, gc=False, tag="view"):
    """I have `chat` on the screen, or no longer."""

    chat: Chat
    on: bool
