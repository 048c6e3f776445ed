"""Each committed transaction, a moment later, in a folder on another disk.

What is shipped are generations: a whole copy of the journal, and after it, in segments,
the statements of every transaction since (`storage.capture`). A journal can be made of
them as of any moment in between (`storage.shipped`).

Nobody waits for it: what has been committed is queued, and a thread of its own writes
it there. If the other disk is slow, full or gone, the broker goes on; once more is
queued than the bound allows, the chain is broken, and a new generation mends it.
"""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from storage import meta
from storage.backup import LAST, SHARE, bring_beside, remove_unused
from storage.capture import Recorded, Statement, Transaction, encode
from storage.errors import StorageError
from storage.generations import Record, Segment, begin, newest, prune
from storage.lock import DataLock

MOST_ROWS = 50_000
"""Rows that may wait: ten seconds of a broker at its limit, some 50 MB."""
TICK_S = 1.0
"""Seconds between two looks at what is not a commit: images, and old generations."""
APART_S = 0.05
"""Seconds from one sync of the other disk to the next: what it lags behind at best."""
AGAIN_S = 5.0
"""Seconds until a disk that refused is tried again."""
SCRUB_S = 10.0
"""Seconds from an erasure to the new generation that knows nothing of it: one erases a
person's chats one after another, and each copy is a whole one."""
SEGMENTS_BYTES = 64 * 1024 * 1024
"""Bytes of segments from which a new copy is cheaper to restore; or as many as the
copy has, if that is larger."""
STOP_S = 5.0
"""Seconds that a stop waits for what is queued."""

log = logging.getLogger(__name__)


class Shipment(NamedTuple):
    """One transaction that was committed."""

    seq: int
    at: float
    """When, in seconds of the wall."""
    scrub: bool
    statements: tuple[Statement, ...]
    rows: int


class ShipStats(msgspec.Struct, frozen=True):
    """How far the other folder has come."""

    waiting: int
    """Transactions that are committed here, and not yet there."""
    lag_s: float
    """Seconds since the first of those; 0 if there is none."""
    transactions: int
    """Shipped since the start."""
    bytes: int
    generations: int
    """Whole copies begun since the start."""
    failures: int
    """How often the other disk refused."""


NOTHING = ShipStats(0, 0.0, 0, 0, 0, 0)
"""The figures of who ships nothing."""


class Ship:
    """Carries what one journal commits to the folder `target`, which exists."""

    def __init__(
        self, target: Path, *, keep_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        """Keep there what restoring any moment of the last `keep_s` seconds takes."""
        self.target, self.clock = target, clock
        self._keep_s = keep_s
        self._lock = DataLock(target, "--ship")
        """Two that ship to one folder would each take the other's for their own."""
        self._journal, self._epoch = Path(), ""
        self._sure: int | None = None
        """Up to which position what is there is known to be of our journal."""
        self._queue: deque[Shipment] = deque()
        self._rows = 0
        self._lost_at: float | None = None
        """When the first that is missing there, and from the queue, was committed."""
        self._mutex = threading.Lock()
        self._awake = threading.Event()
        self._over = threading.Event()
        self._segment: Segment | None = None
        self._ours = False
        """Whether all that is there since the last copy came from this process."""
        self._failing = False
        self._scrub_at: float | None = None
        """When what was erased is to be gone from there, too; monotonic."""
        self._next_copy = 0.0
        """When there may be another copy: most of the time does not go into them, nor
        into trying to make them; monotonic."""
        self._transactions = self._bytes = self._generations = self._failures = 0
        self._thread = threading.Thread(target=self._run, name="ship", daemon=True)

    def stats(self) -> ShipStats:
        """Return the figures of now; may be called from any thread."""
        with self._mutex:
            waiting = len(self._queue)
            oldest = self._queue[0].at if waiting else None
            if self._lost_at is not None:
                oldest = self._lost_at
        return ShipStats(
            waiting=waiting,
            lag_s=0.0 if oldest is None else max(0.0, self.clock() - oldest),
            transactions=self._transactions,
            bytes=self._bytes,
            generations=self._generations,
            failures=self._failures,
        )

    def begin(self, journal: Path, epoch: str, committed: int | None) -> None:
        """Learn what is shipped, and how much of it before the first `put`.

        `None` if the journal was written without being shipped.
        """
        self._journal, self._epoch, self._sure = journal, epoch, committed

    def start(self) -> None:
        """Take the folder, and start the thread.

        Raises:
            DataHeld: another process ships there.
        """
        with suppress(OSError):  # The disk is away: it is tried again.
            self._lock.acquire()
        self._thread.start()

    def stop(self) -> None:
        """Ship what is queued, or give up after a while; nothing comes any more."""
        self._over.set()
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def put(self, shipment: Shipment) -> None:
        """Queue what was committed; called by the writer, which does not wait."""
        with self._mutex:
            if self._rows + shipment.rows > MOST_ROWS:
                first = self._queue[0].at if self._queue else shipment.at
                self._lost_at = self._lost_at or first
                self._queue.clear()
                self._rows = 0
            self._queue.append(shipment)
            self._rows += shipment.rows
        self._awake.set()

    # In the thread.

    def _run(self) -> None:
        last = False
        while not last:
            self._awake.wait(TICK_S)
            self._awake.clear()
            last = self._over.is_set()
            try:
                self._carry()
            except (OSError, sqlite3.Error, StorageError) as error:
                self._fail(error)
                self._over.wait(AGAIN_S)
            else:
                self._over.wait(APART_S)
        self._let_go()

    def _carry(self) -> None:
        """Bring the other folder up to date."""
        if not self._lock.held:
            self._lock.acquire()
        if self._segment is None and self._lost_at is None:
            self._segment = self._resumed()
            if self._segment is None:
                with self._mutex:
                    self._lost_at = self.clock()
        if self._lost_at is not None or self._outgrown():
            self._copy()
        with self._mutex:
            whole = self._lost_at is None
            batch = list(self._queue) if whole else []
        if not whole or self._segment is None:
            return
        if batch:
            self._write(self._segment, batch)
        (self._journal.parent / LAST).touch(0o600)
        if self._failing:
            self._failing = False
            log.info("%s is shipped to again", self.target)

    def _resumed(self) -> Segment | None:
        """Go on behind what is there, unless that is another journal or too little."""
        found, sure = newest(self.target), self._sure
        if found is None or found.about.epoch != self._epoch or sure is None:
            return None
        segment = Segment.after(found)
        if segment.seq < sure or (segment.seq > sure and not self._ours):
            # A process that died had not shipped its last, or had lost it here since.
            segment.close()
            return None
        self._ours = True
        if found.stale:
            self._scrub_at = time.monotonic()
        self._done(segment.seq)
        return segment

    def _outgrown(self) -> bool:
        """Whether it is time for another copy."""
        segment = self._segment
        if segment is None:
            return False
        if self._scrub_at is not None:
            return time.monotonic() >= self._scrub_at
        return segment.total > max(SEGMENTS_BYTES, segment.generation.bytes)

    def _copy(self) -> None:
        """Begin another generation, unless the last try was only just now."""
        started = time.monotonic()
        if started < self._next_copy:
            return
        with self._mutex:
            lost_at, self._lost_at = self._lost_at, None
        try:
            self._begin_another()
        except BaseException:
            with self._mutex:
                self._lost_at = lost_at or self._lost_at
            raise
        finally:
            ended = time.monotonic()
            self._next_copy = ended + SHARE * (ended - started)

    def _begin_another(self) -> None:
        scrub_at, now = self._scrub_at, self.clock()
        bring_beside(self._journal.parent, self.target)
        made = begin(self._journal, self.target, self._epoch, now)
        segment = Segment.after(made)
        if self._segment is not None:
            self._segment.close()
        self._segment, self._ours = segment, True
        self._generations += 1
        self._done(made.about.seq)
        if scrub_at is None:
            prune(self.target, now - self._keep_s)
        else:
            # Older ones have what was erased.
            prune(self.target, now)
            remove_unused(self.target, made.copy)
            if self._scrub_at == scrub_at:
                self._scrub_at = None
        log.info("a copy of the journal was begun in %s", made.folder)

    def _write(self, segment: Segment, batch: list[Shipment]) -> None:
        if any(each.scrub or _names_images(each) for each in batch):
            # Before the rows that speak of them.
            bring_beside(self._journal.parent, self.target)
        for each in batch:
            record = Record(each.seq, each.at, self._coded(each))
            self._bytes += segment.add(record)
            if each.scrub and self._scrub_at is None:
                segment.generation.outdate()
                self._scrub_at = time.monotonic() + SCRUB_S
        segment.sync()
        self._transactions += len(batch)
        self._done(batch[-1].seq)

    def _done(self, upto: int) -> None:
        self._sure = upto
        with self._mutex:
            while self._queue and self._queue[0].seq <= upto:
                self._rows -= self._queue.popleft().rows

    def _coded(self, shipment: Shipment) -> bytes:
        return encode(
            Transaction(
                journal=self._epoch,
                over=shipment.seq - 1,
                base=False,
                scrub=shipment.scrub,
                by="",
                statements=shipment.statements,
            )
        )

    def _fail(self, error: Exception) -> None:
        self._failures += 1
        if not self._failing:
            self._failing = True
            log.warning("nothing is shipped to %s for now: %s", self.target, error)
        self._let_go()

    def _let_go(self) -> None:
        """Hold nothing there: the disk may be taken away, and brought back."""
        if self._segment is not None:
            # It may have a part of the last batch: what is whole of it counts.
            self._segment.close()
            self._segment = None
        self._lock.release()


def _names_images(shipment: Shipment) -> bool:
    return any("blob" in sql for sql, _, _ in shipment.statements)


class Shipped(Recorded):
    """A connection whose transactions are shipped once they are committed."""

    ship: Ship
    """Set by who opens it."""


class Manifest:
    """Commits of one connection, on which nobody else commits."""

    def __init__(self, connection: Shipped) -> None:
        self._connection = connection
        self._ship = connection.ship

    def commit(self, *, scrub: bool = False) -> None:
        """Commit the transaction under way, and have it shipped.

        Raises:
            sqlite3.Error: it was not committed.
        """
        connection = self._connection
        statements = connection.tape.statements()
        if not statements:
            connection.execute("COMMIT")
            return
        seq = meta.position(connection, meta.SHIPPED) + 1
        meta.move(connection, meta.SHIPPED, seq)
        connection.execute("COMMIT")
        rows = sum(len(each[2]) if each[1] else 1 for each in statements)
        self._ship.put(Shipment(seq, self._ship.clock(), scrub, statements, rows))
