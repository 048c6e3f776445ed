"""The actor of one site's desk: who is there, and who gets which ticket.

A thin shell around the router. Tickets come in as they were committed, and what the
router wants goes out as commands to chats, of which the next commits tell what came.
"""

from functools import partial
from typing import Protocol

import msgspec

from actors.agent.commands import Presence
from actors.cells.asker import Asker, Declined
from actors.cells.chat import ChatCell
from actors.cells.fittings import Fittings
from actors.cells.orders import Order
from actors.cells.ports import RulesOf
from actors.cells.reading import ask
from actors.chat.commands import Requeue, Route
from actors.desk import router
from actors.desk.board import Board
from actors.desk.line import Line
from actors.desk.places import Place
from actors.desk.router import Ask, Give, Router
from actors.ids import SYSTEM, AgentId, ChatId, Millis, SiteId
from actors.rows import place_of
from actors.runtime.actor import Actor
from actors.runtime.system import Kind
from actors.runtime.timers import Timer
from storage import queries
from storage.records import TicketRow

MEASURE_S = 600
"""Seconds between two looks at how long first answers take."""
SAMPLE = 100
"""Conversations looked at for that: a day of a small shop, an hour of a large one."""


class Staff(Protocol):
    """All people of all sites, as the desk sees them."""

    def presence(self, site: SiteId, agents: dict[AgentId, Presence]) -> None:
        """Push to all agents of `site` how these are seen now."""

    def staffed(self, site: SiteId, *, online: bool, first_reply: int | None) -> None:
        """Let the widgets of `site` know whether anybody is there to answer.

        And in how many seconds a first answer usually comes, if that is known.
        """

    def queued(self, positions: dict[ChatId, int]) -> None:
        """Tell these chats' shoppers how far they are; 0 is to wait no more."""

    def overloaded(self, site: SiteId, chat: ChatId, agent: AgentId) -> None:
        """Tell who looks after it that an agent has more than there is room for."""

    def crowded(self, site: SiteId) -> None:
        """Tell who looks after it that as many wait as may."""

    def attended(self, site: SiteId, *, staffed: bool, crowded: bool) -> None:
        """Let the chats of `site` know whether somebody will answer them soon.

        They are staffed, too, just after a start, if those may yet come back who have
        tickets; and `crowded` if as many wait as may.
        """


class Workplace(msgspec.Struct, frozen=True):
    """What every desk works with."""

    staff: Staff
    chats: Kind[ChatCell]
    rules_of: RulesOf
    fittings: Fittings


class Colleague(Protocol):
    """One connection of an agent."""

    def presence(self, agents: dict[AgentId, Presence]) -> None:
        """Take the whole list, on arriving."""


class Seen(msgspec.Struct, frozen=True):
    """An agent is now seen as `presence`."""

    agent: AgentId
    presence: Presence


class Enter(msgspec.Struct, frozen=True):
    """A connection of an agent wants to know who is there."""

    colleague: Colleague


class Placed(msgspec.Struct, frozen=True, gc=False):
    """A ticket stands like this; that is durable."""

    place: Place


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """A chat's shopper has come, and may not know how far they are."""

    chat: ChatId


class Look(msgspec.Struct, frozen=True):
    """Time has passed, or the settings are new; also opens a desk."""


class DeskCell(Actor):
    """One site's desk; the key is the site."""

    __slots__ = (
        "_board",
        "_chats",
        "_first_reply",
        "_fittings",
        "_fresh",
        "_line",
        "_loads",
        "_measuring",
        "_rules_of",
        "_staff",
        "_timer",
        "_told",
        "_was_crowded",
        "_was_online",
        "router",
    )

    def __init__(self, kind: Kind["DeskCell"], key: str, workplace: Workplace) -> None:
        super().__init__(kind, key)
        self._staff = workplace.staff
        self._chats = workplace.chats
        self._rules_of = workplace.rules_of
        self._fittings = workplace.fittings
        self._board = Board()
        self._line = Line()
        self._was_online = self._was_crowded = False
        self._told: tuple[bool, bool] | None = None
        """What the chats were: whether it is staffed, and crowded."""
        self.router = Router()
        self._loads = 0
        """Reads of the table so far: the newest is the one that counts."""
        self._fresh: set[ChatId] | None = None
        """Tickets heard of while the table is being read: they are newer than it."""
        self._timer = Timer(partial(kind.tell, key, Look()))
        self._first_reply: int | None = None
        self._measuring = Timer(self.guarded(self._measure))

    @property
    def settled(self) -> bool:
        """Whether it knows all tickets."""
        return self._fresh is None

    @property
    def _site(self) -> SiteId:
        return SiteId(self.key)

    def on_start(self) -> None:
        """Read which tickets there are; nothing is decided before that is known.

        Mail is taken meanwhile: held, there would be too much of it at a busy shop, and
        a ticket not heard of would be counted wrongly for good.
        """
        old = self.router
        # The numbers go on: answers to what was asked before are not for the new one.
        self.router = Router(present=old.present, served=old.served, number=old.number)
        self._loads += 1
        self._fresh = set()
        find = partial(queries.unclosed_of_site, site=self._site)
        found = partial(self._found, self._loads)
        ask(self, self._fittings.journal, find, found)
        self._measure()

    def on_stop(self) -> None:
        """Leave nothing behind that would bring the desk back."""
        self._timer.cancel()
        self._measuring.cancel()

    def restart(self) -> None:
        """Make the table anew; who is there is still known."""
        self.on_start()

    def on_receive(self, message: object) -> None:
        """Take any of the mail above."""
        now = self._now()
        if isinstance(message, Placed):
            self._place(message.place, now)
        elif isinstance(message, Declined):
            router.decline(self.router, message.chat, message.number, now)
        elif isinstance(message, Seen):
            self._board.note(message.agent, message.presence)
            router.see(self.router, message.agent, message.presence, now)
        elif isinstance(message, Enter):
            if self._board.present:
                message.colleague.presence(dict(self._board.present))
            return
        elif isinstance(message, Arrived):
            self._line.forget(message.chat)
        elif not isinstance(message, Look):
            return
        self._act(now)

    def may_rest(self) -> bool:
        """Return whether no agent is there, and no ticket is open."""
        there = self._board.present or self._board.changed
        return self._fresh is None and not there and not self.router.ledger.places

    def _found(self, load: int, rows: list[TicketRow]) -> None:
        fresh = self._fresh
        if load != self._loads or fresh is None:
            return
        for row in rows:
            if row.chat not in fresh:
                self.router.ledger.put(place_of(row))
        self._fresh = None
        now = self._now()
        router.begin(self.router, now)
        self._line.move()
        self._act(now)

    def _place(self, place: Place, now: Millis) -> None:
        self._line.move()
        if self._fresh is not None:
            self._fresh.add(place.chat)
            self.router.ledger.put(place)
            return
        over = router.place(self.router, place, now)
        if over and place.assignee is not None and self._routes:
            self._staff.overloaded(self._site, place.chat, place.assignee)

    # What follows from any news.

    def _act(self, now: Millis) -> None:
        """Ask and say what is to be asked and said now, and see when there is more."""
        settings = self._rules_of(self._site).settings.assignment
        if settings is not self.router.settings:
            router.adopt(self.router, settings)
        self._push(now)
        if self._fresh is None:
            for wanted in router.decide(self.router, now):
                self._order(wanted)
            self._tell_line(now)
            self._tell_chats(now)
        moments = [
            router.next_deadline(self.router),
            router.spared_until(self.router, now),
            self._board.next_push(now),
            self._line.next_look(now),
        ]
        later = min((at for at in moments if at is not None), default=None)
        if later is not None:
            self._fittings.timers.arm_at(self._timer, later / 1000)

    def _order(self, wanted: Ask) -> None:
        chat, site, at = wanted.chat, self._site, self._fittings.clock()
        command: Route | Requeue
        if isinstance(wanted, Give):
            command = Route("", SYSTEM, site, at, wanted.to, wanted.team)
        else:
            command = Requeue("", SYSTEM, site, at, wanted.agent, wanted.team)
        asker = Asker(self.kind, self.key, wanted.number)
        self._chats.tell(chat, Order(command, asker))

    def _push(self, now: Millis) -> None:
        changed = self._board.take(now)
        if changed:
            self._staff.presence(self._site, changed)
        online = "online" in self._board.present.values()
        if online != self._was_online:
            self._was_online = online
            self._tell_widgets()

    def _tell_widgets(self) -> None:
        online, first_reply = self._was_online, self._first_reply
        self._staff.staffed(self._site, online=online, first_reply=first_reply)

    def _measure(self) -> None:
        """Find out how long a first answer takes these days."""
        find = partial(queries.first_replies, site=self._site, limit=SAMPLE)
        ask(self, self._fittings.journal, find, self._measured)
        self._fittings.timers.arm(self._measuring, MEASURE_S)

    def _measured(self, waits: list[int]) -> None:
        # The median, in whole minutes: what is less would be news all the time.
        usual = -(-waits[len(waits) // 2] // 60_000) * 60 if waits else None
        if usual != self._first_reply:
            self._first_reply = usual
            self._tell_widgets()

    @property
    def _routes(self) -> bool:
        return self.router.settings.routing == "round_robin"

    def _tell_line(self, now: Millis) -> None:
        """Tell those who wait how far they are, if the site wants that."""
        shown = self._routes and self.router.settings.show_queue
        self._line.watch(on=shown)
        if self._line.due(now):
            changed = self._line.take(self.router.ledger, now)
            if changed:
                self._staff.queued(changed)

    def _tell_chats(self, now: Millis) -> None:
        """Tell those who answer by themselves how things stand."""
        crowded = self._routes and self.router.crowded
        if crowded and not self._was_crowded:
            self._staff.crowded(self._site)
        self._was_crowded = crowded
        spared = router.spared_until(self.router, now)
        staffed = self._was_online or spared is not None
        if (staffed, crowded) != self._told:
            self._told = (staffed, crowded)
            self._staff.attended(self._site, staffed=staffed, crowded=crowded)

    def _now(self) -> Millis:
        return Millis(int(self._fittings.timers.now() * 1000))
