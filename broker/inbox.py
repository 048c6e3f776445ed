"""One connection's view of the inbox: what it has been sent of it, and what waits.

Each change names the one sent before it, so a client sees that one is missing. While
the client is slow to take them, changes wait here, the newest of each ticket alone, and
are numbered as they leave: nothing is lost, and what waits is bounded by the tickets.
"""

from typing import TYPE_CHECKING

from msgspec import UNSET

from actors.cells.watching import Agents, Open, Page, Shut
from actors.desk.inbox import Waiting
from actors.desk.listing import Listing
from actors.desk.views import Key
from actors.ids import AGENT, ChatId, Millis
from broker.speech import row
from broker.wire.codec import Codec
from broker.wire.errors import Close, Code, refuse
from broker.wire.frames import Badge, InboxOpened, Ix, StatsTaken
from storage.queries import Listed

if TYPE_CHECKING:
    from broker.peer import Peer


class Press:
    """Encodes a change once for all who are sent the same bytes."""

    __slots__ = ("_copies", "_ix")

    def __init__(self) -> None:
        self._ix = 0
        self._copies: dict[tuple[Codec, int, bool, bool], bytes] = {}

    def row(
        self, codec: Codec, chain: tuple[int, int], listing: Listing, view: "Seen"
    ) -> bytes:
        """Return the frame in which `listing` follows; `chain` is its ix and iprev."""
        ix, iprev = chain
        if ix != self._ix:
            self._ix = ix
            self._copies.clear()
        key = (codec, iprev, *view)
        frame = self._copies.get(key)
        if frame is None:
            shown = row(listing, unread=view[0], own=view[1])
            frame = self._copies[key] = codec.encode(Ix(ix, iprev, shown))
        return frame


Seen = tuple[bool, bool]
"""Whether the ticket is unread, and whether the last word was the agent's own."""


class InboxWatch:
    """A watcher for the inbox's actor."""

    __slots__ = ("_badge", "_draining", "_peer", "_pending", "_sent", "over")

    def __init__(self, peer: "Peer") -> None:
        self._peer = peer
        self._sent = 0
        """The last ix of this subscription."""
        self._pending: dict[int, tuple[int, Listing, bool | None]] = {}
        """By ticket, in order: ix, and whether it is unread; `None` if it is gone."""
        self._badge: int | None = None
        """What was not sent yet."""
        self._draining = False
        self.over = False
        """Whether the agent wants nothing more."""

    @property
    def busy(self) -> bool:
        """Whether some changes wait for the client."""
        return bool(self._pending)

    def when_free(self, again: Open) -> None:
        """Have `again` told when the client has taken what waits."""
        peer = self._peer
        inboxes, site = peer.house.inboxes, peer.site
        peer.transport.when_drained(lambda: inboxes.tell(site, again))

    def opened(self, page: Page) -> None:
        """Answer with a page, then take out of the view what has left it."""
        self._pending.clear()
        self._badge = None
        self._sent = page.ix
        sub = self._peer.sub
        shown = tuple(
            row(each.listing, unread=each.unread, own=is_own(each.listing, sub))
            for each in page.rows
        )
        last = page.rows[-1].listing if page.more and page.rows else None
        cursor = UNSET if last is None else cursor_of(last)
        self._peer.say(
            InboxOpened(
                page.re, page.ix, shown, page.badge, page.more, page.full, cursor
            )
        )
        for listing in page.gone:
            newest = listing is page.gone[-1]
            self.gone(page.upto if newest else listing.ix, listing)

    def changed(self, ix: int, listing: Listing, *, unread: bool) -> None:
        """Send a ticket as it now is, or have it wait."""
        if self._may_send():
            self._send(ix, listing, unread=unread)
        else:
            self._wait(ix, listing, unread)

    def gone(self, ix: int, listing: Listing) -> None:
        """Say that a ticket is out of the view, or have that wait."""
        if self._may_send():
            self._send(ix, listing, unread=None)
        else:
            self._wait(ix, listing, None)

    def badge(self, number: int) -> None:
        """Send the badge, or have the newest wait."""
        if self.over:
            return
        if self._may_send():
            self._peer.say(Badge(number))
        else:
            self._badge = number
            self._drain_later()

    def counted(self, re: str, waiting: Waiting, agents: Agents, now: Millis) -> None:
        """Answer with what there is to do."""
        oldest = waiting.oldest
        self._peer.say(
            StatsTaken(
                re,
                waiting=waiting.waiting,
                oldest_wait=None if oldest is None else Millis(max(0, now - oldest)),
                unassigned=waiting.unassigned,
                overdue=waiting.overdue,
                snoozed_due_today=waiting.snoozed_due,
                agents_online=agents.online,
                agents_full=agents.full,
            )
        )

    def refused(self, re: str) -> None:
        """Answer that it cannot be said now."""
        self._peer.say(refuse(re, Code.UNAVAILABLE))

    def lost(self) -> None:
        """Have the client come back: what it has can no longer be kept up to date."""
        self._peer.transport.close(Close.RESTARTING)

    def end(self) -> None:
        """Send nothing more."""
        self.over = True
        self._pending.clear()
        self._peer.house.inboxes.tell(self._peer.site, Shut(self))

    # Within.

    def _may_send(self) -> bool:
        return not self._pending and self._peer.transport.low

    def _send(self, ix: int, listing: Listing, *, unread: bool | None) -> None:
        if self.over:
            return
        peer, iprev = self._peer, self._sent
        self._sent = ix
        if unread is None:
            peer.say(Ix(ix, iprev, gone=ChatId(listing.row.chat)))
            return
        seen = (unread, is_own(listing, peer.sub))
        frame = peer.hub.press.row(peer.codec, (ix, iprev), listing, seen)
        peer.transport.offer(frame)

    def _wait(self, ix: int, listing: Listing, unread: bool | None) -> None:  # noqa: FBT001 - three states
        if self.over:
            return
        # At the end: what it last was is of no interest any more.
        self._pending.pop(listing.stream, None)
        self._pending[listing.stream] = (ix, listing, unread)
        self._drain_later()

    def _drain_later(self) -> None:
        if not self._draining:
            self._draining = True
            self._peer.transport.when_drained(self._drain)

    def _drain(self) -> None:
        self._draining = False
        pending, transport = self._pending, self._peer.transport
        while pending and transport.low:
            ix, listing, unread = pending.pop(next(iter(pending)))
            self._send(ix, listing, unread=unread)
        if pending:
            self._drain_later()
        elif self._badge is not None:
            number, self._badge = self._badge, None
            self.badge(number)


def is_own(listing: Listing, agent: str) -> bool:
    """Return whether the last word in a ticket was the agent's."""
    by: str = listing.row.said_by
    return by == f"{AGENT}{agent}"


# --- Cursors --------------------------------------------------------------------------


def cursor_of(listing: Listing) -> str:
    """Return where the page after `listing` begins, as clients hand it back."""
    row_, key = listing.row, listing.key
    if listing.standing.status == "closed":
        return f"c.{row_.closed_at}.{row_.stream}"
    return f"{'a' if key.answered else 'w'}.{key.since}.{key.stream}"


def behind(cursor: str, status: str) -> Key | Listed | None:
    """Return the place that `cursor` names in lists of `status`, if it names one."""
    kind, _, rest = cursor.partition(".")
    at, _, stream = rest.partition(".")
    if not (at.isdecimal() and stream.isdecimal() and cursor.isascii()):
        return None
    if max(int(at), int(stream)) >= 2**63 or (kind == "c") != (status == "closed"):
        return None
    if kind == "c":
        return Listed(int(at), int(stream))
    return (
        Key(kind == "a", Millis(int(at)), int(stream)) if kind in {"a", "w"} else None
    )
