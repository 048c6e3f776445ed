"""Whether an agent's badge is the number of tickets with a dot, and the dots are right.

Asked for when all has arrived: the lists of what is the agent's and of what is nobody's
are counted again, and each dot of a chat of the run is compared with what its agent has
read. What was still on its way is asked for once more, while there is time.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import trio

from clients.load.heard import Heard, Row
from clients.load.loop import clock
from clients.load.scene import Scene
from clients.load.seat import Seat
from clients.load.talk import Listing, Talk
from clients.load.texts import AGENT

VIEWS = ("mine", "unassigned")
AGAIN_S = 0.15
"""Before an agent with a wrong badge is asked again."""
PATIENCE_S = 1.5
"""For all of it, at the end of a run that ends within seven seconds."""
MOST_PAGES = 50
"""Of 200 tickets each: who has more is not judged."""


class Told(NamedTuple):
    """What one agent is told, all in all."""

    rows: Mapping[str, Row]
    """By chat."""
    badge: int


def judged(
    sub: str, told: Told, dotted: Mapping[str, bool]
) -> Iterator[tuple[str, str]]:
    """Yield the chat, if it is about one, and what is wrong, in words.

    `dotted` says of chats that are the agent's or nobody's whether they have a dot.
    """
    counted = sum(
        row.unread
        for row in told.rows.values()
        if row.status == "open" and row.control != "bot" and row.assignee in {None, sub}
    )
    if told.badge != counted:
        yield "", f"{sub}'s badge says {told.badge}, {counted} tickets have a dot"
    for chat, dot in dotted.items():
        row = told.rows.get(chat)
        if row is None:
            yield chat, f"{sub} has it in no list"
        elif row.unread != dot:
            words = "has a dot, and was read" if row.unread else "has no dot, unread"
            yield chat, f"to {sub} it {words}"


def lists_of(agents: Sequence[Seat], share: float) -> list[Seat]:
    """Return those who have the list open all along: evenly spread, so many of all."""
    return [
        seat
        for number, seat in enumerate(agents)
        if seat.who.role != "shopper"
        and int((number + 1) * share) > int(number * share)
    ]


def by_agent(
    talks: Mapping[int, Talk], seats: Mapping[tuple[int, str], Seat]
) -> dict[Seat, list[Talk]]:
    """Return a connection of each agent who is there, and the agent's chats."""
    there: dict[str, Seat] = {}
    found: dict[Seat, list[Talk]] = {}
    for index, talk in talks.items():
        seat = seats[index, AGENT]
        if seat.there and seat.who.role != "shopper":
            first = there.setdefault(seat.who.sub, seat)
            found.setdefault(first, []).append(talk)
    return found


def dots(sub: str, talks: Sequence[Talk]) -> dict[str, bool]:
    """Return which chats of an agent's are to have a dot, of those that are open.

    The dot is there while the shopper's last message is not read (spec F19). Nothing is
    said of a `read` that was lost with its connection.
    """
    found: dict[str, bool] = {}
    for talk in talks:
        agent = talk.followers.get(AGENT)
        known = agent is not None and talk.ready and not (talk.ending or talk.old)
        if agent is not None and known and talk.holder in {None, sub}:
            unread = talk.said > agent.hoped
            if unread or talk.said <= agent.cursor:
                found[talk.chat] = unread
    return found


async def recounted(agents: Mapping[Seat, Sequence[Talk]], scene: Scene) -> None:
    """Ask for all lists until they are right, or time is up; then judge them."""
    left, deadline = dict(agents), clock() + PATIENCE_S
    while left and "inbox.open" not in scene.unknown:
        counts = {seat: Recount(seat) for seat in left}
        while clock() < deadline and any(c.told is None for c in counts.values()):
            if "inbox.open" in scene.unknown:
                return
            await trio.sleep(0.02)
        last = clock() + AGAIN_S >= deadline
        for seat, count in counts.items():
            if count.told is not None and _settled(
                seat, count.told, left[seat], scene, last=last
            ):
                del left[seat]
        if last:
            break
        await trio.sleep(AGAIN_S)
    scene.figures.totals["badges_unknown"] += len(left)


class Recount:
    """Asks one agent's connection for its lists, page by page."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._rows: dict[str, Row] = {}
        self._views = list(VIEWS)
        self._pages = 0
        self.told: Told | None = None
        """Once it is known."""
        self._ask(None)

    def _ask(self, cursor: str | None) -> None:
        if not self._views:
            return
        seat = self._seat
        seat.ask(Listing(seat.new_id("l"), self._views[0], cursor, self._page))

    def _page(self, page: Heard) -> None:
        self._rows.update({row.chat: row for row in page.rows})
        self._pages += 1
        if page.more and self._pages < MOST_PAGES:
            self._ask(page.cursor)
            return
        self._views.pop(0)
        if self._views:
            self._ask(None)
        elif not page.more:
            self.told = Told(self._rows, page.badge or 0)


def _settled(
    seat: Seat, told: Told, talks: Sequence[Talk], scene: Scene, *, last: bool
) -> bool:
    """Judge an agent's lists; return whether that was the last word on them."""
    found = list(judged(seat.who.sub, told, dots(seat.who.sub, talks)))
    if found and not last:
        return False
    scene.figures.totals["badges"] += 1
    for chat, words in found:
        scene.oracle.miscounted(chat, words, clock())
    return True
