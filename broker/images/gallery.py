"""Takes images in, keeps them, and lets go of those that no message names (spec F10).

What comes from outside goes to a file at once and is read by another process: however
much of it there is, the broker holds a piece at a time. An image is acknowledged when
its file and its row are durable.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec
import trio

from actors.cells.idmaker import IdMaker
from actors.cells.ports import Clock
from broker.books import Books
from broker.images.decoder import Decoder, Spoiled
from broker.images.names import SNIFFED, kind_of, safe_name
from broker.images.stock import Stock
from broker.wire.errors import Code
from storage import blobs
from storage.blobs import Blob, Place

MOST_BYTES = 10 * 1024 * 1024
"""Of one image, as it comes (spec F10)."""
AT_ONCE = 16
"""On their way at a time; each has a file of at most that size."""
OF_ONE = 4
"""Of these, of one person: a widget sends a few side by side."""
WRITTEN = 1 << 18
"""Bytes that gather before they are written."""
STALL_S = 10.0
"""Seconds without a byte after which a sender is given up."""
UNNAMED_MS = 3_600_000
"""How long an image is kept that no message names (spec F10)."""
SWEEP_S = 60.0
SWEPT = 100
"""Images let go of in one write, which others wait for."""
MANY = 240
"""Sweeps between two looks for files without a row: four hours."""

log = logging.getLogger(__name__)


class Unfit(msgspec.Struct, frozen=True):
    """The image was not taken, and why."""

    code: Code
    reason: str | None = None
    limit: int | None = None


class Came(msgspec.Struct, frozen=True):
    """What is in the file of an image that has come."""

    mime: str
    digest: str


class Busy(Exception):
    """Too many images are on their way; `own`: of the one who asks."""

    def __init__(self, *, own: bool) -> None:
        super().__init__("too many images are on their way")
        self.own = own


class Gallery:
    """All images of a broker."""

    def __init__(
        self,
        stock: Stock,
        books: Books,
        ids: IdMaker,
        clock: Clock,
    ) -> None:
        """Keep their files in `stock`."""
        self._stock = stock
        self.files = stock.files
        self.decoder = Decoder()
        self.taken = self.refused = 0
        self._books = books
        self._ids = ids
        self._clock = clock
        self._coming: dict[str, int] = {}
        """How many images of each person are on their way."""
        self._prepared = trio.Event()

    async def take(
        self, place: Place, name: str, body: AsyncIterator[bytes]
    ) -> Blob | Unfit:
        """Return the image in `body`, durable; the one there is, if it came before.

        Raises:
            Busy: too many are on their way.
            OSError: the disk is full or broken.
            Unwritable: the same of the journal.
        """
        await self._prepared.wait()
        async with self._on_its_way(place) as (source, target):
            came = await _written(body, source)
            taken = (
                came
                if isinstance(came, Unfit)
                else await self._known(place, came)
                or await self._kept(place, name, came, (source, target))
            )
        if isinstance(taken, Unfit):
            self.refused += 1
        else:
            self.taken += 1
        return taken

    @asynccontextmanager
    async def _on_its_way(self, place: Place) -> AsyncGenerator[tuple[Path, Path]]:
        """Give room for one more image: a file for it, and one for its pixels."""
        who = f"{place.site}/{place.owner}"
        mine = self._coming.get(who, 0)
        if mine >= OF_ONE or sum(self._coming.values()) >= AT_ONCE:
            raise Busy(own=mine >= OF_ONE)
        self._coming[who] = mine + 1
        token = self._ids.token()
        paths = self.files.incoming(f"{token}.in"), self.files.incoming(f"{token}.out")
        try:
            yield paths
        finally:
            left = self._coming.pop(who) - 1
            if left:
                self._coming[who] = left
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(_remove, *paths)

    async def _known(self, place: Place, came: Came) -> Blob | None:
        """Return the image there is of the same bytes."""
        now = self._clock()
        renew = partial(blobs.renew, place=place, source=came.digest, at=now)
        return await self._books.change(renew)

    async def _kept(
        self, place: Place, name: str, came: Came, paths: tuple[Path, Path]
    ) -> Blob | Unfit:
        """Return the image that came, without anything but its pixels."""
        source, target = paths
        read = await self.decoder.clean(source, target, came.mime)
        if isinstance(read, Spoiled):
            return Unfit(Code.BAD_BLOB, read.reason)
        async with self._stock.changing:
            size, digest = await self._stock.keep(target)
            new = Blob(
                self._ids.blob(),
                place.site,
                place.chat,
                place.owner,
                came.digest,
                digest,
                came.mime,
                safe_name(name, came.mime),
                size,
                read.width,
                read.height,
            )
            add = partial(blobs.add, new=new, place=place, at=self._clock())
            return await self._books.change(add)

    async def file(self, digest: str) -> Path | None:
        """Return where the bytes with this digest are, if they are to be had.

        Raises:
            OSError: the disk is full or broken, or nobody knows.
        """
        path = self.files.path(digest)
        if await trio.Path(path).exists():
            return path
        shared = self._stock.shared
        if shared is None:
            return None
        await self._prepared.wait()
        coming = self.files.incoming(f"{self._ids.token()}.in")
        try:
            if not await shared.fetch(digest, coming):
                return None
            async with self._stock.changing:
                await trio.to_thread.run_sync(self.files.keep, coming)
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(_remove, coming)
        return path

    async def run(self) -> None:
        """Look after what is kept, until cancelled."""
        try:
            await self._prepare()
            sweeps = 0
            while True:
                try:
                    await self.sweep()
                    if sweeps % MANY == 0:
                        await self.remove_orphans()
                # A full disk, or one that is locked for a moment: the next time.
                except Exception:
                    log.exception("images could not be swept")
                await self.decoder.rest()
                sweeps += 1
                await trio.sleep(SWEEP_S)
        finally:
            await self.decoder.close()

    async def _prepare(self) -> None:
        try:
            await trio.to_thread.run_sync(self.files.prepare)
        except OSError:
            # Chats need no images: they go on, and whoever sends one is told.
            log.exception("images cannot be kept")
        self._prepared.set()

    async def sweep(self) -> None:
        """Delete what has been there for an hour and is named by no message."""
        before = self._clock() - UNNAMED_MS
        waiting = partial(blobs.unnamed, before=before, limit=1)
        while await self._books.query(waiting):
            drop = partial(blobs.drop_unnamed, before=before, limit=SWEPT)
            async with self._stock.changing:
                digests = await self._books.change(drop)
                await self._stock.remove(digests)

    async def remove_orphans(self) -> None:
        """Delete files that a crash has left without a row."""
        async with self._stock.changing:
            before = (self._clock() - UNNAMED_MS) / 1000
            old = await trio.to_thread.run_sync(lambda: [*self.files.older(before)])
            for digest in old:
                if not await self._books.query(partial(blobs.is_used, digest=digest)):
                    await trio.to_thread.run_sync(self.files.remove, digest)


async def _written(body: AsyncIterator[bytes], path: Path) -> Came | Unfit:
    """Return what `body` is, which is in the file `path` then."""
    mime, size, digest, buffer = None, 0, sha256(), bytearray()
    async with await trio.open_file(path, "wb") as file:
        while piece := await _next(body):
            size += len(piece)
            if size > MOST_BYTES:
                return Unfit(Code.TOO_BIG, limit=MOST_BYTES)
            digest.update(piece)
            buffer += piece
            if mime is None and len(buffer) >= SNIFFED:
                mime = kind_of(bytes(buffer[:SNIFFED]))
                if mime is None:
                    break
            # A trip to another thread for each would let drops cost more than floods.
            if len(buffer) >= WRITTEN:
                await file.write(bytes(buffer))
                buffer.clear()
        await file.write(bytes(buffer))
    if piece is None:
        return Unfit(Code.BAD_FRAME, "stopped coming")
    if mime is None:
        return Unfit(Code.BAD_BLOB, "is no png, jpeg, gif or webp")
    return Came(mime, digest.hexdigest())


async def _next(body: AsyncIterator[bytes]) -> bytes | None:
    """Return the next piece; empty at the end, `None` if it does not come."""
    with trio.move_on_after(STALL_S):
        return await anext(body, b"")
    return None


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
