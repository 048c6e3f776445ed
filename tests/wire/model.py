"""A broker of nothing but the contract's rules of delivery, for one person's client."""

from collections import deque
from dataclasses import dataclass, field
from typing import assert_never

import msgspec

from actors.ids import ChatId, Millis, Person, Seq
from broker.wire.codec import JSON
from broker.wire.errors import Code, refuse
from broker.wire.frames import (
    Bye,
    ChatEnd,
    ChatHistory,
    ChatLeave,
    ChatOpen,
    ChatOpened,
    ChatStart,
    ClientFrame,
    Err,
    Ev,
    FromServer,
    Got,
    Hello,
    HistoryRead,
    Identify,
    InboxOpen,
    InboxOpened,
    Live,
    MsgSend,
    NoteAdd,
    Ok,
    Read,
    Server,
    TicketAssign,
    Typing,
    View,
    Welcome,
)
from broker.wire.heard import Event, Fields
from broker.wire.session import ServerSession
from tests.wire.examples import TICKET

HIDDEN = {"note", "assigned", "status"}


@dataclass
class Kept:
    """An event of the journal."""

    seq: Seq
    by: Person
    kind: str
    body: Fields
    id: str = ""


@dataclass
class Chat:
    """A chat's journal, as it is on disk."""

    events: list[Kept] = field(default_factory=list)

    @property
    def head(self) -> Seq:
        """Seq of the newest event."""
        return Seq(len(self.events))

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return any(kept.kind == "closed" for kept in self.events)


@dataclass
class Attached:
    """How far a connection was sent a chat."""

    sent: Seq
    oks: dict[Seq, Ok] = field(default_factory=dict)
    """Answers in place of events: the connection's own, by seq."""
    live: bool = False


class Broker:
    """Everything durable, and one connection."""

    def __init__(self, who: Person) -> None:
        self.who = who
        self.agent = who.startswith("agent:")
        self.chats: dict[ChatId, Chat] = {}
        self.starts: dict[str, ChatId] = {}
        self.epoch = 1
        self.unavailable = 0
        """How many writes will be refused for now."""
        self.connect()

    def connect(self) -> None:
        """Forget the connection, and begin another."""
        self.session = ServerSession(JSON.unframed)
        self.attached: dict[ChatId, Attached] = {}
        self.held: dict[ChatId, str] = {}
        self.out: deque[bytes] = deque()
        self.inbound: deque[bytes] = deque()

    def visible(self, chat: ChatId) -> list[Event]:
        """Return what the person may see, `prev` and all."""
        events: list[Event] = []
        prev = Seq(0)
        for kept in self.chats[chat].events:
            if self.agent or kept.kind not in HIDDEN:
                at = Millis(kept.seq * 10)
                events.append(
                    Event(chat, kept.seq, prev, at, kept.by, kept.kind, kept.body)
                )
                prev = kept.seq
        return events

    def write(
        self, chat: ChatId, kind: str, body: Fields, by: Person, id_: str = ""
    ) -> Seq:
        """Add an event; whoever is up to date is sent it by the next `page`."""
        journal = self.chats.setdefault(chat, Chat())
        kept = Kept(Seq(journal.head + 1), by, kind, body, id_)
        journal.events.append(kept)
        return kept.seq

    def restore(self, keep: int) -> None:
        """Set every chat back to at most `keep` events, as a back-up would."""
        self.epoch += 1
        for chat in list(self.chats):
            del self.chats[chat].events[keep:]
            if not self.chats[chat].events:
                del self.chats[chat]
        kept = {event.id for chat in self.chats.values() for event in chat.events}
        self.starts = {id_: c for id_, c in self.starts.items() if id_ in kept}
        self.connect()

    def turn(self) -> None:
        """Take one frame of the client."""
        said = self.session.receive(self.inbound.popleft())
        if isinstance(said, Err):
            self._say(said)
        elif said is not None:
            self._take(said)

    def page(self, chat: ChatId, limit: int) -> None:
        """Send up to `limit` more events of `chat`."""
        attached = self.attached[chat]
        for event in self.visible(chat):
            if event.seq <= attached.sent:
                continue
            if limit == 0:
                return
            limit -= 1
            attached.sent = event.seq
            ok = attached.oks.pop(event.seq, None)
            if ok is not None:
                self._say(ok)
            else:
                self.out.append(JSON.unframed.encode(event))
        if not attached.live:
            attached.live = True
            self._say(Live(chat, self.chats[chat].head))

    def _say(self, frame: FromServer) -> None:
        self.out.append(JSON.unframed.encode(frame))

    def _take(self, said: ClientFrame) -> None:
        match said:
            case Hello():
                self._welcome(said)
            case ChatOpen():
                self._open(said)
            case ChatLeave():
                self.attached.pop(said.chat, None)
                self._say(Ok(said.id))
            case Read() | Got():
                journal = self.chats.get(said.chat)
                if journal is None or said.seq > journal.head:
                    self._say(refuse(said.id, Code.BAD_CURSOR))
                else:
                    self._say(Ok(said.id, said.chat, said.seq))
            case ChatHistory():
                self._history(said)
            case ChatStart():
                self._start(said)
            case MsgSend() | NoteAdd() | ChatEnd() | TicketAssign():
                self._write(said)
            case InboxOpen():
                self._say(InboxOpened(said.id, 1, (), 0, more=False, full=True))
            case Bye() | Identify():
                self._say(Ok(said.id))
            case Typing() | View():
                pass
            case _:
                raise AssertionError(said)

    def _welcome(self, hello: Hello) -> None:
        self.session.welcomed("agent" if self.agent else "shopper")
        self._say(
            Welcome(
                re=hello.id,
                session="s",
                epoch=str(self.epoch),
                who=self.who,
                role=self.session.role,
                site="default",
                server=Server("model", "1"),
                now=Millis(0),
                heartbeat_s=20,
                limits={},
                chat=None,
            )
        )
        if hello.resume is None:
            return
        for chat, after in hello.resume.chats.items():
            if chat not in self.chats:
                self._say(refuse(hello.id, Code.NOT_FOUND, chat=chat))
            elif hello.resume.epoch != str(self.epoch) or (
                after > self.chats[chat].head
            ):
                self._say(refuse(hello.id, Code.RESYNC_REQUIRED, chat=chat, head=0))
            else:
                self.attached[chat] = Attached(after)

    def _open(self, said: ChatOpen) -> None:
        if said.chat not in self.chats:
            self._say(refuse(said.id, Code.NOT_FOUND))
        elif said.epoch not in (None, str(self.epoch)) or (
            said.after > self.chats[said.chat].head
        ):
            self._say(refuse(said.id, Code.RESYNC_REQUIRED, head=0))
        else:
            self._say(ChatOpened(said.id, said.chat, Seq(0), TICKET))
            oks = self.attached.pop(said.chat, Attached(Seq(0))).oks
            self.attached[said.chat] = Attached(said.after, oks)

    def _history(self, said: ChatHistory) -> None:
        if said.chat not in self.chats:
            self._say(refuse(said.id, Code.NOT_FOUND))
            return
        events = [e for e in self.visible(said.chat) if e.seq < said.before]
        page = tuple(_sent(event) for event in events[-said.limit :])
        self._say(HistoryRead(said.id, page, more=len(events) > len(page)))

    def _refused_for_now(self, chat: ChatId, id_: str) -> bool:
        if self.held.get(chat) not in (None, id_):
            return True
        self.held.pop(chat, None)
        if self.unavailable:
            self.unavailable -= 1
            self.held[chat] = id_
            return True
        return False

    def _write(self, said: MsgSend | NoteAdd | ChatEnd | TicketAssign) -> None:
        if said.chat not in self.chats:
            self._say(refuse(said.id, Code.NOT_FOUND))
            return
        if self._refused_for_now(said.chat, said.id):
            self._say(refuse(said.id, Code.UNAVAILABLE))
            return
        if self._repeated(said.chat, said.id):
            return
        if self.chats[said.chat].closed:
            self._say(refuse(said.id, Code.CHAT_CLOSED))
            return
        kind, body = self._meant(said)
        seq = self.write(said.chat, kind, body, self.who, said.id)
        self._answer(said.chat, said.id, seq)

    def _meant(
        self, said: MsgSend | NoteAdd | ChatEnd | TicketAssign
    ) -> tuple[str, Fields]:
        match said:
            case MsgSend():
                return "msg", {"text": said.text or ""}
            case NoteAdd():
                return "note", {"text": said.text}
            case ChatEnd():
                return "closed", {"reason": "agent" if self.agent else "shopper"}
            case TicketAssign():
                return "assigned", {"from": None, "to": said.to, "why": "manual"}
            case _:
                assert_never(said)

    def _repeated(self, chat: ChatId, id_: str) -> bool:
        for kept in self.chats[chat].events:
            if kept.id == id_ and kept.by == self.who:
                event = next(e for e in self.visible(chat) if e.seq == kept.seq)
                self._say(Ok(id_, chat, kept.seq, event.prev, event.at, dup=True))
                return True
        return False

    def _answer(
        self, chat: ChatId, id_: str, seq: Seq, *, existing: bool | None = None
    ) -> None:
        event = next(event for event in self.visible(chat) if event.seq == seq)
        ok = Ok(id_, chat, seq, event.prev, event.at)
        if existing is not None:
            ok = Ok(id_, chat, seq, event.prev, event.at, existing=existing)
        if chat in self.attached:
            # In place of the event, after all visible lower ones.
            self.attached[chat].oks[seq] = ok
        else:
            self._say(ok)

    def _start(self, said: ChatStart) -> None:
        if said.id in self.starts:
            self._repeated(self.starts[said.id], said.id)
            return
        running = next(
            (c for c in self.starts.values() if not self.chats[c].closed), None
        )
        chat = running or ChatId(f"own{len(self.chats)}-{self.epoch}")
        if running is None:
            self.write(chat, "opened", {"profile": "p"}, self.who)
            self.write(chat, "msg", {"text": "Welcome!", "auto": "welcome"}, self.who)
            self.attached[chat] = Attached(Seq(0), live=True)
        self.starts[said.id] = chat
        seq = self.write(chat, "msg", {"text": said.text or ""}, self.who, said.id)
        self._answer(chat, said.id, seq, existing=running is not None)


def _sent(event: Event) -> Ev:
    body = msgspec.Raw(msgspec.json.encode(event.body))
    return Ev(event.chat, event.seq, event.prev, event.at, event.by, event.kind, body)
