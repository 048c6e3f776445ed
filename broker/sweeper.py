"""Looks every half a minute whether a running broker keeps its promises (U8).

The journal says of each ticket where it stands, when it has to be woken and what has to
leave; the desk's table, the alarms and the outgoing table have to agree. What does not
at two looks, while nothing has happened to the ticket between them, is broken: it is
said to who looks after it, and mended.
"""

import logging
import sqlite3
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import trio

from actors import codec
from actors.cells import past
from actors.cells.desk import Placed
from actors.cells.orders import Ring
from actors.chat.checkin import MOST_MISSES
from actors.chat.limits import ChatLimits, has_room
from actors.desk.places import Place
from actors.ids import ChatId, Millis, SiteId
from actors.rows import place_of
from actors.settings.rules import Rules
from broker.findings import Broken, Finding
from broker.promises import Promise, broken, made, renew
from broker.speech import AttentionPush
from storage import queries
from storage.queries import Standing

if TYPE_CHECKING:
    from broker.server import Broker

SWEEP_S = 30
"""Seconds between two sweeps."""
SECOND_LOOK_S = 2
"""Seconds after which a suspicion is looked at again: what was on its way is there."""
LATE_MS = 10_000
"""How late an alarm may be: a backoff, or a load after a start with many."""
AT_ONCE = 500
"""Tickets looked at in one go: a millisecond."""

log = logging.getLogger(__name__)
Suspicion = tuple[str, int, Broken]
"""A chat, as it was at a seq, and why."""
Promises = tuple[Promise, ...]
Known = dict[int, tuple[int, Promises]]
"""By stream: what a chat promises since it has come to a seq."""


class Case(NamedTuple):
    """A ticket with which something is wrong."""

    site: SiteId
    kept: Standing
    why: Broken
    lost: Promises = ()
    """What will not leave."""


class Sweeper:
    """Of one broker; `broken` counts what was found, by why."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self.broken: Counter[str] = Counter()
        self._known: dict[SiteId, Known] = {}

    async def run(self) -> None:
        """Sweep, until cancelled."""
        while True:
            await trio.sleep(SWEEP_S)
            try:
                await self.sweep()
            except sqlite3.Error:
                log.exception("promises cannot be looked after now")

    async def sweep(self) -> list[Finding]:
        """Return what is broken; it is being mended."""
        suspected = await self._suspected()
        if not suspected:
            return []
        await trio.sleep(SECOND_LOOK_S)
        again = await self._suspected()
        confirmed = [again[each] for each in suspected if each in again]
        for case in confirmed:
            self._tell(case)
            await self._mend(case)
        self._broker.loop.wake()
        return [
            Finding(
                each.why,
                each.site,
                each.kept.chat,
                broken=True,
                agent=each.kept.assignee,
            )
            for each in confirmed
        ]

    def idle(self) -> list[Finding]:
        """Return the tickets of agents who are not there."""
        found: list[Finding] = []
        for desk in self._broker.house.desks:
            router = desk.router
            for agent, chats in router.ledger.held.items():
                if router.present.get(agent) != "online":
                    found += [
                        Finding("agent_offline", desk.key, chat, agent=agent)
                        for chat in sorted(chats)
                    ]
        return found

    async def _suspected(self) -> dict[Suspicion, Case]:
        found: dict[Suspicion, Case] = {}
        for site in self._broker.sites:
            find = partial(queries.standings, site=site.id)
            kept = await self._broker.query(find)
            for begin in range(0, len(kept), AT_ONCE):
                look = Look(self._broker, site.id, site.rules)
                for each in kept[begin : begin + AT_ONCE]:
                    why = look.wrong(each)
                    if why is not None:
                        found[each.chat, each.seq, why] = Case(site.id, each, why)
                await trio.lowlevel.checkpoint()
            for each, lost in await self._unsent(site.id, site.rules, kept):
                found[each.chat, each.seq, "unsent"] = Case(
                    site.id, each, "unsent", lost
                )
        return found

    async def _unsent(
        self, site: SiteId, rules: Rules, kept: list[Standing]
    ) -> list[tuple[Standing, Promises]]:
        """Return of which chats that are not with us something will not leave."""
        away = [each for each in kept if each.control != "humans"]
        known, self._known[site] = self._known.get(site, {}), {}
        found: list[tuple[Standing, Promises]] = []
        for begin in range(0, len(away), AT_ONCE):
            some = away[begin : begin + AT_ONCE]
            look = partial(_promised, kept=some, known=known, limits=rules.limits)
            promised = await self._broker.query(look)
            self._known[site] |= promised.known
            found += promised.broken
        return found

    def _tell(self, case: Case) -> None:
        site, chat, why = case.site, case.kept.chat, case.why
        self.broken[why] += 1
        log.error("chat %s of %s is %s: it is being mended", chat, site, why)
        hub = self._broker.hub
        peers = [peer for peer in hub.staff(site) if peer.role == "admin"]
        hub.push(peers, AttentionPush("attention", ChatId(chat), why=why))

    async def _mend(self, case: Case) -> None:
        broker, chat = self._broker, ChatId(case.kept.chat)
        if case.why == "unlisted":
            find = partial(queries.ticket, stream=case.kept.stream)
            row = await broker.query(find)
            if row is not None:
                broker.house.desks.tell(case.site, Placed(place_of(row)))
            return
        if case.why == "unsent":
            stream, now = case.kept.stream, broker.clock()
            lost = partial(
                renew, site=case.site, stream=stream, promises=case.lost, now=now
            )
            await broker.change(lost)
            broker.outward.wake()
            return
        cell = broker.house.chats.get(chat)
        if cell is not None and cell.held is None:
            # What it believes about its row may be what is wrong.
            cell.restart()
        broker.house.chats.tell(chat, Ring(broker.clock()))


class Promised(NamedTuple):
    """What some chats promise, and which of it will not be kept."""

    known: Known
    broken: list[tuple[Standing, Promises]]


def _promised(
    db: sqlite3.Connection, kept: list[Standing], known: Known, limits: ChatLimits
) -> Promised:
    """Look at some chats; their events only if there are new ones."""
    found = Promised({}, [])
    for each in kept:
        before = known.get(each.stream)
        if before is None or before[0] != each.seq:
            try:
                state = past.find(db, each.stream, each.chat).state
                before = (state.seq, made(db, each.stream, state, limits))
            except codec.UnreadableRecordError:
                continue  # `audit` and `doctor` say more
        found.known[each.stream] = before
        lost = broken(db, each.stream, before[1])
        if lost:
            found.broken.append((each, lost))
    return found


class Look:
    """One look at some tickets of a site, in which no time passes."""

    def __init__(self, broker: "Broker", site: SiteId, rules: Rules) -> None:
        self._rules = rules
        self._now = broker.clock()
        self._alarms = broker.alarms
        desk = broker.house.desks.get(site)
        self._places: dict[ChatId, Place] | None = None
        """Where the desk believes the tickets to stand, if it knows."""
        if desk is not None and desk.settled:
            self._places = desk.router.ledger.places

    def wrong(self, kept: Standing) -> Broken | None:
        """Return what is wrong with a ticket, if anything is."""
        chat, due = ChatId(kept.chat), kept.due
        if due is None:
            if _has_to_be_woken(kept, self._rules):
                return "unarmed"
        elif due <= self._now:
            # It is being woken just now, or was to be long ago.
            return "asleep" if due < self._now - LATE_MS else None
        else:
            alarm = self._alarms.due(chat)
            if alarm is None or alarm > due + LATE_MS:
                return "unarmed"
        if self._places is None or _is_listed(kept, self._places.get(chat)):
            return None
        return "unlisted"


def _is_listed(kept: Standing, place: Place | None) -> bool:
    if place is None:
        return False
    whose = (kept.status, kept.control, kept.assignee, kept.team)
    if whose != (place.status, place.control, place.assignee, place.team):
        return False
    return kept.assignee is not None or kept.waiting_since == place.since


def _has_to_be_woken(kept: Standing, rules: Rules) -> bool:
    """Return whether a ticket without an alarm should have one."""
    if kept.status == "snoozed":
        return kept.until is not None
    if kept.status != "open" or kept.control != "humans" or kept.waiting_since is None:
        return False
    if not rules.settings.check_in.enabled or kept.missed >= MOST_MISSES:
        return False
    if not has_room(kept.seq, rules.limits):
        return False
    # A shop that will not open again, as far as is known, reminds of nothing.
    hours = rules.hours
    return hours.after(Millis(kept.waiting_since), rules.remind) is not None
