"""Whole copies of the journal: made by the owner, fetched by who has none.

Files of a data folder in, bytes for the log out, and the other way round; whatever
touches the disk happens in a thread.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from pathlib import Path

import trio

from broker.cluster.ending import Ending
from broker.cluster.ports import Copy, Log, Unavailable
from storage import meta
from storage.backup import copy_whole
from storage.schema import open_reader
from storage.sync import sync

PIECE = 1 << 18
MANY = 20_000
"""Entries after which there is a new copy: following them takes some ten seconds."""
LOOK_S = 5.0
"""Seconds between two looks whether it is time for one."""
INCOMING = ".copy.incoming"
"""Name that the file has beside the journal until it is whole."""
OUTGOING = ".copy.outgoing"

log = logging.getLogger(__name__)


async def save(journal: Path, to: Log) -> int:
    """Keep a copy of `journal`, which may be in use, in the log; return as of when.

    Raises:
        Unavailable: the log does not take it.
        sqlite3.Error: the disk is full, or the journal damaged.
    """
    path = journal.with_name(OUTGOING)
    try:
        seq = await trio.to_thread.run_sync(_copy, journal, path)
        async with aclosing(pieces(path)) as data:
            await to.save(seq, data)
    finally:
        path.unlink(missing_ok=True)
    return seq


async def keep(journal: Path, to: Log, ending: Ending) -> None:
    """Have a copy in the log that is never much older than its end.

    What was erased is in neither the copy nor the log before it, some moments later,
    whoever owned when it was: the last owner may have died in these.
    """
    kept, erased = None, await trio.to_thread.run_sync(_erased, journal)
    while True:
        try:
            if kept is None:
                newest = await to.load()
                kept = None if newest is None else newest.seq
                if 0 < erased <= (kept or 0):
                    await to.purge(erased)
            if max(erased, ending.erased) > (kept or 0):
                kept, erased = await save(journal, to), 0
                await to.purge(kept)
            elif kept is None or ending.over >= kept + MANY:
                before, kept = kept, await save(journal, to)
                # Who is a little behind need not fetch it all.
                await to.purge(before or 0)
        except (Unavailable, OSError) as error:
            log.warning("no copy could be kept: %s", error)
        await trio.sleep(LOOK_S)


async def fetch(copy: Copy, journal: Path) -> None:
    """Put `copy` in the place of `journal`, which nobody has open.

    Raises:
        Unavailable: it does not come; what was there is there still.
    """
    path = journal.with_name(INCOMING)
    try:
        async with (
            await trio.open_file(path, "wb") as file,
            aclosing(copy.data) as data,
        ):
            async for piece in data:
                await file.write(piece)
        await trio.to_thread.run_sync(_replace, path, journal)
    finally:
        path.unlink(missing_ok=True)
    log.info("the journal was fetched as of %d", copy.seq)


def _erased(journal: Path) -> int:
    with closing(open_reader(journal)) as connection:
        return meta.position(connection, meta.ERASED)


def _copy(journal: Path, path: Path) -> int:
    path.unlink(missing_ok=True)
    copy_whole(journal, path)
    with closing(open_reader(path)) as connection:
        return meta.applied(connection) or 0


def _replace(path: Path, journal: Path) -> None:
    path.chmod(0o600)
    sync(path)
    for left in ("-wal", "-shm"):
        journal.with_name(journal.name + left).unlink(missing_ok=True)
    path.replace(journal)
    sync(journal.parent)


async def pieces(path: Path) -> AsyncGenerator[bytes]:
    """Yield what is in a file, read in threads."""
    async with await trio.open_file(path, "rb") as file:
        while piece := await file.read(PIECE):
            yield piece
