"""A node's life: it follows until it is to own, owns until it no longer does.

    follow ─ claim ─ catch up ─ mark the log ─ open the broker ─ step down ─ follow

Owning is opening the broker on the node's own folder, which is as new as the log: a
restart, and nothing else. The mark is what makes it safe. Once it is in the log, no
append of an earlier owner can follow it, however late that one learns of its fate.
"""

import logging
import secrets
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import msgspec
import trio

from broker.cluster import copying
from broker.cluster.counts import Counts, Lag, Refusal, Why
from broker.cluster.ending import Ending
from broker.cluster.entrance import Entrance
from broker.cluster.figures import NodeFigures, Standing, follower_figures
from broker.cluster.groups import first, of_the_disk, one_error
from broker.cluster.images import LoggedImages
from broker.cluster.ports import Claim, Directory, Entry, Fenced, Gap, Log, Unavailable
from broker.cluster.relay import Relay
from broker.cluster.unfit import Foreign, refuse_shortened
from broker.config import Config
from broker.server import Broker
from storage.capture import Transaction, encode
from storage.errors import (
    Diverged,
    JournalBroken,
    NeedsCopy,
    SchemaTooNew,
    SteppedDown,
)
from storage.follower import MANY, Follower
from storage.lock import DataLock
from storage.meta import JOURNAL
from storage.schema import Keep, open_writer

AGAIN_S = 0.5
"""Seconds until the log is asked again that did not answer."""
SAY_S = 0.2
"""Seconds between two words of how far a node is: as often as it says that it lives."""
PARTITION = 0
"""All there is, so far: the whole installation."""

log = logging.getLogger(__name__)


class Ports(msgspec.Struct, frozen=True):
    """What a node stands on."""

    name: str
    log: Log
    directory: Directory


class Doors(msgspec.Struct, frozen=True):
    """Sockets that listen, as long as the node lives."""

    public: socket.socket
    internal: tuple[str, int]
    """Where the other nodes come to while we own; no socket before."""


class NodeLife:
    """One node, on one folder."""

    def __init__(
        self, folder: Path, config: Config, ports: Ports, doors: Doors, most: int
    ) -> None:
        """Relay up to `most` connections at a time."""
        self.broker: Broker | None = None
        """The running broker while we own."""
        self.counts = Counts()
        self.entrance = Entrance(config, follower_figures(self.standing))
        self.relay = Relay(self._owner_address, most, self.entrance)
        self.changed = trio.Event()
        """Set when `broker` changes, and then replaced."""
        self._folder = folder
        self._config = config
        self._ports = ports
        self._doors = doors
        self._claim: Claim | None = None
        self._waiting = trio.CancelScope()
        """What goes on until the claim changes."""
        self._leaving = False
        self._given_up = Why.LEFT
        """Why the claim was lost, or `LEFT`."""
        self._applied = 0
        """What is in our copy, as long as we follow."""
        self._ending: Ending | None = None
        self._lag = Lag()
        self._nursery: trio.Nursery | None = None

    @property
    def journal(self) -> Path:
        """Our copy."""
        return self._folder / JOURNAL

    @property
    def well(self) -> bool:
        """Whether the disk has not failed."""
        return self.broker is None or not self.broker.broken

    @property
    def applied(self) -> int:
        """How far our copy is in the log."""
        return self._applied if self._ending is None else self._ending.over

    def standing(self) -> Standing:
        """Return how this node is, for figures."""
        directory = self._ports.directory
        owner = directory.owner(PARTITION)
        return Standing(
            owns=self.broker is not None,
            owner="" if owner is None else owner.name,
            epoch=directory.epoch(PARTITION),
            applied=self.applied,
            lag_entries=self._lag.entries,
            lag_s=self._lag.seconds(trio.current_time()),
            silence_s=directory.silence(),
            nodes=len(directory.nodes()),
            relay=self.relay.stats(),
            counts=self.counts,
        )

    async def run(self) -> None:
        """Follow and own by turns, until told to `leave`.

        Raises:
            StorageError: the disk is broken, or the folder held by another process.
            Foreign: the folder's journal is not the cluster's.
            Shortened: it has more than the cluster's.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with DataLock(self._folder):
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                directory = self._ports.directory
                nursery.start_soon(directory.run, self._gained, self._lost)
                nursery.start_soon(self.relay.watch)
                nursery.start_soon(self._say_how_far)
                while not self._leaving:
                    over = await self._follow()
                    if over is not None:
                        await self._own(over)
                await directory.drain()
                nursery.cancel_scope.cancel()

    def reload(self) -> None:
        """Read the certificate again.

        Raises:
            BadCertificate: it cannot be used; the old one goes on being used.
        """
        self.entrance.reload()
        if self.broker is not None:
            self.broker.reload()

    def leave(self) -> None:
        """Hand over what is ours, and end."""
        self._leaving = True
        self._waiting.cancel()

    # What the directory says.

    def _gained(self, claim: Claim) -> None:
        self._claim = claim
        self._waiting.cancel()

    def _lost(self, partition: int) -> None:
        taken = self._ports.directory.owner(partition) is not None
        self._given_up = Why.TAKEN if taken else Why.LEASE
        self._claim = None
        self._waiting.cancel()

    def _owner_address(self) -> str | None:
        owner = self._ports.directory.owner(PARTITION)
        return None if owner is None else owner.address

    async def _say_how_far(self) -> None:
        """Tell the others how far we are, and learn how far we are behind."""
        directory = self._ports.directory
        while True:
            self._at(self.applied)
            end = max((node.applied for node in directory.nodes()), default=0)
            self._lag.see(self.applied, end, trio.current_time())
            await trio.sleep(SAY_S)

    def _at(self, applied: int) -> None:
        self._applied = applied
        self._ports.directory.tell(applied, self.relay.stats().open)

    # Following.

    async def _follow(self) -> int | None:
        """Return the position of our mark once we own; `None` if we are to leave."""
        assert self._nursery is not None  # noqa: S101  # `run` has opened it
        accepting = trio.CancelScope()
        self._nursery.start_soon(self._accept, accepting, self._nursery)
        try:
            while not self._leaving:
                async with self._opened() as follower:
                    try:
                        over = await self._until_ours(follower)
                    except (NeedsCopy, Gap, Diverged) as error:
                        wanted: Exception = error
                    else:
                        return over
                    self._refuse_foreign(follower)
                await self._renew(wanted)
        finally:
            accepting.cancel()
        return None

    async def _accept(self, scope: trio.CancelScope, nursery: trio.Nursery) -> None:
        with scope:
            await self.relay.accept(self._doors.public, nursery)

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[Follower]:
        follower = await trio.to_thread.run_sync(Follower, self.journal)
        try:
            self._at(follower.applied)
            yield follower
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(follower.close)

    async def _until_ours(self, follower: Follower) -> int | None:
        while not self._leaving:
            with trio.CancelScope() as self._waiting:
                if self._claim is None:
                    await self._keep_up(follower)
            if self._claim is not None and not self._leaving:
                over = await self._take_over(follower, self._claim)
                if over is not None:
                    return over
        return None

    async def _keep_up(self, follower: Follower) -> None:
        """Apply what comes, until cancelled."""
        while True:
            try:
                await refuse_shortened(self._ports.log, follower, self._folder)
                await self._apply_upto(follower, None)
            except Unavailable as error:
                log.warning("the log cannot be followed: %s", error)
                await trio.sleep(AGAIN_S)

    async def _apply_upto(self, follower: Follower, end: int | None) -> None:
        """Apply what comes after what is applied, up to `end` if there is one."""
        send, receive = trio.open_memory_channel[Entry](MANY)
        async with one_error(), trio.open_nursery() as nursery:
            nursery.start_soon(self._read, follower.applied, send)
            while end is None or follower.applied < end:
                entries = [await receive.receive()]
                while len(entries) < MANY:
                    try:
                        entries.append(receive.receive_nowait())
                    except (trio.WouldBlock, trio.EndOfChannel):
                        break
                self._refuse_foreign(follower)
                batch = [(entry.seq, entry.data) for entry in entries]
                await trio.to_thread.run_sync(follower.apply, batch)
                self._at(follower.applied)
            nursery.cancel_scope.cancel()

    async def _read(self, after: int, send: trio.MemorySendChannel[Entry]) -> None:
        async with aclosing(self._ports.log.follow(after)) as entries:
            async for entry in entries:
                await send.send(entry)

    async def _renew(self, why: Exception) -> None:
        """Put a copy of the cluster's in the place of our journal."""
        log.warning("a copy of the journal is fetched: %s", why)
        while not self._leaving:
            try:
                copy = await self._ports.log.load()
                if copy is not None:
                    await copying.fetch(copy, self.journal)
                    return
            except Unavailable as error:
                log.warning("no copy could be fetched: %s", error)
            await trio.sleep(AGAIN_S)

    def _refuse_foreign(self, follower: Follower) -> None:
        if follower.alone:
            raise Foreign(self._folder)

    # Taking over.

    async def _take_over(self, follower: Follower, claim: Claim) -> int | None:
        """Return the position of our mark; `None` if it is not ours to set."""
        try:
            await trio.to_thread.run_sync(follower.refuse_newer)
        except SchemaTooNew as error:
            log.warning("this node goes on without owning: %s", error)
            await self._ports.directory.drain()
            self._claim = None
            return None
        while self._claim == claim and not self._leaving:
            try:
                return await self._mark(follower)
            except Fenced:
                # Somebody was faster: what they wrote comes first.
                self.counts.fenced[Refusal.MARK] += 1
                await refuse_shortened(self._ports.log, follower, self._folder)
            except Unavailable as error:
                log.warning("the log does not answer: %s", error)
                await trio.sleep(AGAIN_S)
        return None

    async def _mark(self, follower: Follower) -> int:
        logged = self._ports.log
        last = await logged.last()
        if last is not None and last.seq > follower.applied:
            await self._apply_upto(follower, last.seq)
        mark = Transaction(
            journal=follower.epoch,
            over=follower.applied,
            base=follower.alone,
            scrub=False,
            by=self._ports.name,
            statements=(),
        )
        data = encode(mark)
        seq = await logged.append(follower.applied, secrets.token_hex(16), data)
        if follower.alone:
            await trio.to_thread.run_sync(follower.adopt, seq)
            await copying.save(self.journal, logged)
        else:
            await trio.to_thread.run_sync(follower.apply, [(seq, data)])
        return seq

    # Owning.

    async def _own(self, over: int) -> None:
        ending = Ending(self._ports.log, self._ports.name, over, self.counts)
        self._ending, self._given_up = ending, Why.LEFT
        self.counts.takeovers += 1
        why: Why | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ending.run)
                await trio.to_thread.run_sync(self._bring_up_to_date, ending)
                await self._serve(ending)
                nursery.cancel_scope.cancel()
        except* (JournalBroken, SteppedDown) as group:
            broken = of_the_disk(group)
            if broken is not None:
                why = Why.BROKEN
                raise broken from broken.__cause__
            log.warning("stepped down: %s", first(group))
        finally:
            self.counts.stepped_down[why or ending.why or self._given_up] += 1
            self._applied, self._ending = ending.over, None
            self._turn(None)

    def _bring_up_to_date(self, ending: Ending) -> None:
        """Let the tables be those of this program; in a thread, for it appends."""
        open_writer(self.journal, Keep(log=ending)).close()

    async def _serve(self, ending: Ending) -> None:
        internal = socket.create_server(self._doors.internal, backlog=4096)
        with internal:
            async with (
                Broker.open(self._folder, self._config, log=ending) as broker,
                trio.open_nursery() as nursery,
            ):
                broker.stock.shared = LoggedImages(self._ports.log)
                broker.beside = NodeFigures(self.standing)
                await nursery.start(broker.serve_on, self._doors.public, internal)
                keep = copying.keep
                nursery.start_soon(keep, self.journal, self._ports.log, ending)
                self._turn(broker)
                log.info("this node owns from %d on", ending.over)
                with trio.CancelScope() as self._waiting:
                    if self._claim is not None and not self._leaving:
                        await trio.sleep_forever()
                if not self._leaving:
                    # Whoever waits for an ack is to ask the next owner.
                    ending.close()
                nursery.cancel_scope.cancel()

    def _turn(self, broker: Broker | None) -> None:
        self.broker = broker
        self.changed.set()
        self.changed = trio.Event()
