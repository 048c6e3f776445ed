"""Looks every half a minute whether a running broker keeps its promises (U8).

The journal says of each ticket where it stands and when it has to be woken; the desk's
table and the alarms have to agree. What does not agree at two looks, while nothing has
happened to the ticket between them, is broken: it is said to who looks after it, and
mended.
"""

import logging
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import trio

from actors.cells.desk import DeskCell, Placed
from actors.cells.orders import Ring
from actors.chat.checkin import MOST_MISSES
from actors.chat.limits import has_room
from actors.ids import ChatId, Millis, SiteId
from actors.rows import is_placed, place_of
from actors.settings.rules import Rules
from broker.findings import Broken, Finding
from broker.speech import AttentionPush
from storage import queries
from storage.records import TicketRow

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


class Sweeper:
    """Of one broker; `broken` counts what was found, by why."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self.broken: Counter[str] = Counter()

    async def run(self) -> None:
        """Sweep, until cancelled."""
        while True:
            await trio.sleep(SWEEP_S)
            await self.sweep()

    async def sweep(self) -> list[Finding]:
        """Return what is broken; it is being mended."""
        suspected = await self._suspected()
        if not suspected:
            return []
        await trio.sleep(SECOND_LOOK_S)
        again = await self._suspected()
        confirmed = [again[each] for each in suspected if each in again]
        for row, why in confirmed:
            self._tell(row, why)
            self._mend(row, why)
        self._broker.loop.wake()
        return [
            Finding(why, row.site, row.chat, broken=True, agent=row.assignee)
            for row, why in confirmed
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

    async def _suspected(self) -> dict[Suspicion, tuple[TicketRow, Broken]]:
        found: dict[Suspicion, tuple[TicketRow, Broken]] = {}
        for site in self._broker.sites:
            find = partial(queries.unclosed_of_site, site=site.id)
            rows = await self._broker.query(find)
            for number, row in enumerate(rows, 1):
                why = self._wrong(row, site.rules)
                if why is not None:
                    found[row.chat, row.seq, why] = (row, why)
                if number % AT_ONCE == 0:
                    await trio.lowlevel.checkpoint()
        return found

    def _wrong(self, row: TicketRow, rules: Rules) -> Broken | None:
        broker, chat = self._broker, ChatId(row.chat)
        alarm = broker.alarms.due(chat)
        if row.due is None:
            return "unarmed" if _has_to_be_woken(row, rules) else None
        if row.due < broker.clock() - LATE_MS:
            return "asleep"
        if alarm is None or alarm > row.due + LATE_MS:
            return "unarmed"
        desk: DeskCell | None = broker.house.desks.get(row.site)
        if desk is not None and desk.settled:
            place = desk.router.ledger.places.get(chat)
            if place is None or not is_placed(row, place):
                return "unlisted"
        return None

    def _tell(self, row: TicketRow, why: Broken) -> None:
        self.broken[why] += 1
        log.error("chat %s of %s is %s: it is being mended", row.chat, row.site, why)
        hub = self._broker.hub
        peers = [p for p in hub.staff(SiteId(row.site)) if p.role == "admin"]
        hub.push(peers, AttentionPush("attention", ChatId(row.chat), why=why))

    def _mend(self, row: TicketRow, why: Broken) -> None:
        house, chat = self._broker.house, ChatId(row.chat)
        if why == "unlisted":
            house.desks.tell(row.site, Placed(place_of(row)))
            return
        cell = house.chats.get(chat)
        if cell is not None and cell.held is None:
            # What it believes about its row may be what is wrong.
            cell.restart()
        house.chats.tell(chat, Ring(Millis(self._broker.clock())))


def _has_to_be_woken(row: TicketRow, rules: Rules) -> bool:
    """Return whether a ticket without an alarm should have one."""
    if row.status == "snoozed":
        return row.until is not None
    if row.status != "open" or row.control != "humans" or row.waiting_since is None:
        return False
    if not rules.settings.check_in.enabled or row.missed >= MOST_MISSES:
        return False
    if not has_room(row.seq, rules.limits):
        return False
    # A shop that will not open again, as far as is known, reminds of nothing.
    hours = rules.hours
    return hours.after(Millis(row.waiting_since), rules.remind) is not None
