"""One message from socket to socket, as a trace of OpenTelemetry (`otel.enabled`).

    message          from the socket it was read from to the last it was sent to
      receive        decoded, checked, decided on, and queued for the disk
      commit         until it is durable
      fan_out        until everybody who is to see it was sent it

Nobody pays for it who has not asked for it: what is traced is done by the subclasses
here, and a broker without them never hears of this module. Spans are made when a
message is through, from times noted on its way: the library is on nobody's path either.

What is in a span: the operation, the role, how many listeners it had, how long it took,
and how a refused one was refused. Who, where and what is not: neither texts nor names,
ids of people, chats or requests, nor addresses.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from time import time_ns
from typing import NamedTuple

import msgspec
from opentelemetry.trace import (
    Span,
    Status,
    StatusCode,
    Tracer,
    get_tracer,
    set_span_in_context,
)

from actors.chat.events import Event
from actors.ids import ChatId, Person
from broker.edge.reactor import Flushable
from broker.house import House
from broker.hub import Hub
from broker.makings import Makings
from broker.peer import Peer
from broker.transport import Transport
from broker.wire import frames
from broker.wire.session import ServerSession
from storage.journal import Journal
from storage.records import Append, Record
from storage.writer import Item

MOST = 1000
"""Messages on their way at a time that are noted; the oldest goes unseen then. They are
those of a commit or two, unless something forgets them."""

Message = frames.ChatStart | frames.MsgSend | frames.NoteAdd
TRACED: dict[type[Message], str] = {
    frames.ChatStart: "chat.start",
    frames.MsgSend: "msg.send",
    frames.NoteAdd: "note.add",
}
"""Operations that are messages, as they are called on the wire."""

Key = tuple[Person, str]
"""Who asked, and by which id: it does not leave this process."""


class Way(msgspec.Struct):
    """When one message was where, in nanoseconds since 1970; 0: not yet."""

    op: str
    role: str
    read: int
    queued: int = 0
    durable: int = 0
    listeners: int = 0


class Trail(NamedTuple):
    """One part of the way."""

    name: str
    begin: int
    end: int


class Tracing:
    """Notes the ways of messages, and makes spans of those that are through."""

    unsent: Callable[[Flushable], None]
    """Has us told when everybody was sent what they are to be sent."""

    def __init__(self, tracer: Tracer, now: Callable[[], int] = time_ns) -> None:
        self._tracer = tracer
        self._now = now
        self._ways: OrderedDict[Key, Way] = OrderedDict()
        self._through: list[Way] = []

    def __len__(self) -> int:
        """Return how many are on their way."""
        return len(self._ways)

    def received(self, key: Key, op: str, role: str, read: int) -> None:
        """Note that a message was read from its socket at `read`."""
        self._ways[key] = Way(op, role, read)
        if len(self._ways) > MOST:
            self._ways.popitem(last=False)

    def queued(self, key: Key) -> None:
        """Note that its events wait for the disk."""
        way = self._ways.get(key)
        if way is not None:
            way.queued = self._now()

    def durable(self, key: Key) -> None:
        """Note that they are durable."""
        way = self._ways.get(key)
        if way is not None:
            way.durable = self._now()

    def published(self, key: Key, listeners: int) -> None:
        """Note that its event goes to so many, at the end of this turn."""
        way = self._ways.pop(key, None)
        if way is None:
            return
        way.listeners = listeners
        if not self._through:
            self.unsent(self)
        self._through.append(way)

    def refused(self, key: Key, code: str) -> None:
        """Make a span of a message that came to nothing."""
        way = self._ways.pop(key, None)
        if way is not None:
            end = self._now()
            self._message(way, end, Status(StatusCode.ERROR, code)).end(end)

    def flush(self) -> None:
        """Make spans of all that is through: their listeners were sent it just now."""
        through, self._through = self._through, []
        end = self._now()
        for way in through:
            message = self._message(way, end)
            within = set_span_in_context(message)
            for name, begin, until in _trails(way, end):
                part = self._tracer.start_span(name, within, start_time=begin)
                part.end(until)
            message.end(end)

    def _message(self, way: Way, end: int, status: Status | None = None) -> Span:
        span = self._tracer.start_span(
            "message",
            start_time=way.read,
            attributes={
                "shopwire.operation": way.op,
                "shopwire.role": way.role,
                "shopwire.listeners": way.listeners,
                "shopwire.took_us": (end - way.read) // 1000,
            },
        )
        if status is not None:
            span.set_status(status)
        return span


def _trails(way: Way, end: int) -> list[Trail]:
    queued, durable = way.queued or way.read, way.durable or way.queued or way.read
    return [
        Trail("receive", way.read, queued),
        Trail("commit", queued, durable),
        Trail("fan_out", durable, end),
    ]


class TracedSession(ServerSession):
    """Notes what comes from one peer."""

    __slots__ = ("_peer", "_tracing")

    def __init__(self, peer: Peer, tracing: Tracing) -> None:
        super().__init__(peer.codec)
        self._peer = peer
        self._tracing = tracing

    def receive(self, payload: bytes) -> frames.ClientFrame | frames.Err | None:
        """Return what `payload` says, as ever; note when a message came."""
        read = time_ns()
        said = super().receive(payload)
        if isinstance(said, Message):
            key = (self._peer.who, said.id)
            self._tracing.received(key, TRACED[type(said)], self._peer.role, read)
        return said


class TracedPeer(Peer):
    """Notes what its client is refused."""

    __slots__ = ("_tracing",)

    def __init__(self, transport: Transport, house: House, tracing: Tracing) -> None:
        super().__init__(transport, house)
        self._tracing = tracing
        self._session = TracedSession(self, tracing)

    def say(self, said: frames.FromServer) -> None:
        """Send a frame, as ever; note a refusal."""
        super().say(said)
        if isinstance(said, frames.Err):
            self._tracing.refused((self.who, said.re), said.code)


class TracedJournal(Journal):
    """Notes what waits for the disk, and what need not any more."""

    tracing: Tracing

    def append(self, append: Append) -> None:
        """Have `append` written, as ever."""
        super().append(append)
        for record in append.records:
            self.tracing.queued(_key(record))

    def _written(self, item: Item) -> None:
        if type(item) is Append and not item.failed:
            for record in item.records:
                self.tracing.durable(_key(record))
        super()._written(item)


class TracedHub(Hub):
    """Notes who is sent what."""

    tracing: Tracing

    def publish(self, chat: ChatId, record: Record, event: Event, skip: object) -> None:
        """Give an event to all who may see it, as ever."""
        before = self.counts.delivered
        super().publish(chat, record, event, skip)
        if record.id:
            self.tracing.published(_key(record), self.counts.delivered - before)


def traced() -> Makings:
    """Return the parts of a broker that is traced, by the tracer of this process."""
    tracing = Tracing(get_tracer("shopwire"))
    peer = partial(TracedPeer, tracing=tracing)
    return Makings(TracedHub, TracedJournal, peer, partial(_met, tracing))


def _met(
    tracing: Tracing, hub: Hub, journal: Journal, unsent: Callable[[Flushable], None]
) -> None:
    tracing.unsent = unsent
    for part in (hub, journal):
        if isinstance(part, TracedHub | TracedJournal):
            part.tracing = tracing


def _key(record: Record) -> Key:
    return Person(record.by), record.id
