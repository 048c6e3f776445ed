"""What a client knows of its chats, across any number of connections. No IO, no clock.

The one law: for every chat that is followed, what `receive` gives out as events is what
the person's role may see of the journal, in order, each once, whatever connections were
cut, answers lost or requests repeated. It rests on three rules of protocol section 3:
an event is applied only if its `prev` is the client's position; what does not fit is
asked for again; and a request is repeated, with its id, until it is answered.
"""

from collections.abc import Callable
from typing import NamedTuple, assert_never

from msgspec import UNSET
from msgspec.structs import replace

from actors.ids import ChatId, Person, Seq
from broker.wire.codec import Codec
from broker.wire.errors import Code
from broker.wire.fields import Client, Resume
from broker.wire.frames import (
    Badge,
    Bye,
    ChatLeave,
    ChatOpen,
    ChatStart,
    Closing,
    Eph,
    Got,
    Hello,
    Live,
    Read,
    Request,
    Signal,
)
from broker.wire.happened import (
    Answered,
    Happened,
    Noticed,
    Postponed,
    Refused,
    Resynced,
    Vanished,
)
from broker.wire.heard import (
    Event,
    Fields,
    Greeting,
    InboxChange,
    Notice,
    Refusal,
    Reply,
    Unknown,
)
from broker.wire.own import own_event
from broker.wire.position import Followed

_OUTSIDE = frozenset({"shopper", "visitor", "anon"})
"""Roles of the shop's visitors, whatever they are called."""


class Hail(NamedTuple):
    """Who says hello."""

    token: str | None = None
    anon: str | None = None
    site: str | None = None
    client: Client | None = None


class ClientSession:
    """One client. Its owner carries `sends()` out, and `receive`s what comes in.

    `new_id` returns a request id that was never used before, by any process of this
    person: it decides whether a message is a new one.
    """

    def __init__(self, codec: Codec, new_id: Callable[[], str]) -> None:
        self.codec = codec.unframed
        self.new_id = new_id
        self.who = Person("")
        self.role = ""
        self.epoch: str | None = None
        self.anon: str | None = None
        """A visitor's secret, to be remembered: it is the visitor's only identity."""
        self.connected = False
        """Whether the hello of the present connection was answered."""
        self.full = False
        """Set by an owner without room for more events: they stay in the journal until
        there is, and `retry` is called."""
        self._hello = ""
        self._chats: dict[ChatId, Followed] = {}
        self._requests: dict[str, Request | Fields] = {}
        """Unanswered, oldest first; repeated on the next connection."""
        self._postponed: set[str] = set()
        self._opening: dict[str, ChatId] = {}
        """Our own `chat.open`s, which nobody else waits for."""
        self._stalled: set[ChatId] = set()
        """Chats of which something is to be fetched as soon as that is possible."""
        self._sends: list[bytes] = []

    @property
    def positions(self) -> dict[ChatId, Seq]:
        """Where the followed chats are, for `follow` in another process."""
        return {chat: followed.position for chat, followed in self._chats.items()}

    @property
    def unsent(self) -> int:
        """How many payloads `sends` would return."""
        return len(self._sends)

    def sends(self) -> list[bytes]:
        """Return the payloads to send now, each once."""
        sends, self._sends = self._sends, []
        return sends

    def hello(self, hail: Hail) -> None:
        """Begin a connection."""
        self.lost()
        self._hello = self.new_id()
        # What is opened anew, because its answer is waited for, need not be resumed.
        anew = self._waited_for()
        chats = {c: p for c, p in self.positions.items() if c not in anew}
        self._send(
            Hello(
                self._hello,
                token=hail.token,
                anon=hail.anon or (None if hail.token else self.anon),
                client=hail.client,
                site=hail.site,
                resume=Resume(chats, self.epoch) if chats else None,
            )
        )

    def lost(self) -> None:
        """Learn that the connection is gone; what is unanswered waits for the next."""
        self.connected = False
        self._sends = []
        self._opening.clear()
        self._stalled.clear()
        self._postponed.clear()
        for id_ in [i for i, r in self._requests.items() if isinstance(r, Bye)]:
            # It was said to that connection.
            del self._requests[id_]
        for followed in self._chats.values():
            followed.opening = ""

    def follow(self, chat: ChatId, after: Seq) -> None:
        """Resume `chat` with the next hello, as if it had been followed before."""
        self._chats[chat] = Followed(after)

    def ask(self, request: Request | Fields) -> str:
        """Send `request`, now or as soon as there is a connection; return its id.

        It is repeated until it is answered. A chat that is followed already goes on
        where it is, whatever a `ChatOpen` says. An operation that this library does not
        know is given as the frame's fields, `op` and `id` among them.
        """
        id_: str = request["id"] if isinstance(request, dict) else request.id
        self._requests[id_] = self._noted(request)
        if self.connected:
            self._send(self._requests[id_])
        return id_

    def signal(self, signal: Signal) -> None:
        """Send `signal` if there is a connection; it is not worth keeping."""
        if self.connected:
            self._send(signal)

    def forget(self, id_: str) -> None:
        """Do not repeat a request: whoever waited for its answer has gone."""
        self._requests.pop(id_, None)
        self._postponed.discard(id_)

    def retry(self) -> None:
        """Send what was postponed again, in the order in which it was asked.

        Fetch what there was no room for, too.
        """
        for id_, request in self._requests.items():
            if id_ in self._postponed:
                self._send(request)
        self._postponed.clear()
        stalled, self._stalled = self._stalled, set()
        for chat in stalled & self._chats.keys():
            self._open(chat, self._chats[chat])

    def receive(self, payload: bytes) -> list[Happened]:
        """Return what a payload from the server means, in the order it took effect.

        Raises:
            Broken: it is no frame. Hang up; nothing has changed.
        """
        heard = self.codec.hear(payload)
        match heard:
            case Event():
                return self._applied(heard)
            case Reply():
                return self._answered(heard, payload)
            case Refusal():
                return self._refused(heard, payload)
            case Greeting():
                return self._welcomed(heard)
            case Notice():
                return [Noticed(heard.kind, self.codec.fields(payload))]
            case Live() | Eph() | InboxChange() | Badge() | Closing():
                return [heard]
            case Unknown():
                return []
            case _:
                assert_never(heard)

    def _send(self, said: Request | Signal | Fields) -> None:
        self._sends.append(self.codec.encode(said))

    def _noted(self, request: Request | Fields) -> Request | Fields:
        """Return `request` as it is to be sent, after what it does to the chats."""
        match request:
            case ChatOpen():
                followed = self._chats.setdefault(request.chat, Followed(request.after))
                followed.opening = request.id
                return replace(request, after=followed.position)
            case ChatLeave():
                self._chats.pop(request.chat, None)
            case Read() | Got():
                self._move_cursor(request)
            case _:
                pass
        return request

    def _move_cursor(self, cursor: Read | Got) -> None:
        followed = self._chats.get(cursor.chat)
        if followed is None:
            return
        followed.got = max(followed.got, cursor.seq)
        if isinstance(cursor, Read):
            followed.read = max(followed.read, cursor.seq)

    def _reopened(self, request: Request | Fields) -> Request | Fields:
        """Return `request` as the new connection needs it."""
        if not isinstance(request, ChatOpen) or request.chat not in self._chats:
            return request
        followed = self._chats[request.chat]
        followed.opening = request.id
        epoch = request.epoch if followed.position else None
        return replace(request, after=followed.position, epoch=epoch)

    def _waited_for(self) -> set[ChatId]:
        """Return the chats that somebody else than us is opening."""
        requests = self._requests.values()
        return {request.chat for request in requests if isinstance(request, ChatOpen)}

    def _welcomed(self, greeting: Greeting) -> list[Happened]:
        happened: list[Happened] = [greeting]
        if self.epoch not in (None, greeting.epoch):
            # The server says so itself of the chats that were to be resumed.
            for chat in self._waited_for() & self._chats.keys():
                self._chats[chat].restart()
                happened.append(Resynced(chat))
        self.who, self.role, self.epoch = greeting.who, greeting.role, greeting.epoch
        if greeting.anon is not UNSET:
            self.anon = greeting.anon
        self.connected = True
        for request in self._requests.values():
            self._send(self._reopened(request))
        for chat, followed in self._chats.items():
            # The last second of cursors is all that a crash may cost.
            if followed.read:
                self._send(Read(self.new_id(), chat, followed.read))
            if followed.got > followed.read:
                self._send(Got(self.new_id(), chat, followed.got))
        return happened

    def _applied(self, event: Event) -> list[Happened]:
        followed = self._chats.get(event.chat)
        if followed is None:
            starting = any(isinstance(r, ChatStart) for r in self._requests.values())
            if event.prev or not starting:
                return []
            followed = self._chats[event.chat] = Followed(Seq(0))
        if self.full:
            self._stalled.add(event.chat)
            return []
        taken = followed.take(event)
        if taken is None:
            self._open(event.chat, followed)
            return []
        return [*taken]

    def _open(self, chat: ChatId, followed: Followed) -> None:
        """Ask for what is missing, unless it has been asked for."""
        if not followed.opening:
            followed.opening = self.new_id()
            self._opening[followed.opening] = chat
            self._send(ChatOpen(followed.opening, chat, followed.position))

    def _answered(self, reply: Reply, payload: bytes) -> list[Happened]:
        request = self._requests.pop(reply.re, None)
        self._postponed.discard(reply.re)
        happened: list[Happened] = []
        opened = (
            request.chat
            if isinstance(request, ChatOpen)
            else self._opening.pop(reply.re, None)
        )
        followed = self._chats.get(opened) if opened is not None else None
        if followed is not None and followed.opening == reply.re:
            followed.opening = ""
        if reply.seq is not UNSET and reply.prev is not UNSET:
            happened += self._written(request, reply)
        if request is not None:
            happened.append(
                Answered(reply.re, reply, self.codec.fields(payload)),
            )
        return happened

    def _written(
        self, request: Request | Fields | None, reply: Reply
    ) -> tuple[Event, ...]:
        """Return the events that the answer to a write lets us apply."""
        if reply.chat is UNSET or reply.seq is UNSET:
            return ()
        followed = self._chats.get(reply.chat)
        if followed is None:
            if isinstance(request, ChatStart):
                # It ran already, or began on a connection that is gone.
                followed = self._chats[reply.chat] = Followed(Seq(0))
                self._open(reply.chat, followed)
            return ()
        if reply.seq <= followed.position:
            return ()
        if self.full:
            self._stalled.add(reply.chat)
            return ()
        agent = self.role not in _OUTSIDE
        event = own_event(request, reply, by=self.who, agent=agent)
        taken = followed.take(event) if event else None
        if taken is not None:
            return taken
        if event:
            followed.keep(event)
        self._open(reply.chat, followed)
        return ()

    def _refused(self, refusal: Refusal, payload: bytes) -> list[Happened]:
        id_ = refusal.re
        if id_ == self._hello and refusal.chat is not UNSET:
            return self._not_resumed(refusal.chat, refusal)
        if id_ in self._opening:
            return self._not_resumed(self._opening.pop(id_), refusal)
        request = self._requests.get(id_)
        if isinstance(request, ChatOpen) and request.chat in self._chats:
            if refusal.code == Code.RESYNC_REQUIRED:
                self._chats[request.chat].restart()
                self.ask(ChatOpen(id_, request.chat))
                return [Resynced(request.chat)]
            if not refusal.retry:
                del self._chats[request.chat]
        if request is not None and refusal.retry:
            self._postponed.add(id_)
            return [Postponed(id_, refusal)]
        if request is None and id_ != self._hello:
            # A cursor that was repeated on the way, or a request that was forgotten.
            return []
        self.forget(id_)
        return [Refused(id_, refusal, self.codec.fields(payload))]

    def _not_resumed(self, chat: ChatId, refusal: Refusal) -> list[Happened]:
        followed = self._chats.get(chat)
        if followed is None:
            return []
        followed.opening = ""
        if refusal.code == Code.RESYNC_REQUIRED:
            followed.restart()
            self._open(chat, followed)
            return [Resynced(chat)]
        if refusal.retry:
            self._stalled.add(chat)
            return [Postponed(refusal.re, refusal)]
        del self._chats[chat]
        return [Vanished(chat)]
