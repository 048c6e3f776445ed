"""The frames that ask for what a seat wants."""

from collections.abc import Mapping

from actors.ids import ChatId, Seq
from broker.wire.fields import Client, Resume
from broker.wire.frames import (
    ChatEnd,
    ChatOpen,
    ChatStart,
    FromClient,
    Hello,
    MsgSend,
    NoteAdd,
    Read,
)
from broker.wire.operations.faq import FaqPick
from broker.wire.operations.inbox import InboxOpen
from clients.load.scene import Who
from clients.load.talk import (
    Asked,
    Cursor,
    Follower,
    Listing,
    Op,
    Opening,
    Picking,
    Write,
)
from clients.load.texts import Texts

CLIENT = Client("shopwire-load")
UNKNOWN = {Op.READ: "read", Op.PICK: "faq.pick", Op.LIST: "inbox.open"}
"""What another server need not know, by what is asked."""
PAGE = 200
"""Tickets asked for at once: the most that the protocol allows."""


def hello_of(
    id_: str, who: Who, followers: Mapping[str, Follower], epoch: str | None
) -> tuple[Hello, set[str]]:
    """Return how a connection begins, and the chats that it is to go on with."""
    positions = {
        ChatId(follower.chat): Seq(follower.resume())
        for follower in followers.values()
        if follower.attached
    }
    resume = Resume(positions, epoch) if positions else None
    hello = Hello(id_, token=who.token, client=CLIENT, resume=resume)
    return hello, {str(chat) for chat in positions}


def request_of(asked: Asked, texts: Texts) -> FromClient:
    """Return the frame that asks for it."""
    if isinstance(asked, Opening):
        follower = asked.follower
        after = follower.ask_again() if follower.attached else follower.position
        return ChatOpen(asked.id, ChatId(follower.chat), Seq(after))
    if isinstance(asked, Cursor):
        return Read(asked.id, ChatId(asked.follower.chat), Seq(asked.seq))
    if isinstance(asked, Picking):
        return FaqPick(asked.id, asked.faq)
    if isinstance(asked, Listing):
        return InboxOpen(asked.id, asked.view, limit=PAGE, cursor=asked.cursor)
    if not isinstance(asked, Write):
        raise TypeError(asked)
    chat, text = ChatId(asked.chat), texts.text(asked.mark)
    if asked.op is Op.SAY:
        return MsgSend(asked.id, chat, text, (asked.blob,) if asked.blob else ())
    if asked.op is Op.START:
        return ChatStart(asked.id, text)
    if asked.op is Op.NOTE:
        return NoteAdd(asked.id, chat, text)
    return ChatEnd(asked.id, chat)
