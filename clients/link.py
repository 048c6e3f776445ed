"""A connection to a Shopwire broker that lasts: for bots, integrations and tools.

    async with open_link("wss://shop.example/ws", token=token) as link:
        chat = await link.start_chat("Where is my order?")
        async for happened in link:
            ...

It comes back by itself when it is cut, picks up every chat where it was, and repeats
what was not answered under the same id, so that a message is sent once however often
it is tried (`broker.wire.client` says how). `docs/link.md` shows it in use.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Self, assert_never

import msgspec
import trio

from actors.ids import ALPHABET, ChatId, Person, Seq
from broker.wire.client import ClientSession, Hail
from broker.wire.codec import BY_NAME, MSGPACK
from broker.wire.errors import Close
from broker.wire.fields import Client
from broker.wire.frames import (
    OPERATIONS,
    Badge,
    Bye,
    ChatEnd,
    ChatHistory,
    ChatLeave,
    ChatOpen,
    ChatStart,
    Closing,
    Eph,
    Got,
    Identify,
    Live,
    MsgSend,
    NoteAdd,
    Read,
    Request,
    Signal,
    Typing,
    View,
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
from broker.wire.heard import Event, Fields, Greeting, InboxChange, Reply
from clients.cursors import Cursors
from clients.inbox import Inbox
from clients.line import Address, Cut, Line, LinkClosed, Surroundings, Token
from clients.received import Received, RequestRefused

__all__ = [
    "Badge",
    "Cut",
    "Eph",
    "Event",
    "Greeting",
    "InboxChange",
    "Link",
    "LinkClosed",
    "Live",
    "Noticed",
    "Received",
    "RequestRefused",
    "Resynced",
    "Surroundings",
    "Vanished",
    "open_link",
]

UNREAD = 10_000
"""Events that the owner may leave unread. Past it events stay in the server's journal
and are fetched when half are read; signals and notices are dropped."""
UNANSWERED = 256
"""Requests under way; one more waits for its turn."""
BYE_S = 1.0
"""Seconds that a goodbye may take; nothing durable depends on it."""
ID_CHARS = 16
"""80 random bits of a link's own in all of its request ids."""
NAME = Client("shopwire-link", "1")

UNSENT = 64
"""Frames that may wait to be sent before signals are dropped: late ones are wrong."""
BEGINNING = Seq(0)


class _Waiter:
    """Who waits for an answer."""

    __slots__ = ("came", "outcome")

    def __init__(self) -> None:
        self.came = trio.Event()
        self.outcome: Answered | Refused | None = None


@asynccontextmanager
async def open_link(  # noqa: PLR0913 - each is a word that a caller may leave out
    url: str,
    *,
    token: Token = None,
    anon: str | None = None,
    site: str | None = None,
    subprotocol: str = MSGPACK.name,
    surroundings: Surroundings | None = None,
) -> AsyncGenerator["Link"]:
    """Connect to the broker at `url` and be welcomed; say goodbye in the end.

    `token` is a token or a function, plain or async, that fetches a fresh one, which is
    then done in time. Without one the link is a visitor's: `anon` is the secret that
    `Link.anon` gave it before, if any.

    Raises:
        LinkClosed: the first try failed. One that was told to come back later has not:
            there will be another.
    """
    surroundings = surroundings or Surroundings()
    address = Address(url, Hail(anon=anon, site=site, client=NAME), token)
    link = Link(address, subprotocol, surroundings)
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        try:
            await nursery.start(link.run)
            yield link
        except Exception as error:  # noqa: BLE001 - raised again below, ungrouped
            failure = error
        with trio.move_on_after(BYE_S, shield=True):
            await link.bye()
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure


class Link:
    """A person's connection: requests to be awaited, and what happens to be read.

    Read it (`async for`) in one task; anything else may be used by any task. Whoever
    is cancelled while waiting for an answer does not know whether it happened.
    """

    def __init__(
        self, address: Address, subprotocol: str, surroundings: Surroundings
    ) -> None:
        rng = surroundings.rng
        self._prefix = "".join(rng.choices(ALPHABET, k=ID_CHARS))
        self._asked = 0
        self._session = ClientSession(BY_NAME[subprotocol], self._new_id)
        self._line = Line(self._session, address, self._hear, surroundings)
        self._inbox: Inbox[Received] = Inbox(UNREAD)
        self._waiters: dict[str, _Waiter] = {}
        self._turns = trio.Semaphore(UNANSWERED)
        self._over: LinkClosed | None = None
        self._started: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
        self._nursery: trio.Nursery | None = None
        self._cursors = Cursors(self._session, self._line)
        self.greeting: Greeting | None = None
        """The newest welcome: limits, settings, the shopper's open chat."""

    async def run(
        self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Keep the link up, and say `started` when it first is: `open_link` does this.

        Raises:
            LinkClosed: the first try failed.
        """
        self._started = task_status
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            closed = await self._line.run()
            self._end(closed)
            nursery.cancel_scope.cancel()
        if self.greeting is None:
            raise closed

    def _end(self, closed: LinkClosed) -> None:
        self._over = closed
        self._inbox.finish(closed)
        for waiter in self._waiters.values():
            waiter.came.set()

    def _ended(self) -> LinkClosed:
        return self._over or LinkClosed(Close.BYE, "bye")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Received:
        """Return what happened next.

        Raises:
            LinkClosed: all is read and the link has ended.
        """
        received = await self._inbox.get()
        if self._session.full and self._inbox.has_room:
            self._session.full = False
            self._session.retry()
            self._line.wake()
        return received

    @property
    def who(self) -> Person:
        """Who the broker says one is."""
        return self._session.who

    @property
    def role(self) -> str:
        """The role that goes with it."""
        return self._session.role

    @property
    def anon(self) -> str | None:
        """The visitor's secret, to be given to the next `open_link`."""
        return self._session.anon

    @property
    def connected(self) -> bool:
        """Whether there is a connection just now; a link without one waits for it."""
        return self._session.connected

    @property
    def positions(self) -> dict[ChatId, Seq]:
        """The last event applied in each followed chat, to be kept by the careful."""
        return self._session.positions

    async def request(self, op: str, **fields: object) -> Fields:
        """Ask for any operation by name; return all that the answer says.

        Raises:
            RequestRefused: nothing has changed.
            LinkClosed: it is not known whether it happened.
        """
        answered = await self._ask(self._made(op, fields))
        return answered.fields

    async def start_chat(
        self,
        text: str,
        *,
        blobs: Sequence[str] = (),
        faqs: Sequence[str] = (),
        legal_ack: bool = False,
    ) -> ChatId:
        """Begin a chat, or go on in the one that runs; it is followed from now on."""
        id_ = self._session.new_id()
        start = ChatStart(id_, text, tuple(blobs), tuple(faqs), legal_ack)
        return _chat_of(await self._ask(start))

    async def open_chat(self, chat: ChatId, *, after: Seq = BEGINNING) -> Fields:
        """Follow `chat` from what comes after `after`; return `head` and `ticket`."""
        return (await self._ask(ChatOpen(self._session.new_id(), chat, after))).fields

    async def leave_chat(self, chat: ChatId) -> None:
        """Follow `chat` no longer."""
        await self._ask(ChatLeave(self._session.new_id(), chat))

    async def end(self, chat: ChatId) -> None:
        """Close `chat` for good."""
        await self._ask(ChatEnd(self._session.new_id(), chat))

    async def send(
        self,
        chat: ChatId,
        text: str,
        *,
        blobs: Sequence[str] = (),
        hold: bool = False,
        if_head: Seq | None = None,
    ) -> Reply:
        """Say something; it is durable when this returns. `hold`: still looking."""
        id_ = self._session.new_id()
        said = MsgSend(id_, chat, text, tuple(blobs), hold=hold, if_head=if_head)
        return (await self._ask(said)).reply

    async def note(self, chat: ChatId, text: str) -> Reply:
        """Leave a note that only agents see."""
        return (await self._ask(NoteAdd(self._session.new_id(), chat, text))).reply

    async def history(
        self, chat: ChatId, before: Seq, *, limit: int = 50
    ) -> tuple[list[Event], bool]:
        """Return up to `limit` events before `before`, and whether there are more."""
        asked = ChatHistory(self._session.new_id(), chat, before, limit)
        fields = (await self._ask(asked)).fields
        return msgspec.convert(fields["events"], list[Event]), bool(fields["more"])

    async def identify(self, token: str) -> None:
        """Sign a visitor in, or renew; later connections use `token` too."""
        await self._ask(Identify(self._session.new_id(), token))
        self._line.token = token

    def typing(self, chat: ChatId, *, on: bool = True, note: bool = False) -> None:
        """Let the others see that one is typing; lost if there is no connection."""
        self._signal(Typing(chat, on, note))

    def view(self, chat: ChatId, *, on: bool = True) -> None:
        """Let the other agents see that one has the chat on the screen."""
        self._signal(View(chat, on))

    def read(self, chat: ChatId, seq: Seq) -> None:
        """Say that everything up to `seq` was seen; at most once a second goes out."""
        if self._nursery is not None:
            self._cursors.move(Read, chat, seq, nursery=self._nursery)

    def got(self, chat: ChatId, seq: Seq) -> None:
        """Say that everything up to `seq` was received; as `read`."""
        if self._nursery is not None:
            self._cursors.move(Got, chat, seq, nursery=self._nursery)

    async def bye(self) -> None:
        """End the link: with a goodbye if there is a connection to say it on."""
        if self._session.connected and self._over is None:
            with suppress(LinkClosed, RequestRefused):
                await self._ask(Bye(self._session.new_id()))
        self._end(self._ended())

    async def _ask(self, request: Request | Fields) -> Answered:
        async with self._turns:
            if self._over is not None:
                raise self._over
            id_ = self._session.ask(request)
            waiter = self._waiters[id_] = _Waiter()
            self._line.wake()
            try:
                await waiter.came.wait()
            finally:
                del self._waiters[id_]
                self._session.forget(id_)
        if isinstance(waiter.outcome, Answered):
            return waiter.outcome
        if isinstance(waiter.outcome, Refused):
            raise RequestRefused(waiter.outcome)
        raise self._ended()

    def _made(self, op: str, fields: Fields) -> Request | Fields:
        """Return the request; as it stands if this library does not know it."""
        id_ = self._session.new_id()
        known = OPERATIONS.get(op)
        if known is None or not issubclass(known, Request):
            return {"op": op, "id": id_, **fields}
        return known(id=id_, **fields)

    def _signal(self, signal: Signal) -> None:
        if self._session.unsent < UNSENT:
            self._session.signal(signal)
            self._line.wake()

    def _new_id(self) -> str:
        self._asked += 1
        return f"{self._prefix}{self._asked}"

    def _hear(self, happened: Happened | Cut) -> None:
        match happened:
            case Answered() | Refused():
                waiter = self._waiters.get(happened.id)
                if waiter is not None:
                    waiter.outcome = happened
                    waiter.came.set()
            case Event() | Resynced() | Vanished() | Cut():
                self._inbox.put(happened)
            case Greeting():
                if self.greeting is None:
                    self._started.started()
                else:
                    self._inbox.put(happened)
                self.greeting = happened
            case Live() | Eph() | InboxChange() | Badge() | Noticed():
                if not self._inbox.full:
                    self._inbox.put(happened)
            case Postponed() | Closing():
                # The line's own affair.
                pass
            case _:
                assert_never(happened)
        self._session.full = self._session.full or self._inbox.full


def _chat_of(answered: Answered) -> ChatId:
    chat = answered.reply.chat
    if chat is msgspec.UNSET:
        raise LookupError("the answer names no chat")
    return chat
