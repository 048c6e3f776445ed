"""What bad disks, hasty people and dying machines do to a folder."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.damage.shop import journal_of, wal_of

PAGE = 4096
MOST_FLIPPED = 8


class Harm(NamedTuple):
    """One way to harm a folder, and how often of all it is done."""

    name: str
    share: int
    do: Callable[[Path, Random], None]
    ages: bool = False
    """Whether an earlier moment may come of it, and nobody told: the end of a WAL that
    is not whole is what a dying process leaves, too."""


def cut(path: Path, chance: Random) -> None:
    """End a file anywhere."""
    os.truncate(path, chance.randrange(path.stat().st_size))


def flip(path: Path, chance: Random) -> None:
    """Change a few bytes anywhere."""
    data = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, MOST_FLIPPED)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def respell(path: Path, chance: Random) -> None:
    """Change one letter of what people said, wherever it stands."""
    data = bytearray(path.read_bytes())
    places: list[int] = []
    at = data.find(b"parcel")
    while at >= 0:
        places.append(at)
        at = data.find(b"parcel", at + 1)
    if places:
        data[chance.choice(places)] = ord("q")
    path.write_bytes(data)


def blank(path: Path, chance: Random) -> None:
    """Let a page be empty."""
    pages = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        file.seek(chance.randrange(pages) * PAGE)
        file.write(bytes(PAGE))


def lose(path: Path, _chance: Random) -> None:
    """Have no such file any more."""
    path.unlink()


def litter(path: Path, chance: Random) -> None:
    """Leave another program's bytes where SQLite keeps its own."""
    path.with_name(f"{path.name}-shm").write_bytes(chance.randbytes(32 * 1024))


def _journal(do: Callable[[Path, Random], None]) -> Callable[[Path, Random], None]:
    return lambda folder, chance: do(journal_of(folder), chance)


def _wal(do: Callable[[Path, Random], None]) -> Callable[[Path, Random], None]:
    return lambda folder, chance: do(wal_of(folder), chance)


HARMS = (
    Harm("WAL cut", 8, _wal(cut), ages=True),
    Harm("WAL, bytes flipped", 5, _wal(flip), ages=True),
    Harm("WAL, a letter changed", 3, _wal(respell), ages=True),
    Harm("WAL gone", 1, _wal(lose), ages=True),
    Harm("WAL, index of another", 1, _journal(litter)),
    Harm("journal, bytes flipped", 6, _journal(flip)),
    Harm("journal, a letter changed", 4, _journal(respell)),
    Harm("journal, a page blank", 2, _journal(blank)),
    Harm("journal cut", 2, _journal(cut)),
)


def plan(many: int) -> list[Harm]:
    """Return `many` harms, each as often as its share, and each at least once."""
    more = [harm for harm in HARMS for _ in range(harm.share - 1)]
    wanted = [*HARMS, *more]
    return [wanted[number % len(wanted)] for number in range(many)]
