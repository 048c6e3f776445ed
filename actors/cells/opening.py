"""What an agent is sent who opens the inbox: a page, or what has changed since."""

import sqlite3

from actors.cells.loading import found_listing
from actors.cells.watching import Open, Page, Shown
from actors.desk.inbox import Inbox
from actors.desk.listing import Listing
from actors.desk.views import Key
from storage import inbox as tables
from storage.inbox import LAST, Ended, Named
from storage.queries import Listed


class Opening:
    """One `Open`, on the inbox as it was when it came."""

    def __init__(
        self, inbox: Inbox, opened: Open, hidden: frozenset[str], *, surface: bool
    ) -> None:
        self.opened = opened
        self.hidden = hidden
        self.inbox = inbox
        self._surface = surface
        self._ix = inbox.ix
        self._changed = self._since()
        self._rows: list[Listing] = []
        self._more = False

    @property
    def from_journal(self) -> bool:
        """Whether the page has to be read: closed tickets are not kept in memory."""
        return self._changed is None and self.opened.view.status == "closed"

    def read(self, connection: sqlite3.Connection, site: str) -> list[Named]:
        """Return the page, and one more if there is one."""
        opened, view = self.opened, self.opened.view
        holders = {"mine": True, "unassigned": False}
        wanted = Ended(
            site=site,
            agent=view.agent,
            mine=holders.get(view.name),
            bot=view.name == "bot",
            team=view.team,
            channel=view.channel,
            hidden=tuple(self.hidden),
        )
        before = opened.behind if isinstance(opened.behind, Listed) else LAST
        return tables.ended(connection, wanted, before, opened.limit + 1)

    def found(self, found: list[Named]) -> None:
        """Take what was read."""
        self._take([found_listing(named) for named in found])

    def page(self) -> Page:
        """Return what to answer."""
        changed = self._changed
        if changed is not None:
            rows = [each for each in changed if self._shows(each)]
            gone = [each for each in changed if not self._shows(each)]
            return self._page(rows, gone, full=False)
        if not self.from_journal:
            opened = self.opened
            behind = opened.behind if isinstance(opened.behind, Key) else None
            self._take(
                self.inbox.page(opened.view, self.hidden, behind, opened.limit + 1)
            )
        full = self.opened.behind is None
        return self._page(self._rows, [], full=full)

    def since(self) -> list[Listing]:
        """Return what has changed between the page and now."""
        return self.inbox.since(self._ix) or []

    def _since(self) -> list[Listing] | None:
        after = self.opened.after
        changed = None if after is None else self.inbox.since(after)
        # More than a page is not worth having piece by piece.
        fits = changed is not None and len(changed) <= self.opened.limit
        return changed if fits else None

    def _shows(self, listing: Listing) -> bool:
        return self.opened.view.shows(listing.standing, self.hidden)

    def _take(self, rows: list[Listing]) -> None:
        limit = self.opened.limit
        self._rows, self._more = rows[:limit], len(rows) > limit

    def _page(self, rows: list[Listing], gone: list[Listing], *, full: bool) -> Page:
        after = self.opened.after if gone else None
        agent = self.opened.view.agent
        shown = tuple(
            Shown(each, self.inbox.unread(agent, each, surface=self._surface))
            for each in rows
        )
        badge = self.inbox.dots.badge(agent, self.hidden)
        return Page(
            re=self.opened.re,
            ix=self._ix if after is None else after,
            rows=shown,
            gone=tuple(gone),
            upto=self._ix,
            badge=badge,
            more=self._more,
            full=full,
        )
