"""An agent's list of tickets, kept up to date over a link that comes and goes.

tickets = TicketList(link, "mine")
await tickets.open()
async for received in link:
if await tickets.take(received):
show(tickets.rows)
"""

from typing import Protocol

from actors.ids import ChatId
from broker.wire.frames import Badge
from broker.wire.heard import Fields, Greeting, InboxChange
from clients.received import Received


class Asking(Protocol):
    """As much of a link as is needed here."""

    async def request(self, op: str, **fields: object) -> Fields:
        """Return all that the answer to a request says."""
        ...


class TicketList:
    """One view; its first page, and whatever changes in the view from then on."""

    def __init__(
        self, link: Asking, view: str, status: str = "open", *, limit: int = 200
    ) -> None:
        self.rows: dict[ChatId, Fields] = {}
        self.badge = 0
        self.more = False
        """Whether the view has more tickets than its first page and what changed."""
        self._link = link
        self._asked = {"view": view, "status": status, "limit": limit}
        self._ix: int | None = None
        self._peeking = False

    async def open(self) -> None:
        """Get the page, or only what has changed since it was got.

        Raises:
            RequestRefused: it cannot be had now.
            LinkClosed: the link has ended.
        """
        after = {} if self._ix is None else {"after": self._ix}
        answer = await self._link.request("inbox.open", **self._asked, **after)
        if answer["full"]:
            self.rows.clear()
            self.more = answer["more"]
        self.rows |= {row["chat"]: row for row in answer["rows"]}
        self._ix, self.badge = answer["ix"], answer["badge"]

    async def peek(self, view: str, status: str) -> tuple[list[Fields], bool]:
        """Return the first page of another view, and whether it has more.

        A connection watches one view: this one is, again, when it returns.

        Raises:
            RequestRefused: it cannot be had now.
            LinkClosed: the link has ended.
        """
        other = self._asked | {"view": view, "status": status}
        self._peeking = True
        try:
            answer = await self._link.request("inbox.open", **other)
            await self.open()
        finally:
            self._peeking = False
        return answer["rows"], answer["more"]

    async def take(self, received: Received) -> bool:
        """Apply what the link has received; return whether a ticket has changed.

        Raises:
            RequestRefused: something is missing, and cannot be had now.
            LinkClosed: the link has ended.
        """
        match received:
            case Badge(n=number):
                self.badge = number
                return False
            case Greeting():
                # A new connection watches nothing yet.
                await self.open()
            case InboxChange() if self._peeking:
                # Of the other view, or to be asked for after it.
                return False
            case InboxChange() if self._ix is None or received.ix <= self._ix:
                # It was on its way when the list was opened anew.
                return False
            case InboxChange() if received.iprev != self._ix:
                await self.open()
            case InboxChange():
                self._apply(received)
            case _:
                return False
        return True

    def _apply(self, change: InboxChange) -> None:
        self._ix = change.ix
        if isinstance(change.row, dict):
            self.rows[change.row["chat"]] = change.row
        elif isinstance(change.gone, str):
            self.rows.pop(change.gone, None)
