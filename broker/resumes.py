"""Chats that are taken up again with a hello: so many at once, the others in a line.

After a restart everybody comes back within seconds, and each chat has to be read from
the disk. All of them together would only take turns at one reading thread, keep every
page of it in memory, and hold up those who are back already.

Each listens from its hello on; what waits is that the chat hears of it. So nothing is
lost meanwhile and nothing comes twice: the past is read when its turn has come, and
answers to its own writes wait for their place in it, as they always do.
"""

from collections import OrderedDict
from collections.abc import Callable

from actors.cells.chat import ChatCell
from actors.cells.orders import Join
from actors.runtime.system import Kind
from broker.subscription import Subscription

AT_ONCE = 32
"""Chats that catch up at a time. A few keep the reading thread busy; 32 pages are some
MiB at the worst, and the next query of one who is back waits for no more than those."""
WAITING = 4096
"""Chats in line. Whoever would be behind those, some seconds, does better to come back
later: they are told when, and there is no end to how many come back."""
PATIENCE_S = 1.0
"""Seconds after which one that waits for its own reader does not count any more: thirty
who read slowly would hold up everybody. It goes on as they read."""


class Resumes:
    """Of all connections of a process."""

    def __init__(self, chats: Kind[ChatCell], now: Callable[[], float]) -> None:
        self._chats = chats
        self._now = now
        self._running: dict[Subscription, float] = {}
        """Since when."""
        self._waiting: OrderedDict[Subscription, None] = OrderedDict()

    @property
    def running(self) -> int:
        """How many catch up."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many are in line."""
        return len(self._waiting)

    def has_room_for(self, number: int) -> bool:
        """Return whether so many more may get in line; in an empty one, any number."""
        return not self._waiting or len(self._waiting) + number <= WAITING

    def add(self, subscription: Subscription) -> None:
        """Let it catch up when its turn has come."""
        self._waiting[subscription] = None
        self._begin()

    def done(self, subscription: Subscription) -> None:
        """Hear that it has caught up, or is over; it may be none of these."""
        if self._running.pop(subscription, None) is None:
            self._waiting.pop(subscription, None)
        else:
            self._begin()

    def sweep(self) -> None:
        """Let others begin in place of those who do not read, once a second."""
        now = self._now()
        for subscription, begun in tuple(self._running.items()):
            reads = subscription.peer.transport.low
            if not reads and now - begun >= PATIENCE_S:
                self.done(subscription)

    def _begin(self) -> None:
        while self._waiting and len(self._running) < AT_ONCE:
            subscription, _ = self._waiting.popitem(last=False)
            self._running[subscription] = self._now()
            join = Join(subscription, subscription.peer.site)
            self._chats.tell(subscription.chat, join)
