"""Copies of a data folder, made while the broker runs, and folders made of copies.

A copy is laid out as the folder is: the journal, and the images beside it. Images are
files that never change, so that a second copy to the same place brings new ones alone.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import msgspec

from storage import blobs, meta
from storage.errors import BackupFailed, RestoreFailed
from storage.files import Files, digest_of
from storage.meta import JOURNAL
from storage.sync import sync

BESIDE = ("shopwire.toml", "erasures")
"""Files that are copied if they are there: the configuration, and who was forgotten."""

SHARE = 10
"""Of the time of one who follows, one part in so many goes into copying."""
LAST = "last-backup"
"""Name of an empty file: it was written when the last copy was complete."""


class Copied(msgspec.Struct, frozen=True):
    """What a copy holds."""

    bytes: int
    """Of the journal."""
    events: int
    until: int | None
    """When the last of them happened; `None` if there is none."""
    images: int


def back_up(journal: Path, target: Path) -> None:
    """Write a checked copy of `journal` to `target`, which appears whole or not at all.

    Takes a second per 200 MB on a connection of its own; the broker goes on, though its
    WAL cannot shrink meanwhile. What was acknowledged before the call is in the copy.
    Opened as a journal, the copy gets an epoch of its own.

    Raises:
        BackupFailed: the disk is full, the journal damaged, or the copy is.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        # SQLite would let everybody read it.
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        copy_whole(journal, partial)
        _finish(partial, target)
        sync(partial)
        partial.rename(target)
        sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(target, str(error)) from error
    finally:
        partial.unlink(missing_ok=True)


def back_up_folder(data: Path, target: Path) -> Copied:
    """Bring the copy of `data` in the folder `target` up to date, or begin one.

    Whenever it fails, what was in `target` before can still be restored.

    Raises:
        BackupFailed: as above.
    """
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Before the journal, for an image may go meanwhile; and after, for others come.
        copy_images(data, target)
        back_up(data / JOURNAL, target / JOURNAL)
        bring_beside(data, target)
        remove_unused(target, target / JOURNAL)
        (data / LAST).touch(0o600)
        return copied(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(target, str(error)) from error


def following(
    data: Path, target: Path, every_s: float, sleep: Callable[[float], None]
) -> Iterator[Copied]:
    """Yield a copy each time that something was written, for ever.

    Each is a whole one: what is erased, redacted or upgraded is so in the copy, and
    there is no row that could be forgotten. The journal lags behind by `every_s` or by
    ten times what a copy takes, whichever is longer.

    Raises:
        BackupFailed: as above; the copy before is there.
    """
    uri = f"{(data / JOURNAL).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
        seen: int | None = None
        while True:
            version = db.execute("PRAGMA data_version").fetchone()[0]
            begun = monotonic()
            if version != seen:
                yield back_up_folder(data, target)
                seen = version
            else:
                (data / LAST).touch(0o600)
            sleep(max(every_s, SHARE * (monotonic() - begun)))


def restore(source: Path, data: Path) -> Copied:
    """Make the folder `data`, which has no journal yet, of the copy `source`.

    That is a folder, or a journal's file alone. The journal appears last.

    Raises:
        RestoreFailed: there is one already, `source` is no copy, or the disk is full.
    """
    if source.is_dir():
        return restore_of(source / JOURNAL, source, data)
    return restore_of(source, None, data)


def restore_of(
    journal: Path,
    beside: Path | None,
    data: Path,
    catch_up: Callable[[Path], None] | None = None,
) -> Copied:
    """Make the folder `data` of a copied journal, and what is in `beside`; likewise.

    `catch_up` is given the journal before anybody else has it.

    Raises:
        RestoreFailed: as above.
    """
    if (data / JOURNAL).exists():
        raise RestoreFailed(data, "it has a journal already; name an empty folder")
    partial = data / f".{JOURNAL}.partial"
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(journal, partial)
        wal = journal.with_name(f"{journal.name}-wal")
        if wal.exists():
            # A copy that follows has its last part here.
            _copy(wal, partial.with_name(f"{partial.name}-wal"))
        if catch_up is not None:
            catch_up(partial)
        _finish(partial, data)
        if beside is not None:
            copy_images(beside, data)
            for name in BESIDE:
                # Who put one there already knows of a newer one.
                if (beside / name).exists() and not (data / name).exists():
                    _copy(beside / name, data / name)
        partial.rename(data / JOURNAL)
        sync(data)
        return copied(data)
    except (OSError, sqlite3.Error, BackupFailed) as error:
        raise RestoreFailed(data, str(error)) from error
    finally:
        for left in data.glob(f"{partial.name}*"):
            left.unlink()


def copied(folder: Path) -> Copied:
    """Return what is in `folder`, which is a copy or was made of one."""
    journal = folder / JOURNAL
    with closing(
        sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)
    ) as db:
        sql = "SELECT count(*), max(at) FROM event"
        events, until = db.execute(sql).fetchone()
        return Copied(journal.stat().st_size, events, until, len(_digests(db)))


def missing_images(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the images that the journal in `folder` speaks of."""
    journal = folder / JOURNAL
    with closing(
        sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)
    ) as db:
        digests = _digests(db)
    files = Files(folder)
    for digest in digests:
        if not files.path(digest).exists():
            yield f"image {digest} is not there"
        elif digest_of(files.path(digest)) != digest:
            yield f"image {digest} has other bytes"


def copy_images(data: Path, target: Path) -> int:
    """Bring to `target` the images that only `data` has; return how many.

    Raises:
        OSError: the disk is full or broken.
    """
    came, into = 0, Files(target)
    into.prepare()
    files = Files(data)
    for digest in [*files.older(float("inf"))]:
        if into.path(digest).exists():
            continue
        arriving = into.incoming(digest)
        try:
            shutil.copyfile(files.path(digest), arriving)
        except FileNotFoundError:
            continue  # It was erased meanwhile.
        into.keep(arriving)
        came += 1
    return came


def bring_beside(data: Path, target: Path) -> None:
    """Bring to `target` what is beside the journal in `data`.

    Raises:
        OSError: the disk is full or broken.
    """
    copy_images(data, target)
    for name in BESIDE:
        if (data / name).exists():
            _copy(data / name, target / name)


def remove_unused(folder: Path, journal: Path) -> None:
    """Remove the images of a copy that `journal` in it does not speak of any more."""
    with closing(sqlite3.connect(journal)) as db:
        used = _digests(db)
    files = Files(folder)
    for digest in [*files.older(float("inf"))]:
        if digest not in used:
            files.remove(digest)


def copy_whole(journal: Path, copy: Path) -> None:
    """Write all that is in `journal`, which may be in use, to `copy`.

    Raises:
        sqlite3.Error: the disk is full, or the journal damaged.
    """
    # Read-only rather than `query_only`, which would refuse VACUUM INTO. SQLite's own
    # chunked backup starts over with each commit of another connection: it never ends.
    uri = f"{journal.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))


def _finish(copy: Path, target: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != ("ok",):
            raise BackupFailed(target, f"the copy is damaged ({verdict})")
        meta.leave(connection)
        # Whatever a WAL beside it held is in the one file that is renamed.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sync(copy)


def _copy(source: Path, target: Path) -> None:
    partial = target.with_name(f"{target.name}.copied")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    shutil.copyfile(source, partial)
    sync(partial)
    partial.replace(target)


def _digests(db: sqlite3.Connection) -> set[str]:
    # Older journals know no images.
    sql = "SELECT 1 FROM sqlite_schema WHERE name = 'blob'"
    return blobs.digests(db) if db.execute(sql).fetchone() else set()
