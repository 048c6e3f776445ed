"""What agents do with a ticket beside talking."""

from broker.wire.fields import Agent, Chat, Moment, Tags, Word
from broker.wire.forms import Request, Signal


class NoteAdd(Request, frozen=True, gc=False, tag="note.add"):
    """Leave a note that only agents see."""

    chat: Chat
    text: str


class TicketAssign(Request, frozen=True, gc=False, tag="ticket.assign"):
    """Give the ticket to the agent `to`, or to nobody."""

    chat: Chat
    to: Agent | None
    force: bool = False


class TicketSnooze(Request, frozen=True, gc=False, tag="ticket.snooze"):
    """Put the ticket aside until `until`, or as the preset says."""

    chat: Chat
    until: Moment | None = None
    preset: Word | None = None


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
