"""What becomes of each operation, and who may ask for it.

A table from frames to mail for the actors; hello and identify are in `broker.hello`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.agent.commands import Choose
from actors.cells.orders import Join, LookBack, Order, Sign
from actors.cells.profile import Begin
from actors.chat.commands import (
    AnyCommand,
    Assign,
    End,
    MoveCursor,
    Note,
    Say,
    Snooze,
    Wake,
)
from actors.ids import ChatId, Millis, Seq, stream_of
from actors.refusals import Reason, Refused
from broker.subscription import OTHER_EPOCH, Subscription
from broker.wire import frames
from broker.wire.errors import Close, Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer

NOT_FOUND = Refused(Reason.NOT_FOUND)
LATER_TODAY = Millis(3 * 3600 * 1000)
ONE_WEEK = Millis(7 * 24 * 3600 * 1000)
"""Presets of a snooze that need no calendar (F17)."""


def _order(peer: "Peer", chat: ChatId, command: AnyCommand) -> None:
    chats = peer.house.chats
    if chats.get(chat) is None and stream_of(chat) is None:
        peer.say(refuse(command.id, Code.NOT_FOUND))
    else:
        chats.tell(chat, Order(command, peer))


def _msg_send(peer: "Peer", said: frames.MsgSend) -> None:
    if said.macro is not None:
        # No site has any macros yet, so this one is not among them.
        peer.say(refuse(said.id, Code.NOT_FOUND, path="$.macro"))
        return
    command = Say(
        said.id,
        peer.who,
        peer.site,
        peer.house.clock(),
        said.text or "",
        said.blobs,
        said.macro,
        said.hold,
        said.if_head,
    )
    _order(peer, said.chat, command)


def _note_add(peer: "Peer", said: frames.NoteAdd) -> None:
    now = peer.house.clock()
    _order(peer, said.chat, Note(said.id, peer.who, peer.site, now, said.text))


def _chat_end(peer: "Peer", said: frames.ChatEnd) -> None:
    _order(peer, said.chat, End(said.id, peer.who, peer.site, peer.house.clock()))


def _read(peer: "Peer", said: frames.Read) -> None:
    now = peer.house.clock()
    moved = MoveCursor(said.id, peer.who, peer.site, now, "read", said.seq)
    _order(peer, said.chat, moved)


def _got(peer: "Peer", said: frames.Got) -> None:
    now = peer.house.clock()
    moved = MoveCursor(said.id, peer.who, peer.site, now, "got", said.seq)
    _order(peer, said.chat, moved)


def _ticket_assign(peer: "Peer", said: frames.TicketAssign) -> None:
    if said.to is not None:
        account = peer.house.sites.agent(peer.site, said.to)
        if account is None or account.disabled_at is not None:
            peer.say(refuse(said.id, Code.NOT_FOUND, path="$.to"))
            return
    now = peer.house.clock()
    _order(peer, said.chat, Assign(said.id, peer.who, peer.site, now, said.to))


def _ticket_snooze(peer: "Peer", said: frames.TicketSnooze) -> None:
    now = peer.house.clock()
    until = said.until
    match said.preset:
        case None if until is None:
            why = "needs until or preset"
            peer.say(refuse(said.id, Code.BAD_FRAME, path="$.until", reason=why))
            return
        case None | "next_reply":
            pass
        case "later_today":
            until = Millis(now + LATER_TODAY)
        case "one_week":
            until = Millis(now + ONE_WEEK)
        case _:
            why = "is no preset here"
            peer.say(refuse(said.id, Code.BAD_FRAME, path="$.preset", reason=why))
            return
    _order(peer, said.chat, Snooze(said.id, peer.who, peer.site, now, until))


def _ticket_wake(peer: "Peer", said: frames.TicketWake) -> None:
    _order(peer, said.chat, Wake(said.id, peer.who, peer.site, peer.house.clock()))


def _chat_start(peer: "Peer", said: frames.ChatStart) -> None:
    begin = Begin(said.id, said.text or "", said.blobs, said.legal_ack, peer)
    peer.house.people.tell(f"{peer.site}/{peer.sub}", begin)


def _chat_open(peer: "Peer", said: frames.ChatOpen) -> None:
    house, chat = peer.house, said.chat
    if stream_of(chat) is None:
        peer.say(refuse(said.id, Code.NOT_FOUND))
    else:
        same = said.epoch is None or said.epoch == house.epoch
        after = said.after if same else OTHER_EPOCH
        subscription = Subscription(peer, chat, after, said.id, resumed=False)
        peer.subscribe(subscription)
        house.chats.tell(chat, Join(subscription, peer.site))


def _chat_leave(peer: "Peer", said: frames.ChatLeave) -> None:
    # First, so that the answers which wait for their place come when there is none.
    peer.say(frames.Ok(said.id, said.chat))
    subscription = peer.subscription(said.chat)
    if subscription is not None:
        peer.unsubscribe(subscription)


def _chat_history(peer: "Peer", said: frames.ChatHistory) -> None:
    if stream_of(said.chat) is None:
        peer.say(refuse(said.id, Code.NOT_FOUND))
        return
    before, limit = Seq(said.before), said.limit
    look = LookBack(said.id, peer.who, peer.site, before, limit, peer)
    peer.house.chats.tell(said.chat, look)


def _typing(peer: "Peer", said: frames.Typing) -> None:
    if peer.house.chats.get(said.chat) is not None or stream_of(said.chat) is not None:
        note = said.note and peer.insider
        sign = Sign(peer.who, peer.site, said.on, note)
        peer.house.chats.tell(said.chat, sign)


def _presence_set(peer: "Peer", said: frames.PresenceSet) -> None:
    peer.house.agents.tell(f"{peer.site}/{peer.sub}", Choose(said.state))
    peer.say(frames.Ok(said.id))


def _bye(peer: "Peer", said: frames.Bye) -> None:
    peer.say(frames.Ok(said.id))
    peer.transport.close(Close.BYE)


class Request(NamedTuple):
    """What an operation does, and for whom."""

    handler: Callable[["Peer", Any], None]
    roles: frozenset[str]


ALL = frozenset({"visitor", "shopper", "agent", "admin"})
PARTIES = frozenset({"shopper", "agent", "admin"})
STAFF = frozenset({"agent", "admin"})
SHOPPERS = frozenset({"shopper"})

REQUESTS: dict[type, Request] = {
    frames.MsgSend: Request(_msg_send, PARTIES),
    frames.Typing: Request(_typing, PARTIES),
    frames.Read: Request(_read, PARTIES),
    frames.Got: Request(_got, PARTIES),
    frames.ChatStart: Request(_chat_start, SHOPPERS),
    frames.ChatOpen: Request(_chat_open, PARTIES),
    frames.ChatLeave: Request(_chat_leave, PARTIES),
    frames.ChatHistory: Request(_chat_history, PARTIES),
    frames.ChatEnd: Request(_chat_end, PARTIES),
    frames.NoteAdd: Request(_note_add, STAFF),
    frames.TicketAssign: Request(_ticket_assign, STAFF),
    frames.TicketSnooze: Request(_ticket_snooze, STAFF),
    frames.TicketWake: Request(_ticket_wake, STAFF),
    frames.PresenceSet: Request(_presence_set, STAFF),
    frames.Bye: Request(_bye, ALL),
}
"""The role x operation table. What ids a role can reach is for the chats to say."""
