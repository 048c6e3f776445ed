"""A journal made of what was shipped, as of any moment that it covers."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from storage.backup import Copied, restore_of
from storage.errors import Diverged, RestoreFailed, ShipDamaged
from storage.follower import MANY, Follower
from storage.generations import (
    ABOUT,
    Generation,
    generation_in,
    generations,
    numbered,
    records,
)


class Arrived(msgspec.Struct, frozen=True):
    """How far a restored journal has come."""

    copied: Copied
    transactions: int
    """Repeated upon the copy that they followed."""
    until: float
    """The moment that it is as of, in seconds of the wall."""
    ends_early: str | None
    """What is wrong with all that was shipped later; `None` if nothing is."""


def is_shipped(source: Path) -> bool:
    """Return whether a journal was shipped to the folder `source`."""
    return any(source.glob(f"[0-9]*/{ABOUT}"))


def restore_shipped(source: Path, data: Path, until: float | None = None) -> Arrived:
    """Make the folder `data`, which has no journal yet, as of the moment `until`.

    `None` stands for the last that was shipped. What comes behind something that is
    damaged is left out, and said.

    Raises:
        RestoreFailed: there is a journal already, nothing that can be read was shipped
            by then, the copy that it begins with is damaged, or the disk is full.
    """
    there = [
        each for each in generations(source) if until is None or each.about.at <= until
    ]
    if not there:
        as_old = "" if until is None else " as old as that"
        raise RestoreFailed(data, f"{source} has nothing{as_old} that can be read")
    path = _Way(there[-1], until)
    copied = restore_of(there[-1].copy, source, data, path.walk)
    return Arrived(copied, path.transactions, path.at, path.ends_early)


class _Way:
    """From a copy to a moment behind it."""

    def __init__(self, generation: Generation, until: float | None) -> None:
        self._generation, self._until = generation, until
        self.at = generation.about.at
        self.transactions = 0
        self.ends_early: str | None = None

    def walk(self, journal: Path) -> None:
        """Bring `journal`, a copy of the generation's, there."""
        follower = Follower(journal)
        try:
            follower.adopt(self._generation.about.seq)
            coming = self._coming()
            while batch := list(islice(coming, MANY)):
                follower.apply(batch)
                self.transactions += len(batch)
        except Diverged as error:
            raise RestoreFailed(journal, str(error)) from error
        finally:
            follower.close()

    def _coming(self) -> Iterator[tuple[int, bytes]]:
        try:
            for record in records(self._generation):
                if self._until is not None and record.at > self._until:
                    return
                self.at = record.at
                yield record.seq, record.data
        except ShipDamaged as error:
            self.ends_early = str(error)
            return
        later = _next(self._generation)
        if later is not None and generation_in(later) is None:
            self.ends_early = str(ShipDamaged(later / ABOUT, "it cannot be read"))


def _next(generation: Generation) -> Path | None:
    """Return the folder of the one that was begun next."""
    folders = numbered(generation.folder.parent)
    later = folders[folders.index(generation.folder) + 1 :]
    return later[0] if later else None
