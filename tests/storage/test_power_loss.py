"""What was acknowledged is there after the power went, at any moment, in any way.

The writer's own statements and settings run on files that lose their unsynced writes
(`tests/faults/power.py`); what is left is opened like any journal. That the test can
fail is shown by itself with `synchronous=NORMAL`, which others call safe.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlite_utils import Database

from storage import checkpoints, doctor, queries
from storage.records import Append, Change, Lane, SnapshotRow, StartRow
from storage.schema import configure_writer, open_writer
from storage.writer import Writer
from tests.faults.power import Disk, Loss, PowerCut, powered
from tests.storage.books import record, ticket

BATCHES = 24
STREAMS = 8
CUTS = 100
"""For each kind of loss, three of which there are."""
EARLIEST = 12
"""Operations spent on opening; a cut among them leaves the image as it was."""


class Trial(NamedTuple):
    """What one machine did until its power went."""

    submitted: list[list[Append]]
    """In batches: each is there whole or not at all, and none without those before."""
    acknowledged: int
    """How many of the batches were settled."""


class Shoppers:
    """Make batches of appends, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.heads = dict.fromkeys(range(1, STREAMS + 1), 0)
        self.lanes = {stream: Lane() for stream in self.heads}

    def settled(self, append: Append) -> None:
        assert not append.failed

    def batch(self) -> list[Append]:
        return [self.append() for _ in range(self.random.randrange(1, 6))]

    def append(self) -> Append:
        stream = self.random.choice(list(self.heads))
        first = self.heads[stream] + 1
        last = self.heads[stream] = first + self.random.randrange(3)
        records = tuple(
            record(seq, chr(96 + stream) * self.random.randrange(50, 1500))
            for seq in range(first, last + 1)
        )
        append = Append(stream, records, self.lanes[stream], self)
        append.ticket = ticket(stream, last)
        if first == 1:
            append.start = StartRow("default", f"profile-{stream}", "start", stream)
        if self.random.random() < 0.2:
            append.snapshot = SnapshotRow(stream, last, 1, 0, b"state" * 200)
        return append


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty journal as its first start leaves it."""
    path = tmp_path_factory.mktemp("image") / "journal.db"
    open_writer(path, epoch="epoch").close()
    return path.read_bytes()


@pytest.fixture(autouse=True)
def frequent_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a cut meets one as often as it meets a commit."""
    monkeypatch.setattr(checkpoints, "DUE_PAGES", 100)


def run(disk: Disk, seed: int, synchronous: str = "FULL") -> Trial:
    """Write batches on `disk` until its power goes, or all are written."""
    shoppers = Shoppers(seed)
    submitted: list[list[Append]] = []
    settled: list[Append | Change] = []
    acknowledged = 0
    try:
        with powered(disk) as connection:
            configure_writer(connection, Path("journal.db"))
            connection.execute(f"PRAGMA synchronous={synchronous}")
            # Pages that find no room are written before the commit: one more hazard.
            connection.execute("PRAGMA cache_size=20")
            nothing = Database(memory=True)
            writer = Writer(
                connection, nothing, lambda: None, path=Path("journal.db"), inline=True
            )
            for _ in range(BATCHES):
                submitted.append(shoppers.batch())
                for append in submitted[-1]:
                    writer.put(append)
                writer.settle(settled.append)
                assert writer.error is None
                acknowledged = len(submitted)
            nothing.close()
    except PowerCut:
        pass
    assert sum(map(len, submitted[:acknowledged])) == len(settled)
    return Trial(submitted, acknowledged)


def surviving_batches(trial: Trial, path: Path) -> int:
    """Open what is left, and return how many batches it has; the rest of none."""
    with closing(open_writer(path)) as connection:
        present = [
            [all(_is_there(connection, append)) for append in batch]
            for batch in trial.submitted
        ]
    assert doctor.examine(path, {"msg"}) == []
    survived = sum(map(all, present))
    assert all(map(all, present[:survived])), "a batch is missing before a later one"
    assert not any(map(any, present[survived:])), "half a batch is there"
    return survived


def _is_there(connection: sqlite3.Connection, append: Append) -> Iterator[bool]:
    for one in append.records:
        found = queries.record(connection, append.stream, one.seq)
        yield found is not None and (found.body, found.id) == (one.body, one.id)
    row = queries.ticket(connection, append.stream)
    yield row is not None and row.seq >= append.records[-1].seq
    if append.start is not None:
        stream = queries.start(connection, *append.start[:3])
        yield stream == append.stream
    if append.snapshot is not None:
        snapshot = queries.load(connection, append.stream).snapshot
        yield snapshot is not None and snapshot.seq >= append.snapshot.seq


def lost_after_cuts(
    image: bytes, loss: Loss, folder: Path, synchronous: str
) -> Iterator[int]:
    """Yield, for each of `CUTS` cuts, how many acknowledged batches were lost."""
    whole = Disk(image, loss, seed=0)
    run(whole, 0, synchronous)
    for seed in range(CUTS):
        moment = random.Random(seed).randrange(EARLIEST, whole.operations)
        disk = Disk(image, loss, seed, cut_at=moment)
        trial = run(disk, seed, synchronous)
        left = folder / f"{seed}"
        left.mkdir()
        survived = surviving_batches(trial, disk.survivors(left))
        yield max(0, trial.acknowledged - survived)


@pytest.mark.slow
@pytest.mark.parametrize("loss", Loss)
def test_a_power_cut_loses_nothing_acknowledged(
    image: bytes, tmp_path: Path, loss: Loss
) -> None:
    assert sum(lost_after_cuts(image, loss, tmp_path, "FULL")) == 0


@pytest.mark.slow
def test_the_same_cuts_find_the_losses_of_a_weaker_sync(
    image: bytes, tmp_path: Path
) -> None:
    assert sum(lost_after_cuts(image, Loss.DROP, tmp_path, "NORMAL")) > CUTS


def test_an_uncut_machine_has_written_everything(image: bytes, tmp_path: Path) -> None:
    disk = Disk(image, Loss.DROP, seed=1)
    trial = run(disk, 1)
    assert trial.acknowledged == BATCHES
    assert surviving_batches(trial, disk.survivors(tmp_path)) == BATCHES
