"""The mail of a site's inbox, and who watches it."""

from typing import NamedTuple, Protocol

import msgspec

from actors.cells.ports import Caller
from actors.desk.inbox import Waiting
from actors.desk.listing import Listing
from actors.desk.views import Key, View
from actors.ids import AgentId, ChatId, Millis, Person, Seq, SiteId
from actors.runtime.actor import Fleeting
from storage.queries import Listed as Ended
from storage.records import ReadRow, TicketRow


class Shown(NamedTuple):
    """A ticket as one agent sees it."""

    listing: Listing
    unread: bool


class Page(msgspec.Struct, frozen=True):
    """The answer to an `Open`."""

    re: str
    ix: int
    rows: tuple[Shown, ...]
    gone: tuple[Listing, ...]
    """Out of the view since the watcher last watched: to be told of after the rows,
    whose `ix` therefore is still the old one."""
    upto: int
    """The `ix` at which all of this holds."""
    badge: int
    more: bool
    full: bool
    """Whether these rows stand for all that the agent had, or come on top of it."""


class Watcher(Protocol):
    """One connection of an agent who watches the inbox."""

    @property
    def busy(self) -> bool:
        """Whether it has not been sent all that has changed."""
        ...

    def when_free(self, again: "Open") -> None:
        """Have `again` told once it has been."""

    def opened(self, page: Page) -> None:
        """Take what there is."""

    def changed(self, ix: int, listing: Listing, *, unread: bool) -> None:
        """Take a ticket that is in the view as it now is."""

    def gone(self, ix: int, listing: Listing) -> None:
        """Take out a ticket that is no longer in the view."""

    def badge(self, number: int) -> None:
        """Hear how many tickets have a dot now."""

    def counted(self, re: str, waiting: Waiting, agents: "Agents", now: Millis) -> None:
        """Hear what there is to do."""

    def refused(self, re: str) -> None:
        """Hear that it cannot be said now."""

    def lost(self) -> None:
        """Hear that nothing more will be told: the inbox begins anew."""


class Floor(Protocol):
    """All connections, seen from the inbox."""

    def watch(self, site: SiteId, *, on: bool) -> None:
        """Pass on what changes in the lists of `site`, or no longer."""

    def here(self, person: Person) -> bool:
        """Return whether a shopper is connected."""
        ...


class Agents(NamedTuple):
    """How many agents are there."""

    online: int
    full: int
    """Of those, who have as many open tickets as they may."""


class Open(msgspec.Struct, frozen=True):
    """`watcher` wants a page of a view, and what changes in it from then on."""

    re: str
    watcher: Watcher
    view: View
    limit: int
    behind: Key | Ended | None = None
    """The last ticket of the page before: of the kind that suits the view's status."""
    after: int | None = None
    """Up to which change the watcher has seen this view already."""


class Shut(Fleeting, frozen=True):
    """`watcher` wants nothing more."""

    watcher: Watcher


class Listed(Fleeting, frozen=True, gc=False):
    """A ticket's row is durable."""

    row: TicketRow
    name: str
    reads: tuple[ReadRow, ...]


class HasRead(msgspec.Struct, frozen=True, gc=False):
    """An agent has read a ticket."""

    stream: int
    agent: AgentId
    upto: Seq


class Mark(msgspec.Struct, frozen=True):
    """An agent flags a ticket for themselves."""

    re: str
    chat: ChatId
    stream: int
    agent: AgentId
    caller: Caller


class Seen(Fleeting, frozen=True, gc=False):
    """A shopper has come, or the last of their connections has gone."""

    who: Person
    online: bool


class Count(msgspec.Struct, frozen=True):
    """Somebody asks what there is to do; these agents are there to do it."""

    re: str
    watcher: Watcher
    online: frozenset[AgentId]
    due_before: Millis
    """When the shop's day ends."""


class Flush(Fleeting, frozen=True, gc=False):
    """Tell all watchers what has changed in this turn."""


FLUSH = Flush()
AnyMail = Open | Shut | Listed | HasRead | Mark | Seen | Count | Flush
