"""What becomes of each operation, and who may ask for it.

A table from frames to the functions of `operations`, which turn them into mail for the
actors; hello and identify are in `broker.hello`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from broker import panel, storefront
from broker.operations import (
    faq,
    inbox,
    macro,
    presence,
    profile,
    search,
    talk,
    ticket,
)
from broker.wire import frames

if TYPE_CHECKING:
    from broker.peer import Peer


class Request(NamedTuple):
    """What an operation does, for whom, and how it is answered."""

    handler: Callable[["Peer", Any], None]
    roles: frozenset[str]
    answer: type[frames.Answer] | None = frames.Ok
    """The form of its `ok`; signals have none."""
    to_bot: bool = False
    """Whether visitors may too, where they may talk to a bot."""


ALL = frozenset({"visitor", "shopper", "agent", "admin"})
PARTIES = frozenset({"shopper", "agent", "admin"})
STAFF = frozenset({"agent", "admin"})
SHOPPERS = frozenset({"shopper"})
GUESTS = frozenset({"visitor", "shopper"})

REQUESTS: dict[type, Request] = {
    frames.MsgSend: Request(talk.msg_send, PARTIES, to_bot=True),
    frames.Typing: Request(talk.typing, PARTIES, None, to_bot=True),
    frames.Read: Request(talk.read, PARTIES, to_bot=True),
    frames.Got: Request(talk.got, PARTIES, to_bot=True),
    frames.ChatStart: Request(talk.chat_start, SHOPPERS, to_bot=True),
    frames.FaqPick: Request(faq.faq_pick, GUESTS, storefront.FaqPicked),
    frames.FaqDone: Request(faq.faq_done, GUESTS, storefront.FaqFinished),
    frames.ChatOpen: Request(talk.chat_open, PARTIES, frames.ChatOpened, to_bot=True),
    frames.ChatLeave: Request(talk.chat_leave, PARTIES, to_bot=True),
    frames.ChatHistory: Request(
        talk.chat_history, PARTIES, frames.HistoryRead, to_bot=True
    ),
    frames.ChatEnd: Request(talk.chat_end, PARTIES, to_bot=True),
    frames.NoteAdd: Request(ticket.note_add, STAFF),
    frames.TicketAssign: Request(ticket.ticket_assign, STAFF),
    frames.TicketSnooze: Request(ticket.ticket_snooze, STAFF),
    frames.TicketWake: Request(ticket.ticket_wake, STAFF),
    frames.Rate: Request(talk.rate, SHOPPERS, to_bot=True),
    frames.HandoffAnswer: Request(talk.handoff_answer, SHOPPERS, to_bot=True),
    frames.TicketTransfer: Request(ticket.ticket_transfer, STAFF),
    frames.TransferAnswer: Request(ticket.transfer_answer, STAFF),
    frames.TicketTag: Request(ticket.ticket_tag, STAFF),
    frames.ControlTake: Request(ticket.control_take, STAFF),
    frames.ControlRelease: Request(ticket.control_release, STAFF),
    frames.View: Request(ticket.view, STAFF, None),
    frames.InboxOpen: Request(inbox.inbox_open, STAFF, frames.InboxOpened),
    frames.InboxClose: Request(inbox.inbox_close, STAFF),
    frames.TicketUnread: Request(inbox.ticket_unread, STAFF),
    frames.Stats: Request(inbox.stats, STAFF, frames.StatsTaken),
    frames.MacroList: Request(macro.macro_list, STAFF, panel.MacrosListed),
    frames.MacroRender: Request(macro.macro_render, STAFF, panel.MacroRendered),
    frames.ProfileGet: Request(profile.profile_get, STAFF, panel.ProfileRead),
    frames.ProfileEvents: Request(
        profile.profile_events, STAFF, panel.ProfileEventsRead
    ),
    frames.PresenceSet: Request(presence.presence_set, STAFF),
    frames.Search: Request(search.search, STAFF, frames.SearchDone),
    frames.Bye: Request(presence.bye, ALL),
}
"""The role x operation table. What ids a role can reach is for the chats to say."""
