"""The frames that ask for what a seat wants."""

from actors.ids import ChatId, Seq
from broker.wire.frames import (
    ChatEnd,
    ChatOpen,
    ChatStart,
    FromClient,
    MsgSend,
    NoteAdd,
    Read,
)
from broker.wire.operations.faq import FaqPick
from clients.load.talk import Asked, Cursor, Op, Opening, Picking, Write
from clients.load.texts import Texts


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
