"""Follows the journal, and has written down which mail it causes."""

import logging
from functools import partial
from typing import TYPE_CHECKING

from actors.codec import UnreadableRecordError
from broker.outward.follower import UNWRITTEN, Follower
from broker.outward.mail import causes
from storage import mailing
from storage.mailing import Due, Fresh, News

if TYPE_CHECKING:
    from broker.server import Broker

APART_S = 0.5
"""Seconds between two looks while much happens: no mail has to be faster."""

log = logging.getLogger(__name__)


class MailFollower:
    """Knows up to which event all mail is caused."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        follower = Follower("mail", self._step, APART_S)
        self.wake, self.run = follower.wake, follower.run
        self._seen = self._written = -1

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
