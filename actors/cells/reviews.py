"""Has a site's chats look at their deadlines again: its settings or hours are new."""

from functools import partial

from actors.cells.chat import ChatCell
from actors.cells.orders import Ring
from actors.cells.ports import Clock
from actors.ids import SiteId
from actors.runtime.system import Kind
from actors.runtime.timers import Timer, Timers
from storage import queries
from storage.journal import Journal
from storage.records import TicketRow

AT_ONCE = 64
"""Chats in one go. Most are in memory and look in 3 us; one that has to be loaded
takes 200, so that this is 13 ms of the loop's time at worst."""
APART = 0.25
"""Seconds between two goes: ten thousand chats take forty."""
RETRY = 5.0
"""Seconds after which to ask a journal again that could not be read."""


class Reviews:
    """At most one review a site; a new one takes the place of one that runs."""

    def __init__(
        self, chats: Kind[ChatCell], journal: Journal, timers: Timers, clock: Clock
    ) -> None:
        self._chats = chats
        self._journal = journal
        self._timers = timers
        self._clock = clock
        self._running: dict[SiteId, Timer] = {}

    def __len__(self) -> int:
        """Return how many sites are being reviewed."""
        return len(self._running)

    def begin(self, site: SiteId) -> None:
        """Tell all unclosed chats of `site` to look, some at a time."""
        old = self._running.get(site)
        if old is not None:
            old.cancel()
        timer = self._running[site] = Timer(partial(self._find, site))
        self._timers.arm(timer, 0)

    def _find(self, site: SiteId) -> None:
        timer = self._running[site]
        self._journal.ask(
            partial(queries.unclosed_of_site, site=site),
            partial(self._found, site, timer),
            partial(self._not_found, site, timer),
        )

    def _found(self, site: SiteId, timer: Timer, rows: list[TicketRow]) -> None:
        if self._running.get(site) is timer:
            timer.call = partial(self._tell, site, [row.chat for row in rows])
            timer.fire()

    def _not_found(self, site: SiteId, timer: Timer, _error: Exception) -> None:
        if self._running.get(site) is timer:
            self._timers.arm(timer, RETRY)

    def _tell(self, site: SiteId, chats: list[str]) -> None:
        now = self._clock()
        for chat in chats[:AT_ONCE]:
            self._chats.tell(chat, Ring(now))
        del chats[:AT_ONCE]
        if chats:
            self._timers.arm(self._running[site], APART)
        else:
            del self._running[site]
