"""Who knows when a shop opens and closes next, and has those told who wait for it."""

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from actors.ids import Millis, SiteId
from actors.runtime.timers import Timer

if TYPE_CHECKING:
    from broker.server import Broker

HOUR = 60 * 60 * 1000
DAY = 24 * HOUR
"""After a day the hours are known a day further; the first time an hour after the
start, for chats whose deadline lay beyond what was known when they last looked."""


class Page(msgspec.Struct):
    """What is known of one shop."""

    timer: Timer
    renewed: Millis
    """When its hours are to be known further."""
    open: bool = True
    """Whether it was open when it was last looked at."""


class Almanac:
    """The calendars of all shops; everything here is on the wall's clock."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self._pages: dict[SiteId, Page] = {}
        broker.sites.changed = self._watch

    def _watch(self, site: SiteId) -> None:
        """Look when a shop, whose rules are new, opens or closes next."""
        page = self._pages.get(site)
        if page is None:
            timer = Timer(partial(self._look, site))
            page = self._pages[site] = Page(timer, Millis(self._broker.clock() + HOUR))
        self._arm(site, page)

    def _look(self, site: SiteId) -> None:
        page, now, was_open = (
            self._pages[site],
            self._broker.clock(),
            self._pages[site].open,
        )
        if page.renewed <= now:
            page.renewed = Millis(now + DAY)
            self._broker.sites.renew(site)
            if self._broker.sites.rules_of(site).hours.windows is not None:
                self._broker.reviews.begin(site)
        else:
            self._arm(site, page)
        if page.open != was_open:
            self._broker.house.reception.push_config(site)

    def _arm(self, site: SiteId, page: Page) -> None:
        hours = self._broker.sites.rules_of(site).hours
        now = self._broker.clock()
        page.open, turns = hours.is_open(now), hours.turns(now)
        due = page.renewed if turns is None else min(turns, page.renewed)
        self._broker.wall_timers.arm_at(page.timer, due / 1000)
