"""Takes what is to leave the process out to the world, from the durable table.

Each kind has a carrier of its own, so that one that hangs stops no other. It is woken
when something was committed, or when what failed is to be tried again; it never looks
in vain. At most so many of a kind are under way, of each line one. What was under way
when the process died is tried again under the same key: at least once, never lost.
"""

import logging
import random
import sqlite3
from functools import partial
from math import inf
from typing import Protocol

import msgspec
import trio

from actors.cells.ports import Clock
from actors.ids import Millis
from broker.books import Books
from storage import outgoing
from storage.errors import Unwritable
from storage.outgoing import Delivery

AT_ONCE = 8
"""Deliveries of a kind under way at a time, if nothing else is said."""
SHORTEST_S, LONGEST_S = 1.0, 3600.0
"""Seconds between two attempts, if a kind has no pauses of its own."""
GIVEN_UP_MS = 24 * 3600 * 1000
"""After so long an attempt that fails was the last one."""
UNTOLD_MS = 7 * GIVEN_UP_MS
"""For so long it is tried to tell whom it concerns what came of it."""
LOOK_S = 60.0
"""Seconds after which to look at the wall's clock again, which may have been set; and
after which to tell again, first, what nobody could be told."""
FULL_S = 1.0
"""Seconds after which to try again what a full disk did not take."""

log = logging.getLogger(__name__)


class Sent(msgspec.Struct, frozen=True):
    """The other side has it."""


class Failed(msgspec.Struct, frozen=True):
    """The other side does not have it, or did not say so."""

    reason: str
    """A few words for an agent: nothing of what was to be sent, and no secret."""
    final: bool = False
    """Whether another attempt would fail too."""


class Needless(msgspec.Struct, frozen=True):
    """There is nothing to send any more: it is over."""


class Later(msgspec.Struct, frozen=True):
    """It is not time yet; this was no attempt."""

    until: Millis


Outcome = Sent | Failed | Needless | Later


class Pace(msgspec.Struct, frozen=True):
    """How fast a kind leaves."""

    shortest: float = SHORTEST_S
    longest: float = LONGEST_S
    """Seconds between two attempts: it doubles from the first to the second."""
    at_once: int = AT_ONCE
    """Deliveries under way at a time."""


USUAL = Pace()


class Adapter(Protocol):
    """The way out for one kind."""

    async def send(self, delivery: Delivery) -> Outcome:
        """Hand it to the other side, in bounded time; cancelling loses nothing."""
        ...

    async def tell(self, delivery: Delivery) -> None:
        """Tell whom it concerns that it is over; a second time changes nothing.

        Raises:
            Exception: it could not be told; it is tried again.
        """


class Counts:
    """What a carrier has done, for the metrics."""

    __slots__ = ("dead", "pending", "retried", "sent")

    def __init__(self) -> None:
        self.sent = 0
        self.retried = 0
        self.dead = 0
        """Given up."""
        self.pending = 0
        """What waited when it last looked."""


class Carrier:
    """Delivers what is of one kind."""

    def __init__(
        self,
        kind: str,
        adapter: Adapter,
        *,
        books: Books,
        clock: Clock,
        pace: Pace = USUAL,
    ) -> None:
        self.kind = kind
        self.counts = Counts()
        self._adapter = adapter
        self._books = books
        self._clock = clock
        self._pace = pace
        self._chance = random.Random()  # noqa: S311  # spreads attempts, hides nothing
        self._woken = trio.Event()
        self._under_way: set[int] = set()
        self._stopping = False

    def wake(self) -> None:
        """Look: something was committed."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver, until cancelled or told to `stop`."""
        async with trio.open_nursery() as nursery:
            while not self._stopping:
                self._woken = trio.Event()
                wait = await self._look(nursery)
                with trio.move_on_after(wait):
                    await self._woken.wait()

    async def stop(self) -> None:
        """Begin nothing more, and wait for what is under way; it may be cancelled."""
        self._stopping = True
        self.wake()
        while self._under_way:  # noqa: ASYNC110  # once, at the end
            await trio.sleep(0.01)

    async def _look(self, nursery: trio.Nursery) -> float:
        """Begin what is due and has room; return after how long to look again."""
        most, now = self._pace.at_once + len(self._under_way), self._clock()
        find = partial(outgoing.due, kind=self.kind, now=now, limit=most)
        try:
            found = await self._books.query(find)
        except sqlite3.Error:
            log.exception("what is to leave cannot be read")
            return LOOK_S
        self.counts.pending = found.pending
        for delivery in found.now:
            if len(self._under_way) == self._pace.at_once or self._stopping:
                break
            if delivery.id not in self._under_way:
                self._under_way.add(delivery.id)
                nursery.start_soon(self._carry, delivery)
        if found.later is None:
            return inf
        return min(LOOK_S, max(0.0, (found.later - now) / 1000))

    async def _carry(self, delivery: Delivery) -> None:
        try:
            if delivery.state == "pending":
                delivery = await self._attempt(delivery)
            if delivery.state != "pending":
                await self._tell(delivery)
        finally:
            self._under_way.discard(delivery.id)
            self.wake()

    async def _attempt(self, delivery: Delivery) -> Delivery:
        """Return the delivery as it is after one more attempt, which is durable."""
        try:
            outcome: Outcome = await self._adapter.send(delivery)
        except Exception:
            # A bug of this adapter; what it was about is not for the logs.
            log.exception("%s %s could not be sent", self.kind, delivery.key)
            outcome = Failed("internal error")
        now = self._clock()
        if isinstance(outcome, Later):
            later = partial(outgoing.put_off, id_=delivery.id, until=outcome.until)
            await self._write(later)
            return delivery
        if isinstance(outcome, Sent | Needless):
            self.counts.sent += isinstance(outcome, Sent)
            await self._write(partial(outgoing.finish, id_=delivery.id, now=now))
            return msgspec.structs.replace(delivery, state="done")
        error = outcome.reason
        if outcome.final or now - delivery.at >= GIVEN_UP_MS:
            self.counts.dead += 1
            log.warning("%s %s is given up: %s", self.kind, delivery.key, error)
            over = partial(outgoing.finish, id_=delivery.id, now=now, error=error)
            await self._write(over)
            return msgspec.structs.replace(delivery, state="dead", error=error)
        self.counts.retried += 1
        until = now + int(self._pause(delivery.attempts) * 1000)
        later = partial(outgoing.postpone, id_=delivery.id, error=error, until=until)
        await self._write(later)
        return delivery

    def _pause(self, attempts: int) -> float:
        """Return for how many seconds to wait after so many attempts before this."""
        shortest, longest = self._pace.shortest, self._pace.longest
        pause = min(longest, shortest * 2.0 ** min(attempts + 1, 32))
        return max(shortest, pause * self._chance.uniform(0.5, 1.0))

    async def _tell(self, delivery: Delivery) -> None:
        now, over = self._clock(), delivery.id
        try:
            await self._adapter.tell(delivery)
        except Exception:
            log.exception("of %s %s nobody was told", self.kind, delivery.key)
            if now - delivery.at < UNTOLD_MS:
                age_s = (now - delivery.at) / 1000
                pause = min(max(LOOK_S, age_s / 2), LONGEST_S)
                until = now + int(pause * 1000)
                await self._write(partial(outgoing.put_off, id_=over, until=until))
                return
        await self._write(partial(outgoing.forget, id_=over, now=now))

    async def _write(self, write: partial[None]) -> None:
        """Have it written, if need be when the disk has room again.

        To forget the outcome would be to send once more.
        """
        while True:
            try:
                await self._books.change(write)
            except Unwritable:
                await trio.sleep(FULL_S)
            else:
                return
