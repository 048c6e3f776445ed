"""Bringing a site's unclosed tickets into its inbox, a page at a time.

What happens meanwhile reaches the inbox too: it is newer than what is found.
"""

from collections.abc import Callable
from functools import partial

from actors.cells.names import called_by
from actors.cells.reading import ask
from actors.cells.watching import Count, Open, Watcher
from actors.desk.inbox import Inbox
from actors.desk.listing import Listing
from actors.desk.views import Key, Standing
from actors.ids import Millis
from actors.runtime.actor import Actor
from storage import inbox as tables
from storage.inbox import LAST, Named
from storage.journal import Journal
from storage.queries import Listed
from storage.records import TicketRow

PAGE = 500
"""Tickets found at a time: other reads go between, and a turn stays within 5 ms."""

_standings: dict[Standing, Standing] = {}
"""The same few for all tickets: one for each agent, team and status there is."""
MOST_STANDINGS = 10_000
"""Past so many they begin anew: agents come and go, the process stays."""


class BoardLoad:
    """One load, and who waits for it."""

    def __init__(
        self,
        owner: Actor,
        journal: Journal,
        board: Inbox,
        online: Callable[[str], bool],
    ) -> None:
        self.opens: list[Open] = []
        self.counts: list[Count] = []
        self._owner = owner
        self._journal = journal
        self._board = board
        self._online = online

    def begin(self, then: Callable[["BoardLoad"], None]) -> None:
        """Load all, then call `then`."""
        self._ask(["snoozed", "open"], LAST, then)

    @property
    def waiting(self) -> tuple[Open | Count, ...]:
        """Who waits."""
        return (*self.opens, *self.counts)

    def leave(self, watcher: Watcher) -> None:
        """Let `watcher` wait no more."""
        mine = [opened for opened in self.opens if opened.watcher is watcher]
        for opened in mine:
            self.opens.remove(opened)
            watcher.refused(opened.re)

    def _ask(
        self, statuses: list[str], before: Listed, then: Callable[["BoardLoad"], None]
    ) -> None:
        find = partial(
            tables.unclosed,
            site=self._owner.key,
            status=statuses[-1],
            before=before,
            limit=PAGE,
        )
        ask(self._owner, self._journal, find, partial(self._found, statuses, then))

    def _found(
        self,
        statuses: list[str],
        then: Callable[["BoardLoad"], None],
        found: list[Named],
    ) -> None:
        for named in found:
            listing = found_listing(named)
            listing.online = self._online(listing.profile)
            self._board.load(listing)
        if len(found) == PAGE:
            last = found[-1].row
            self._ask(statuses, Listed(last.last_at, last.stream), then)
        elif len(statuses) > 1:
            self._ask(statuses[:-1], LAST, then)
        else:
            then(self)


def found_listing(named: Named) -> Listing:
    """Return a ticket as the journal has it, with its readers."""
    row = named.row
    name = called_by(row.profile, named.name, named.email, named.phone)
    listing = listing_of(row, name)
    if named.reads:
        listing.readers = {read.agent: read.read for read in named.reads}
    return listing


def listing_of(row: TicketRow, name: str) -> Listing:
    """Return a ticket from its row, without what is not in there."""
    waiting = row.waiting_since
    since = row.last_at if waiting is None else waiting
    standing = Standing(
        row.status, row.assignee, row.team, row.channel, row.control == "bot"
    )
    if len(_standings) > MOST_STANDINGS:
        _standings.clear()
    return Listing(
        stream=row.stream,
        standing=_standings.setdefault(standing, standing),
        key=Key(waiting is None, Millis(since), row.stream),
        profile=row.profile,
        name=name,
        seq=row.seq,
        said=row.shopper_said,
        overdue=row.missed > 0,
        until=None if row.until is None else Millis(row.until),
        row=row,
    )
