"""Who was forgotten, in a file of its own: `DIR/erasures`.

A backup does not know who was forgotten after it was made. This file is not in it, is
kept beside it, and is put into the folder again when one is restored.
"""

import os
from pathlib import Path

import msgspec

from storage.erasing import Erasure
from storage.sync import sync

NAME = "erasures"


class Line(msgspec.Struct, frozen=True):
    """One of them, by our own id, which says nothing of them."""

    site: str
    profile: str
    at: int
    by: str


class Remembered:
    """The file of one folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME

    def add(self, new: Erasure) -> None:
        """Write down who is to be forgotten; durable when it returns.

        Raises:
            OSError: the disk is full or broken.
        """
        if any((e.site, e.profile) == new[:2] for e in self.read()):
            return
        line = msgspec.json.encode(Line(*new[:4])) + b"\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(self._file, flags, 0o600)
        try:
            # A line that a crash has cut short stays alone.
            torn = self._file.stat().st_size and not self._file.read_bytes().endswith(
                b"\n"
            )
            os.write(descriptor, b"\n" + line if torn else line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync(self._file.parent)

    def read(self) -> list[Erasure]:
        """Return all that there are, the oldest first."""
        if not self._file.exists():
            return []
        found: list[Erasure] = []
        for line in self._file.read_bytes().splitlines():
            try:
                told = msgspec.json.decode(line, type=Line)
            except msgspec.DecodeError:
                continue
            found.append(Erasure(told.site, told.profile, told.at, told.by))
        return found
