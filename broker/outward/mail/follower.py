"""Follows the journal, and has written down which mail it causes.

It walks behind the commits: a message pays nothing for it, and what was not looked at
when the process died is looked at after the next start.
"""

import logging
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import trio

from actors.codec import UnreadableRecordError
from broker.outward.mail import causes
from storage import mailing
from storage.errors import Unwritable
from storage.mailing import Due, Fresh, News

if TYPE_CHECKING:
    from broker.server import Broker

APART_S = 0.5
"""Seconds between two looks while much happens: no mail has to be faster."""
AGAIN_S = 10.0
"""Seconds after a look that failed."""
UNWRITTEN = 10_000
"""Events without mail, after which it is noted how far they were looked at."""

log = logging.getLogger(__name__)


class MailFollower:
    """Knows up to which event all mail is caused."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self._woken = trio.Event()
        self._seen = self._written = -1

    def wake(self) -> None:
        """Look: something was committed."""
        self._woken.set()

    async def run(self) -> None:
        """Follow, until cancelled."""
        while True:
            self._woken = trio.Event()
            try:
                while await self._step():
                    pass
            except (sqlite3.Error, Unwritable):
                log.exception("what is to be mailed cannot be looked at")
                await trio.sleep(AGAIN_S)
                continue
            await self._woken.wait()
            await trio.sleep(APART_S)

    async def _step(self) -> bool:
        """Look at some events; return whether there may be more."""
        query = self._broker.query
        if self._seen < 0:
            self._seen = self._written = await query(mailing.position)
        news, upto = await query(partial(mailing.news, after=self._seen))
        if upto <= self._seen:
            return False
        fresh, others = self._caused(news)
        if fresh or others or upto - self._written >= UNWRITTEN:
            write = partial(mailing.advance, upto=upto, fresh=fresh, others=others)
            await self._broker.change(write)
            self._written = upto
            self._broker.outward.wake()
        self._seen = upto
        return True

    def _caused(self, news: list[News]) -> tuple[list[Fresh], list[Due]]:
        sites, fresh, others = self._broker.sites, list[Fresh](), list[Due]()
        for each in news:
            rules, staff = sites.rules_of(each.site), sites.agents(each.site)
            try:
                ticket = causes.fresh(each, rules, staff)
                by_id = {agent.id: agent for agent in staff}
                others += causes.others(each, rules, by_id)
            except UnreadableRecordError:
                log.warning("an event of chat %d causes no mail", each.stream)
                continue
            if ticket is not None:
                fresh.append(ticket)
        return fresh, others
