"""The broker: everything wired together, to be served or embedded (spec U1).

    async with Broker.open(folder) as broker:
        await broker.serve()

One process, one folder, one thread for all but the disk.
"""

import random
import socket
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from actors.cells.alarms import Alarms
from actors.cells.desk import Look
from actors.cells.idmaker import IdMaker
from actors.cells.orders import Ring
from actors.cells.reviews import Reviews
from actors.ids import ChatId, Millis
from actors.runtime.system import System
from actors.runtime.timers import Timer, Timers
from broker import admin, chores, founding, goodbye
from broker.addresses import Addresses
from broker.almanac import Almanac
from broker.books import Books
from broker.config import Config
from broker.doors import in_url, loop_for, open_door
from broker.edge.admission import Admission, Visit
from broker.edge.connection import Connection
from broker.edge.keepalive import Keepalive
from broker.edge.listener import Door
from broker.edge.portable import PortableDoor
from broker.edge.streamed import Streamed
from broker.edge.watched import Carrier
from broker.gate import Gate
from broker.house import Parts, build
from broker.http.front import Front
from broker.images.stock import Stock
from broker.limits import Tally
from broker.local import LocalSocket
from broker.makings import makings
from broker.office.blocking import enforce_all
from broker.office.erasing import Eraser
from broker.outward.outward import Outward
from broker.overload import Overload, Returns
from broker.profiles import Profiles
from broker.shipping import ship_of
from broker.sites import Sites
from broker.slow import Slow
from broker.sweeper import Sweeper
from broker.transport import NO_PAGE, Origin
from broker.walltime import virtual_wall
from broker.wire.upgrade import Head
from storage.errors import JournalBroken
from storage.journal import Journal
from storage.lock import DataLock
from storage.meta import JOURNAL
from storage.replica import LogEnd
from storage.schema import Keep

if TYPE_CHECKING:  # a start should not wait for it
    from prometheus_client.registry import Collector

LOOK_AT_CLOCK_S = 30.0
"""Seconds after which a jump of the wall's clock is noticed."""
OVERDUE_APART_S = 0.001
"""Between two chats that fell due while the broker was down: loading is spread."""
DRAIN_S = 5.0
"""Seconds for what was taken in to become durable, on the way out."""


class Broker:
    """Made by `open`. Public methods belong to the trio thread it was opened in."""

    demo = False
    """Whether the demo shop's pages are served too."""
    beside: "Collector | None" = None
    """What `/metrics` says beside the broker's own figures, if anything."""
    draining = False
    broken = False
    """Whether the disk has failed: nothing more can be promised."""
    began = Millis(0)
    """When the journal did."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        chance: random.Random,
        *,
        virtual: bool,
        log: LogEnd | None = None,
    ) -> None:
        self.folder, self.config, self.virtual = folder, config, virtual
        server = config.server
        self.url = f"{server.scheme}://{in_url(server.host)}:{server.port}"
        """Where it listens, or would."""
        self._doors: list[Door | PortableDoor] = []
        self.loop = loop_for(config.server, virtual=virtual)
        wall = virtual_wall() if virtual else time.time
        self.clock: Callable[[], Millis] = lambda: Millis(int(wall() * 1000))
        self.monotonic: Callable[[], float] = trio.current_time
        self.timers = Timers(self.monotonic, self.loop.wake)
        self.wall_timers = Timers(wall, self.loop.wake, LOOK_AT_CLOCK_S)
        self.chance = chance
        self.makings = makings(config.otel)
        self.journal = self._open_journal(log)
        self.books = Books(self.journal, self.loop.wake)
        self.change, self.query = self.books.change, self.books.query
        self.overload = Overload(self.journal, Returns(self.monotonic, self.chance))
        self.keepalive = Keepalive(self.loop.wake, self.overload.ticked)
        self.tally, self.slow = Tally(), Slow(config.log)
        self.admission = Admission(config, Addresses(config), self.tally)
        self.hub = self.makings.hub(config.limits.per_person, self.tally)
        self.sites, self.gate = Sites(config.limits.of_chats, self.clock), Gate(wall)
        self.alarms = Alarms(self.wall_timers, self._ring)
        parts = Parts(
            journal=self.journal,
            system=System(self.timers, watch=None if virtual else self.slow.watch),
            hub=self.hub,
            sites=self.sites,
            gate=self.gate,
            ids=IdMaker(self.clock, self.chance),
            alarms=self.alarms,
            timers=self.timers,
            clock=self.clock,
            tally=self.tally,
            overload=self.overload,
            profiles=Profiles(self.query, self._spawn, self.loop.wake),
        )
        self.system, self.house = parts.system, build(parts, config.limits)
        self.reviews = Reviews(self.house.chats, self.journal, self.timers, self.clock)
        self.almanac, self.sweeper = Almanac(self), Sweeper(self)
        self.stock, self.eraser = Stock(folder), Eraser(self)

    def _open_journal(self, log: LogEnd | None) -> Journal:
        self.alone = log is None
        self.ship = ship_of(self.config.ship, self.folder, alone=self.alone)
        return self.makings.journal(
            self.folder / JOURNAL,
            self.loop.wake,
            inline=self.virtual,
            keep=Keep(self.config.storage.durability == "relaxed", log, self.ship),
            epoch=f"{self.chance.getrandbits(64):016x}",
        )

    # Opening and closing.

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path | None,
        config: Config | None = None,
        *,
        virtual: bool = False,
        chance: random.Random | None = None,
        log: LogEnd | None = None,
    ) -> "AsyncGenerator[Broker]":
        """Run a broker on `folder` until the end of the block.

        Without a folder it uses a temporary one, with relaxed durability, that is
        deleted at the end. `virtual` is for trio's mock clock: no threads, no sockets.
        All ids and secrets come from `chance`; whoever knows it can guess them. With
        `log` the folder is a cluster's copy, and held by who followed in it.

        Raises:
            StorageError: the folder is held by another process, or its journal is
                broken, too new, not durable or not ours. Nothing was changed.
        """
        if folder is None:
            relaxed = founding.relaxed(config or Config())
            with tempfile.TemporaryDirectory(prefix="shopwire-") as temporary:
                path = Path(temporary)
                async with cls.open(
                    path, relaxed, virtual=virtual, chance=chance
                ) as broker:
                    yield broker
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240  # once, before anything runs
        with nullcontext() if log is not None else DataLock(folder):
            source = chance or random.SystemRandom()
            broker = cls(folder, config or Config(), source, virtual=virtual, log=log)
            async with broker._running():
                yield broker

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[None]:
        self.makings.meet(self.hub, self.journal, self.loop.unsent)
        try:
            self.journal.start()
            async with trio.open_nursery() as nursery:
                self.front, self.nursery = Front(self, nursery), nursery
                self.outward = Outward(self)
                turned = self.slow.turned
                nursery.start_soon(self.loop.run, self._act, self._overrun, turned)
                nursery.start_soon(self.timers.run)
                nursery.start_soon(self.wall_timers.run)
                nursery.start_soon(chores.run, self)
                await self._begin()
                nursery.start_soon(self.outward.run)
                try:
                    yield
                finally:
                    with trio.CancelScope(shield=True):
                        await self._drain()
                    nursery.cancel_scope.cancel()
        finally:
            self.journal.stop()
            self.loop.close()

    async def _begin(self) -> None:
        """Found the folder if it is new, and learn what is in it."""
        found = partial(founding.found, now=self.clock(), chance=self.chance)
        await self.change(found)
        known = await self.query(founding.learn)
        founding.introduce(known, self.sites, self.gate)
        self.began = known.began
        await enforce_all(self)
        await self.eraser.learn()
        for site in known.sites:
            # Whose agents do not come back is to be known, whoever comes or not.
            self.house.desks.tell(site.id, Look())
        self.loop.wake()
        now, late = self.clock(), 0
        for chat, due in known.due:
            if due < now:
                late += 1
                timer = Timer(partial(self._ring, ChatId(chat)))
                self.timers.arm(timer, late * OVERDUE_APART_S)
            else:
                self.alarms.set(ChatId(chat), Millis(due))

    async def _drain(self) -> None:
        """Let everything become durable that was taken in, and say goodbye."""
        self.draining = not self.broken
        for door in self._doors:
            door.close()
        self.loop.wake()
        with trio.move_on_after(DRAIN_S):
            while self.draining and (self.journal.unsettled or self.system.mail):
                if self.broken:
                    break  # Meanwhile: a log has fenced us, or the disk has failed.
                self.loop.wake()
                await trio.sleep(0.01)
            if not self.broken:
                await self.front.settle()
                await self.outward.stop()
        self.front.close()
        self.draining = False
        await goodbye.say(self)

    # Serving.

    @property
    def addresses(self) -> Addresses:
        """Who is behind which address."""
        return self.admission.addresses

    @property
    def serving(self) -> bool:
        """Whether new connections are let in."""
        return bool(self._doors) and not self.draining

    async def serve(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Listen until cancelled; starts with the URL once it listens.

        Raises:
            OSError: the address cannot be had.
            BadCertificate: the configured one cannot be used.
        """
        if self.virtual:
            raise TypeError("a broker in virtual time has no sockets")
        server = self.config.server
        place = host or server.host, server.port if port is None else port
        with socket.create_server(place, backlog=4096) as listener:
            await self.serve_on(listener, task_status=task_status)

    async def serve_on(
        self,
        public: socket.socket,
        *inner: socket.socket,
        task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve on sockets that listen already, and stay open; names the first."""
        bound = public.getsockname()
        try:
            async with trio.open_nursery() as nursery:
                open_to = partial(open_door, self, nursery=nursery)
                self._doors = [open_to(public, inner=False)]
                self._doors += [open_to(each, inner=True) for each in inner]
                self.loop.wake()
                await nursery.start(admin.listen, self)
                nursery.start_soon(self.front.prepare)
                scheme = self.config.server.scheme
                # What a port of 0 has come to is known only now.
                self.url = f"{scheme}://{in_url(bound[0])}:{bound[1]}"
                task_status.started(self.url)
        finally:
            for door in self._doors:
                door.close()
            self._doors = []

    def reload(self) -> None:
        """Read again what may have been renewed: the certificate, if there is one.

        Raises:
            BadCertificate: it cannot be used; the old one goes on being used.
        """
        for door in self._doors:
            if isinstance(door, PortableDoor):
                door.reload()

    def connect_memory(self) -> LocalSocket:
        """Return a connection in memory that owes a hello."""
        local = LocalSocket(self.loop.wake)
        local.serve(self.makings.peer(local, self.house))
        return local

    async def connect_local(self, role: str, token: str | None = None) -> LocalSocket:
        """Return a connection in memory that has been welcomed as `role`.

        Raises:
            PermissionError: the token is not good, or speaks for another role.
        """
        local = self.connect_memory()
        hello = {"op": "hello", "id": "hello"}
        answer, _ = await local.ask(
            hello if token is None else hello | {"token": token}
        )
        if answer["t"] != "welcome" or answer["role"] != role:
            local.close_now()
            raise PermissionError(f"not welcome as {role}: {answer}")
        return local

    # What stands behind the door.

    def welcome(self, connection: Connection | Streamed, rest: bytes) -> None:
        """Serve a connection that has been upgraded; it owes a hello."""
        connection.serve(self.makings.peer(connection, self.house), rest)

    def origin_of(self, head: Head, address: str) -> Origin | None:
        """Return the page that asks, or `None` if it may not."""
        page = head.headers.get("origin")
        if page is None:
            return NO_PAGE
        if page == self.addresses.own_page(address, head.headers):
            return Origin(page, own=True)
        return Origin(page, own=False) if self.sites.allows(page) else None

    def serve_http(self, peer: socket.socket, received: bytes, visit: Visit) -> None:
        """Answer a plain HTTP request that begins with `received`."""
        self.front.serve(peer, received, visit)

    async def serve_http_on(
        self, carrier: Carrier, received: bytes, visit: Visit
    ) -> bytes | None:
        """Answer the same on a stream of trio's, until it ends or becomes a socket."""
        return await self.front.serve_on(carrier, received, visit)

    # Turns and chores.

    def _act(self) -> None:
        try:
            self.journal.settle()
        except JournalBroken:
            self.broken = True
            raise
        self.tally.mail.add(len(self.system.mail))
        self.system.run()
        if (written_at := self.journal.written_at) is not None:
            # Sent now rather than a moment later, to know when that was over.
            self.loop.flush()
            self.tally.fanned_out.add(time.perf_counter() - written_at)
            self.outward.committed()

    def _overrun(self) -> bool:
        return self.draining or self.journal.full

    def _ring(self, chat: ChatId) -> None:
        self.house.chats.tell(chat, Ring(self.clock()))
        self.loop.wake()

    def _spawn(self, task: Callable[[], Awaitable[None]]) -> None:
        self.nursery.start_soon(task)
