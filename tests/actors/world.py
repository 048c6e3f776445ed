"""The whole actor system without trio, threads or sockets: a test takes its turns.

The journal is a real one, worked inline; clocks stand still until told. What would be
the broker is a room in which model clients sit. They believe nothing: an event is
applied only if its `prev` is their position.
"""

import random
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from actors import codec
from actors.agent.commands import Presence
from actors.cells.agent import AgentCell
from actors.cells.alarms import Alarms
from actors.cells.chat import ChatCell, Shop
from actors.cells.desk import DeskCell, Placed, Workplace
from actors.cells.fittings import Fittings
from actors.cells.idmaker import IdMaker
from actors.cells.orders import Order, Ring, Sign
from actors.cells.profile import ProfileCell
from actors.cells.reviews import Reviews
from actors.cells.texter import TexterCell
from actors.chat.events import Event
from actors.chat.signs import What
from actors.chat.state import ChatState
from actors.desk import places
from actors.ids import AgentId, ChatId, Millis, Person, Seq, SiteId, stream_of
from actors.runtime.system import Kind, System
from actors.runtime.timers import Timers
from actors.settings.rules import Rules
from storage import queries
from storage.journal import Journal
from storage.records import ReadRow, Record, TicketRow
from storage.schema import Keep
from storage.worker import Worker
from tests.actors.client import Client, Place
from tests.actors.scene import NOON, SHOPPER, SITE, Ask, starting

Found = TypeVar("Found")
Job = TypeVar("Job")


class Room:
    """All clients, as the chats see them; and a record of what nobody listens to."""

    def __init__(self) -> None:
        self.places: dict[ChatId, list[Place]] = {}
        self.published: list[tuple[ChatId, int, str]] = []
        self.signals: list[tuple[Person, bool, bool]] = []
        """Who, on, inside."""
        self.notices: list[tuple[ChatId, str]] = []
        self.asked: list[tuple[ChatId, Person]] = []
        """Who was asked how it was."""
        self.late: list[tuple[ChatId, Person]] = []
        """What came too late to be said, and from whom."""
        self.rows: list[tuple[TicketRow, str, tuple[ReadRow, ...]]] = []
        self.reads: list[tuple[int, AgentId, Seq]] = []
        self.presences: list[dict[AgentId, Presence]] = []
        self.left = 0
        """How often it was told that something has to leave."""
        self.on_publish: Callable[[ChatId, Event], None] = lambda _chat, _event: None
        """A place for faults."""
        self.place: Callable[[SiteId, places.Place], None] = lambda _site, _place: None
        """Where it is heard that a ticket has moved."""
        self.queues: list[dict[ChatId, int]] = []
        self.attentions: list[str] = []
        self.staffings: list[bool] = []
        self.first_reply: int | None = None
        self.attended_as: tuple[bool, bool] | None = None
        """Whether chats were told that it is staffed, and crowded."""

    def publish(self, chat: ChatId, record: Record, event: Event, skip: object) -> None:
        self.on_publish(chat, event)
        self.published.append((chat, record.seq, record.kind))
        for place in tuple(self.places.get(chat, ())):
            if place.client is not skip:
                place.happened(record, event)

    def signal(
        self, chat: ChatId, by: Person, what: What, *, on: bool, inside: bool
    ) -> None:
        self.signals.append((by, on, inside))
        for place in self.places.get(chat, ()):
            if place.person != by and (place.client.insider or not inside):
                place.signalled(by, what, on=on)

    def dropped(self, chat: ChatId, by: Person) -> None:
        self.late.append((chat, by))

    def ask_to_rate(self, chat: ChatId, who: Person) -> None:
        self.asked.append((chat, who))

    def outgoing(self) -> None:
        self.left += 1

    def listening(self, chat: ChatId) -> bool:
        return bool(self.places.get(chat))

    def listed(self, row: TicketRow, name: str, reads: tuple[ReadRow, ...]) -> None:
        self.rows.append((row, name, reads))

    def has_read(self, site: SiteId, stream: int, agent: AgentId, upto: Seq) -> None:
        assert site == SITE
        self.reads.append((stream, agent, upto))

    def noticed(self, chat: ChatId, state: ChatState, event: Event) -> None:
        assert state.chat == chat
        self.notices.append((chat, event.body.kind))

    def placed(self, site: SiteId, place: places.Place) -> None:
        self.place(site, place)

    def staffed(self, site: SiteId, *, online: bool, first_reply: int | None) -> None:
        assert site == SITE
        self.staffings.append(online)
        self.first_reply = first_reply

    def queued(self, positions: dict[ChatId, int]) -> None:
        self.queues.append(positions)

    def overloaded(self, site: SiteId, chat: ChatId, agent: AgentId) -> None:
        assert site == SITE
        self.attentions.append(f"{chat} {agent}")

    def attended(self, site: SiteId, *, staffed: bool, crowded: bool) -> None:
        assert site == SITE
        self.attended_as = (staffed, crowded)

    def crowded(self, site: SiteId) -> None:
        self.attentions.append(site)

    def presence(self, site: SiteId, agents: dict[AgentId, Presence]) -> None:
        assert site == SITE
        self.presences.append(agents)


class World:
    """A broker's worth of actors on one journal, in one folder."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 1,
        shuffle: bool = False,
        relaxed: bool = True,
    ) -> None:
        self.path = folder / "journal.db"
        self.now = NOON
        self.rules = Rules()
        self.chance = random.Random(seed)
        self.shuffle = shuffle
        self._relaxed = relaxed
        self.clients: list[Client] = []
        """All that ever were."""
        self.start()

    def start(self) -> None:
        """Begin a life of the process, on whatever the journal holds."""
        self.room = Room()
        self.timers = Timers(lambda: self.now / 1000, lambda: None)
        # On one clock here; apart in the broker, where one of them can jump.
        self.system = System(self.timers, self.chance if self.shuffle else None)
        self.journal = Journal(
            self.path,
            lambda: None,
            inline=True,
            keep=Keep(relaxed=self._relaxed),
            epoch="e",
        )
        self.journal.start()
        self.ids = IdMaker(self.clock, self.chance)
        self.alarms = Alarms(
            self.timers, lambda chat: self.chats.tell(chat, Ring(self.now))
        )
        shop = Shop(
            self.journal,
            self.room,
            self.alarms,
            self.timers,
            self.clock,
            lambda _site: self.rules,
        )
        fittings = Fittings(
            self.journal, self.timers, self.clock, lambda _site: self.rules
        )
        self.chats: Kind[ChatCell] = Kind(
            self.system, "chat", partial(ChatCell, shop=shop)
        )
        self.people: Kind[ProfileCell] = Kind(
            self.system,
            "profile",
            partial(ProfileCell, chats=self.chats, ids=self.ids, fittings=fittings),
        )
        workplace = Workplace(self.room, self.chats, lambda _site: self.rules, fittings)
        self.texters: Kind[TexterCell] = Kind(
            self.system,
            "texter",
            partial(TexterCell, chats=self.chats, ids=self.ids, fittings=fittings),
        )
        self.desks: Kind[DeskCell] = Kind(
            self.system,
            "desk",
            partial(DeskCell, workplace=workplace),
        )
        self.agents: Kind[AgentCell] = Kind(
            self.system,
            "agent",
            partial(AgentCell, desks=self.desks, fittings=fittings),
        )
        self.room.place = lambda site, place: self.desks.tell(site, Placed(place))
        self.reviews = Reviews(self.chats, self.journal, self.timers, self.clock)

    def clock(self) -> Millis:
        return self.now

    def close(self) -> None:
        self.journal.stop()

    def kill(self) -> None:
        """End the process without a word: what was not written is lost."""
        for worker in (self.journal._writer, self.journal._reader):
            while not worker._inbox.empty():
                worker._inbox.get()
        self.journal.stop()

    def restart(self, *, kill: bool = False) -> None:
        """End this life of the process and begin another, with its alarms set.

        What was asked and not answered by then is forgotten by both sides.
        """
        if kill:
            self.kill()
        else:
            for chat in self.chats:
                chat.snapshot()
            self.turn()
            self.close()
        self.start()
        for client in self.clients:
            for place in client.places.values():
                place.end()
            for id_ in client.asked:
                client.asked[id_] = len(client.answers.get(id_, ()))
        for id_, due in self.read(queries.due):
            self.alarms.set(ChatId(id_), Millis(due))

    # Time and turns.

    def turn(self) -> None:
        """Take turns until nobody has anything to do."""
        while self.system.mail or self.journal.unsettled:
            self.journal.settle()
            self.system.run()

    # The same in smaller steps, as threads would do it.

    def write(self, most: int = 1000) -> None:
        """Write some of what is queued, without anybody hearing of it."""
        work_off(self.journal._writer, most)

    def read_some(self, most: int = 1000) -> None:
        """Read some of what is asked, without anybody hearing of it."""
        work_off(self.journal._reader, most)

    def hear(self, *, writes: bool = True, reads: bool = True) -> None:
        """Let those who wait hear what was done."""
        if writes:
            deliver(self.journal._writer, self.journal._written)
        if reads:
            deliver(self.journal._reader, self.journal._found)

    def wait(self, seconds: float) -> None:
        """Let time pass, a timer at a time."""
        end = Millis(self.now + int(seconds * 1000))
        self.turn()
        still = 0
        while (next_at := self.timers.next_at() * 1000) <= end:
            still = 0 if next_at > self.now else still + 1
            assert still < 1000, "an alarm rings without end"
            self.now = max(self.now, Millis(int(next_at)))
            self.timers.advance()
            self.turn()
        self.now = end

    # Chats.

    def client(self, who: Person = SHOPPER) -> Client:
        return Client(self, who)

    def open(
        self, by: Client, text: str = "hello", chat: ChatId | None = None
    ) -> ChatId:
        """Start a chat, past the profile's actor, and return its id."""
        chat = chat or self.ids.chat()
        by.ask(chat, starting(text, chat=chat))
        return chat

    def cell(self, chat: ChatId) -> ChatCell:
        cell = self.chats.get(chat)
        assert cell is not None
        return cell

    def order(self, chat: ChatId, by: Client, what: Ask, id_: str) -> None:
        self.chats.tell(chat, Order(what(id_, by.who, SITE, self.now), by))

    def sign(
        self,
        chat: ChatId,
        by: Person,
        *,
        what: What = "typing",
        on: bool = True,
        note: bool = False,
    ) -> None:
        self.chats.tell(chat, Sign(by, SITE, what, on, note))

    def let_rest(self) -> None:
        """Sweep as if everybody had been idle for long enough."""
        for _ in range(4):
            for kind in self.system.kinds:
                kind.sweep(len(kind) + 1)
        self.turn()

    # What the journal holds.

    def read(self, query: Callable[[sqlite3.Connection], Found]) -> Found:
        """Read the journal, once everything is settled."""
        found: list[Found] = []
        self.turn()
        self.journal.ask(query, found.append)
        self.turn()
        return found[0]

    def records(self, chat: ChatId) -> list[Record]:
        """Return all of a chat's records."""
        stream = stream_of(chat)
        assert stream is not None
        return self.read(partial(queries.page, stream=stream, after=0, limit=100_000))

    def events(self, chat: ChatId) -> list[Event]:
        return [codec.from_record(record) for record in self.records(chat)]

    def kinds(self, chat: ChatId) -> list[str]:
        return [record.kind for record in self.records(chat)]

    def dump(self) -> bytes:
        """Return every event row of the journal, byte for byte."""
        rows = self.read(
            lambda db: db.execute("SELECT * FROM event ORDER BY gseq").fetchall()
        )
        return msgspec.msgpack.encode(rows)


def work_off(worker: Worker[Job], most: int) -> None:
    """Have a worker do some jobs, as one batch."""
    if worker._inbox.empty():
        return
    usual, worker._max_batch = worker._max_batch, most
    try:
        batch = worker._take()
    finally:
        worker._max_batch = usual
    worker.work(batch)
    worker._done.append((0.0, batch))


def deliver(worker: Worker[Job], heard: Callable[[Job], None]) -> None:
    """Have a worker's finished jobs heard of, and no others done for that."""
    worker._inline = False
    try:
        worker.settle(heard)
    finally:
        worker._inline = True
