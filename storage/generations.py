"""What is in a folder to which a journal is shipped: generations, each restorable.

A generation is a folder with a number: a copy of the journal, what is to be known of it
(`about.json`), and segments, named after the first transaction in them. A segment is
records, one after another: checksum, length, position, moment, transaction. A process
that dies leaves at most one torn record, and the next begins a segment of its own.
"""

import os
import shutil
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from storage import meta
from storage.backup import back_up
from storage.errors import ShipDamaged
from storage.meta import JOURNAL
from storage.sync import sync

ABOUT = "about.json"
STALE = "stale"
"""Name of an empty file: what a generation has is to be erased."""
HEAD = struct.Struct(">IIQd")
"""CRC-32 of what follows it, bytes of the transaction, its position, seconds of the
wall when it was committed."""
CHECKED = 4
"""Where in a head that begins which the checksum is of."""


class About(msgspec.Struct, frozen=True):
    """What is to be known of a copy."""

    epoch: str
    """Of the journal that it is a copy of."""
    seq: int
    """Position of the last transaction in it."""
    at: float
    """When it was made, in seconds of the wall: nothing in it is newer."""


class Generation(NamedTuple):
    """A copy, and what has been committed since."""

    folder: Path
    about: About

    @property
    def copy(self) -> Path:
        """The journal as of its beginning."""
        return self.folder / JOURNAL

    @property
    def bytes(self) -> int:
        """Size of that."""
        return self.copy.stat().st_size

    @property
    def stale(self) -> bool:
        """Whether something was erased since, which the copy still has (spec U10)."""
        return (self.folder / STALE).exists()

    def outdate(self) -> None:
        """Be stale from now on.

        Raises:
            OSError: the disk refuses.
        """
        (self.folder / STALE).touch(0o600)

    @property
    def segments(self) -> list[Path]:
        """Its segments in order."""
        return sorted(self.folder.glob("*.log"))


class Record(NamedTuple):
    """A transaction in a segment."""

    seq: int
    at: float
    data: bytes


def numbered(target: Path) -> list[Path]:
    """Return the folders of all generations in `target`, damaged or not, in order."""
    there = (each for each in target.glob("[0-9]*") if each.name.isdigit())
    return sorted(there, key=_number)


def _number(folder: Path) -> int:
    return int(folder.name)


def generation_in(folder: Path) -> Generation | None:
    """Return the generation in `folder`, if it can be read."""
    try:
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
    except (msgspec.DecodeError, OSError):
        return None
    return Generation(folder, about)


def generations(target: Path) -> list[Generation]:
    """Return those in `target` that can be read, the oldest first."""
    return [found for each in numbered(target) if (found := generation_in(each))]


def newest(target: Path) -> Generation | None:
    """Return the last that was begun in `target`, unless that one cannot be read."""
    folders = numbered(target)
    return generation_in(folders[-1]) if folders else None


def begin(journal: Path, target: Path, epoch: str, now: float) -> Generation:
    """Begin a generation with a copy of `journal`, which may be in use.

    Raises:
        BackupFailed: the disk is full, or the journal damaged.
        OSError: the disk refuses.
    """
    name = f"{max(map(_number, numbered(target)), default=0) + 1:08}"
    partial = target / f".{name}.partial"
    for left in target.glob(".*.partial"):
        shutil.rmtree(left)
    partial.mkdir(mode=0o700)
    back_up(journal, partial / JOURNAL)
    with closing(sqlite3.connect(partial / JOURNAL)) as copy:
        about = About(epoch, meta.position(copy, meta.SHIPPED), now)
    (partial / ABOUT).write_bytes(msgspec.json.encode(about))
    sync(partial / ABOUT)
    sync(partial)
    partial.rename(target / name)
    sync(target)
    return Generation(target / name, about)


def prune(target: Path, before: float) -> None:
    """Remove the generations that a moment after `before` does not need.

    Raises:
        OSError: the disk refuses.
    """
    needed = [each.folder for each in generations(target) if each.about.at <= before]
    if not needed:
        return
    for folder in numbered(target):
        if _number(folder) >= _number(needed[-1]):
            break
        # First what makes it one: half of it is none. Damaged ones go, too.
        (folder / ABOUT).unlink(missing_ok=True)
        shutil.rmtree(folder)


def records(generation: Generation) -> Iterator[Record]:
    """Yield what was committed since the copy, in order and without a gap.

    Raises:
        ShipDamaged: what comes next is not whole; what came before is good.
    """
    seq, paths = generation.about.seq, generation.segments
    for path in paths:
        if int(path.stem) > seq + 1:
            why = f"transaction {seq + 1} is missing before it"
            raise ShipDamaged(path, why)
        data = path.read_bytes()
        at = 0
        for record in _whole(data):
            at += HEAD.size + len(record.data)
            if record.seq == seq + 1:
                seq = record.seq
                yield record
        if at < len(data) and path == paths[-1]:
            raise ShipDamaged(path, f"what is at byte {at} is not whole")


def _whole(data: bytes) -> Iterator[Record]:
    """Yield the records of a segment up to the first that is not whole."""
    start = 0
    while start + HEAD.size <= len(data):
        checksum, length, seq, at = HEAD.unpack_from(data, start)
        end = start + HEAD.size + length
        if end > len(data) or zlib.crc32(data[start + CHECKED : end]) != checksum:
            return
        yield Record(seq, at, data[start + HEAD.size : end])
        start = end


class Segment:
    """The segment that is being written."""

    def __init__(self, generation: Generation, seq: int, total: int) -> None:
        """Write what comes after position `seq`.

        Raises:
            OSError: the disk refuses.
        """
        self.generation, self.seq = generation, seq
        self.total = total
        """Bytes of all segments of the generation."""
        path = generation.folder / f"{seq + 1:016}.log"
        # One of this name has nothing whole in it.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._file = os.fdopen(os.open(path, flags, 0o600), "wb")
        sync(generation.folder)

    @classmethod
    def after(cls, generation: Generation) -> "Segment":
        """Return one that goes on where `generation` ends.

        Raises:
            OSError: the disk refuses.
        """
        seq = generation.about.seq
        try:
            for record in records(generation):
                seq = record.seq
        except ShipDamaged:
            pass  # The next segment goes on behind what is whole.
        total = sum(each.stat().st_size for each in generation.segments)
        return cls(generation, seq, total)

    def add(self, record: Record) -> int:
        """Write a record behind the others; return how many bytes it took."""
        seq, at, data = record
        checked = HEAD.pack(0, len(data), seq, at)[CHECKED:] + data
        self._file.write(zlib.crc32(checked).to_bytes(CHECKED, "big") + checked)
        self.seq = seq
        self.total += HEAD.size + len(data)
        return HEAD.size + len(data)

    def sync(self) -> None:
        """Return when what was written is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file, whatever the disk says."""
        with suppress(OSError):
            self._file.close()
