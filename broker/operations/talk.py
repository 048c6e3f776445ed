"""What becomes of the operations of those who talk in a chat."""

from typing import TYPE_CHECKING

from actors.cells.orders import Join, LookBack, Sign
from actors.cells.starting import NO_CHAT, Begin
from actors.chat.commands import AnswerHandoff, End, MoveCursor, Rate, Say
from actors.chat.traits import Traits
from actors.ids import ANON, Seq, stream_of
from broker import welcoming
from broker.operations import macro
from broker.operations.ordering import order
from broker.subscription import OTHER_EPOCH, Subscription
from broker.trails import copied
from broker.wire import frames
from broker.wire.errors import Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer


def msg_send(peer: "Peer", said: frames.MsgSend) -> None:
    """Say something; the answer comes with the commit."""
    if said.macro is not None:
        macro.send(peer, said)
        return
    command = Say(
        said.id,
        peer.who,
        peer.site,
        peer.house.clock(),
        said.text or "",
        said.blobs,
        None,
        said.hold,
        said.if_head,
    )
    order(peer, said.chat, command)


def chat_end(peer: "Peer", said: frames.ChatEnd) -> None:
    """Close the chat."""
    now = peer.house.clock()
    command = End(said.id, peer.who, peer.site, now, said.no_csat, said.if_head)
    order(peer, said.chat, command)


def rate(peer: "Peer", said: frames.Rate) -> None:
    """Say how a chat was."""
    now = peer.house.clock()
    command = Rate(said.id, peer.who, peer.site, now, said.score, said.text)
    order(peer, said.chat, command)


def handoff_answer(peer: "Peer", said: frames.HandoffAnswer) -> None:
    """Have a person answer from now on, or go on with the bot."""
    now = peer.house.clock()
    order(peer, said.chat, AnswerHandoff(said.id, peer.who, peer.site, now, said.yes))


def read(peer: "Peer", said: frames.Read) -> None:
    """Move how far the asker has read."""
    now = peer.house.clock()
    moved = MoveCursor(said.id, peer.who, peer.site, now, "read", said.seq)
    order(peer, said.chat, moved)


def got(peer: "Peer", said: frames.Got) -> None:
    """Move how far the asker has received."""
    now = peer.house.clock()
    moved = MoveCursor(said.id, peer.who, peer.site, now, "got", said.seq)
    order(peer, said.chat, moved)


def chat_start(peer: "Peer", said: frames.ChatStart) -> None:
    """Have the asker's own actor find or open the chat."""
    if peer.house.blocked.stops(peer.who):
        peer.say(refuse(said.id, Code.FORBIDDEN))
        return
    if not peer.may_write(said.id, NO_CHAT, counted=True):
        return
    library = peer.house.sites.library_of(peer.site)
    faqs = copied(peer.house.trails.read_by(peer), said.faqs, library)

    def begin(welcome: str) -> None:
        begun = Begin(
            said.id,
            said.text or "",
            said.blobs,
            said.legal_ack,
            peer,
            limited=not peer.transport.trusted,
            faqs=faqs,
            welcome=welcome,
            traits=Traits(page=said.page, lang=said.lang, country=said.country),
        )
        if peer.role == "visitor":
            id_ = peer.who.removeprefix(ANON)
            peer.house.visitors.tell(f"{peer.site}/{id_}", begun)
        else:
            peer.house.people.tell(f"{peer.site}/{peer.sub}", begun)

    welcoming.go_on_with(peer, begin)


def chat_open(peer: "Peer", said: frames.ChatOpen) -> None:
    """Listen to a chat from a position on."""
    house, chat = peer.house, said.chat
    if stream_of(chat) is None:
        peer.say(refuse(said.id, Code.NOT_FOUND))
    else:
        same = said.epoch is None or said.epoch == house.epoch
        after = said.after if same else OTHER_EPOCH
        subscription = Subscription(peer, chat, after, said.id, resumed=False)
        peer.subscribe(subscription)
        house.chats.tell(chat, Join(subscription, peer.site))


def chat_leave(peer: "Peer", said: frames.ChatLeave) -> None:
    """Listen to a chat no longer."""
    subscription = peer.subscription(said.chat)
    if subscription is not None:
        subscription.announce()
    # First, so that the answers which wait for their place come when there is none.
    peer.say(frames.Ok(said.id, said.chat))
    if subscription is not None:
        peer.unsubscribe(subscription)


def chat_history(peer: "Peer", said: frames.ChatHistory) -> None:
    """Look back a page."""
    if stream_of(said.chat) is None:
        peer.say(refuse(said.id, Code.NOT_FOUND))
        return
    before, limit = Seq(said.before), said.limit
    look = LookBack(said.id, peer.who, peer.site, before, limit, peer)
    peer.house.chats.tell(said.chat, look)


def typing(peer: "Peer", said: frames.Typing) -> None:
    """Pass on that somebody types; a chat that cannot be is ignored."""
    if peer.house.blocked.stops(peer.who):
        return
    if peer.house.chats.get(said.chat) is not None or stream_of(said.chat) is not None:
        note = said.note and peer.insider
        sign = Sign(peer.who, peer.site, "typing", said.on, note)
        peer.house.chats.tell(said.chat, sign)
