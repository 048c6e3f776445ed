"""The actor of one site's inbox: who watches is told what changed, once it is durable.

The tickets are in memory only while somebody watches, or did a while ago. They are
loaded while what happens to them comes in already: nothing falls between.
"""

from functools import partial
from typing import NamedTuple

from actors.cells.fittings import Fittings
from actors.cells.glances import Glances
from actors.cells.loading import BoardLoad, listing_of
from actors.cells.marking import Marking, refuse
from actors.cells.opening import Opening
from actors.cells.ports import RulesOf
from actors.cells.reading import ask
from actors.cells.telling import Telling, Watch
from actors.cells.watching import (
    FLUSH,
    Agents,
    Count,
    Floor,
    Flush,
    HasRead,
    Listed,
    Mark,
    Open,
    Seen,
    Shut,
    Watcher,
)
from actors.desk.dots import Marks, flag
from actors.desk.inbox import Inbox
from actors.desk.views import Standing, hidden_from
from actors.ids import SHOPPER, AgentId, Millis, Person, SiteId
from actors.refusals import Reason
from actors.runtime.actor import Actor
from actors.runtime.system import Kind
from actors.runtime.timers import Timer
from actors.settings.rules import Rules
from storage import inbox as tables

KEPT_S = 300.0
"""Seconds that tickets stay in memory when nobody watches: time to reconnect."""
GRACE = Millis(30_000)
"""A shopper who goes from page to page is not seen to leave (as agents: F27)."""
IX_A_MS = 1024
"""Changes a millisecond for which a later life of the inbox counts from further on, so
that an `ix` of an earlier one is known by being too small; exact in JavaScript."""


class Ground(NamedTuple):
    """What every inbox stands on."""

    floor: Floor
    rules_of: RulesOf
    fittings: Fittings


class InboxCell(Actor):
    """One site's inbox; the key is the site."""

    __slots__ = (
        "_clock",
        "_floor",
        "_glances",
        "_gone",
        "_grace",
        "_inbox",
        "_journal",
        "_leaving",
        "_load",
        "_marking",
        "_marks",
        "_reading",
        "_rules_of",
        "_telling",
        "_timers",
    )

    def __init__(self, kind: Kind["InboxCell"], key: str, *, ground: Ground) -> None:
        super().__init__(kind, key)
        self._floor, self._rules_of, fittings = ground
        self._clock, self._timers = fittings.clock, fittings.timers
        self._journal = fittings.journal
        self._marks: Marks = {}
        self._marking = Marking(self, fittings.journal, self._marked)
        self._telling = Telling()
        self._glances = Glances()
        self._inbox: Inbox | None = None
        self._load: BoardLoad | None = None
        """Until all tickets are there."""
        self._reading: dict[int, Opening] = {}
        """Pages of closed tickets that are being read, by the watcher's identity."""
        self._leaving: dict[str, Millis] = {}
        """Shoppers who may come back, and until when; the earliest first."""
        self._grace = Timer(self.guarded(self._see_who_left))
        self._gone = Timer(self.guarded(self._rest))

    @property
    def site(self) -> SiteId:
        """The site's id."""
        return SiteId(self.key)

    @property
    def rules(self) -> Rules:
        """The site's rules as they are now."""
        return self._rules_of(self.site)

    def on_start(self) -> None:
        """Learn what agents have flagged; mail waits meanwhile."""
        self.hold()
        find = partial(tables.marked, site=self.key)
        ask(self, self._journal, find, self._found_marks)

    def on_receive(self, message: object) -> None:
        """Carry out any of `watching.AnyMail`."""
        if isinstance(message, Listed):
            self._listed(message)
        elif isinstance(message, Flush):
            self._flush()
        elif isinstance(message, HasRead):
            self._has_read(message)
        elif isinstance(message, Open):
            self._open(message)
        elif isinstance(message, Shut):
            self._shut(message.watcher)
        elif isinstance(message, Seen):
            self._seen(message)
        elif isinstance(message, Mark):
            self._marking.set(message, self.rules)
        elif isinstance(message, Count):
            self._count(message)

    def turn_away(self, message: object) -> None:
        """Tell whoever sent `message` to try again."""
        if isinstance(message, Open | Count):
            message.watcher.refused(message.re)
        elif isinstance(message, Mark):
            refuse(message, Reason.UNAVAILABLE)

    def restart(self) -> None:
        """Begin anew; who watched has to open the inbox again."""
        load = self._load
        self._drop_board()
        self._telling.dismiss_all()
        for waiting in () if load is None else load.waiting:
            self.turn_away(waiting)
        self.on_start()

    def may_rest(self) -> bool:
        """Return whether nobody watches, nor did so lately."""
        return self._inbox is None

    def on_stop(self) -> None:
        """Have nothing more passed on."""
        self._drop_board()

    # What has happened.

    def _listed(self, listed: Listed) -> None:
        row, inbox = listed.row, self._inbox
        if inbox is None:
            return
        old = inbox.tickets.get(row.stream)
        if old is None or row.seq >= old.seq:
            listing = listing_of(row, listed.name)
            if old is None:
                listing.online = self._is_here(listing.profile)
            self._changed(row.stream, inbox.put(listing))
        for read in listed.reads:
            self._note_read(AgentId(read.agent), read.stream, read.read)

    def _has_read(self, read: HasRead) -> None:
        stream, agent = read.stream, read.agent
        if agent in self._marks.get(stream, ()):
            self._mark(stream, agent, on=False)
            self._marking.clear(stream, agent)
        self._glances.note(stream, agent, read.upto, self._clock())
        self._note_read(agent, stream, read.upto)

    def _note_read(self, agent: AgentId, stream: int, upto: int) -> None:
        if self._inbox is not None and self._inbox.read(agent, stream, upto):
            self._changed(stream, self._inbox.tickets[stream].standing, agent)

    def _marked(self, mark: Mark) -> None:
        self._mark(mark.stream, mark.agent, on=True)

    def _mark(self, stream: int, agent: AgentId, *, on: bool) -> None:
        if self._inbox is None:
            flag(self._marks, stream, agent, on=on)
        elif self._inbox.mark(agent, stream, on=on):
            self._changed(stream, self._inbox.tickets[stream].standing, agent)

    def _changed(
        self, stream: int, before: Standing | None, agent: AgentId | None = None
    ) -> None:
        if self._telling.note(stream, before, agent):
            self.kind.tell(self.key, FLUSH)

    def _flush(self) -> None:
        if self._inbox is not None:
            self._telling.flush(self._inbox, self.rules)

    # Shoppers.

    def _seen(self, seen: Seen) -> None:
        profile = profile_of(seen.who)
        if self._inbox is None or not self._inbox.knows(profile):
            return
        if seen.online:
            self._leaving.pop(profile, None)
            self._show_presence(profile, online=True)
            return
        if not self._leaving:
            self._timers.arm(self._grace, GRACE / 1000)
        self._leaving.pop(profile, None)
        self._leaving[profile] = Millis(self._clock() + GRACE)

    def _see_who_left(self) -> None:
        now = self._clock()
        for profile, until in tuple(self._leaving.items()):
            if until > now:
                self._timers.arm(self._grace, (until - now) / 1000)
                return
            del self._leaving[profile]
            self._show_presence(profile, online=self._is_here(profile))

    def _show_presence(self, profile: str, *, online: bool) -> None:
        if self._inbox is not None:
            for listing in self._inbox.seen(profile, online=online):
                self._changed(listing.stream, listing.standing)

    def _is_here(self, profile: str) -> bool:
        here = self._floor.here(Person(SHOPPER + profile))
        return here or profile in self._leaving

    # Watchers.

    def _open(self, opened: Open) -> None:
        watcher = opened.watcher
        self._reading.pop(id(watcher), None)
        if watcher.busy and opened.behind is not None:
            # Its earlier pages rely on what it has not been sent yet.
            watcher.when_free(opened)
            return
        inbox = self._whole
        if inbox is None:
            self._begin_load().opens.append(opened)
            return
        self._flush()
        hidden = hidden_from(opened.view.agent, self.rules)
        opening = Opening(inbox, opened, hidden, surface=self._telling.surface)
        if opening.from_journal:
            self._reading[id(watcher)] = opening
            read = partial(opening.read, site=self.key)
            found = partial(self._found_closed, opening)
            ask(self, self._journal, read, found, opened)
        else:
            self._admit(opening)

    def _found_closed(self, opening: Opening, found: list[tables.Named]) -> None:
        opened, watcher = opening.opened, opening.opened.watcher
        if self._reading.pop(id(watcher), None) is opening:
            opening.found(found)
            self._flush()
            self._admit(opening)
        else:
            # Asked for something else meanwhile, or for nothing more.
            watcher.refused(opened.re)

    def _admit(self, opening: Opening) -> None:
        watcher, view = opening.opened.watcher, opening.opened.view
        page = opening.page()
        watch = Watch(watcher, view, opening.hidden, page.badge)
        self._telling.admit(watch)
        self._gone.cancel()
        watcher.opened(page)
        for listing in opening.since():
            self._telling.tell(watch, opening.inbox, listing, None)

    def _shut(self, watcher: Watcher) -> None:
        self._reading.pop(id(watcher), None)
        if self._load is not None:
            self._load.leave(watcher)
        if self._telling.dismiss(watcher):
            self._rest_later()

    def _count(self, count: Count) -> None:
        inbox = self._whole
        if inbox is None:
            self._begin_load().counts.append(count)
            return
        now = self._clock()
        waiting = inbox.waiting(count.due_before)
        most = self.rules.settings.assignment.max_chats
        full = sum(waiting.held.get(agent, 0) >= most for agent in count.online)
        agents = Agents(len(count.online), full)
        count.watcher.counted(count.re, waiting, agents, now)

    # The tickets.

    def _found_marks(self, found: list[tuple[int, str]]) -> None:
        self._marks = {}
        for stream, agent in found:
            flag(self._marks, stream, agent, on=True)
        self.release()

    @property
    def _whole(self) -> Inbox | None:
        """The inbox, once all tickets are in it."""
        return self._inbox if self._load is None else None

    def _begin_load(self) -> BoardLoad:
        if self._load is None:
            # First: what settles from now on is told, all before is in the journal.
            self._floor.watch(self.site, on=True)
            inbox = self._inbox = Inbox(self._clock() * IX_A_MS, self._marks)
            self._load = BoardLoad(self, self._journal, inbox, self._is_here)
            self._load.begin(self._loaded)
        return self._load

    def _loaded(self, load: BoardLoad) -> None:
        if load is self._load:
            self._load = None
            for stream, agent, upto in self._glances:
                self._note_read(agent, stream, upto)
            for waiting in load.waiting:
                self.on_receive(waiting)
            self._rest_later()

    def _rest_later(self) -> None:
        if not self._telling:
            self._timers.arm(self._gone, KEPT_S)

    def _rest(self) -> None:
        if not self._telling and self._load is None:
            self._drop_board()

    def _drop_board(self) -> None:
        self._floor.watch(self.site, on=False)
        self._grace.cancel()
        self._gone.cancel()
        self._inbox = self._load = None
        self._reading.clear()
        self._leaving.clear()


def profile_of(shopper: Person) -> str:
    """Return the id of the shopper's profile."""
    return shopper.partition(":")[2]
