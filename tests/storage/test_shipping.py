"""A journal that is shipped to another folder, and restored of what arrived there."""

import os
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from storage import accounts, generations, shipping
from storage.accounts import Site
from storage.backup import LAST
from storage.errors import DataHeld, RestoreFailed
from storage.generations import Generation
from storage.journal import Journal
from storage.lock import DataLock
from storage.schema import Keep
from storage.shipped import Arrived, is_shipped, restore_shipped
from storage.shipping import Ship, Shipment, ShipStats
from tests.storage.books import Books, record, ticket
from tests.storage.copies import differences

LOOKS = 1500
"""At what has arrived, 10 ms apart."""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing that is there for the sake of other disks."""
    for name in ("APART_S", "AGAIN_S", "TICK_S"):
        monkeypatch.setattr(shipping, name, 0.01)


class Shipping(Books):
    """A journal, and the folder that it is shipped to."""

    def __init__(self, folder: Path, *, keep_s: float = 3600.0) -> None:
        self.data, self.target = folder / "data", folder / "other"
        self.data.mkdir(exist_ok=True)
        self.target.mkdir(exist_ok=True)
        self.now = 1000.0
        self.ship = Ship(self.target, keep_s=keep_s, clock=lambda: self.now)
        super().__init__(self.data / "journal.db", keep=Keep(ship=self.ship))

    def wait(self, until: Callable[[ShipStats], bool]) -> ShipStats:
        self.settle()
        for _ in range(LOOKS):
            if until(stats := self.ship.stats()):
                return stats
            threading.Event().wait(0.01)
        raise TimeoutError(str(self.ship.stats()))

    def arrived(self) -> ShipStats:
        """Return the figures once all that was committed is there."""
        return self.wait(lambda s: s.waiting == 0 and bool(self.there()))

    def there(self) -> list[Generation]:
        return generations.generations(self.target)

    def say(self, *seqs: int, text: str = "hello") -> None:
        """Say these one after another, a second apart."""
        for seq in seqs:
            self.now += 1
            self.append(1, record(seq, text), ticket=ticket(1, seq))
            self.settle()

    def restored(self, name: str = "new", until: float | None = None) -> Arrived:
        return restore_shipped(self.target, self.data.parent / name, until)

    def events(self, name: str = "new") -> list[int]:
        path = self.data.parent / name / "journal.db"
        with closing(sqlite3.connect(path)) as db:
            sql = "SELECT seq FROM event ORDER BY gseq"
            return [seq for (seq,) in db.execute(sql)]


def lose(_: Shipment) -> None:
    """Ship nothing."""


def has_begun(many: int, stats: ShipStats) -> bool:
    return stats.generations >= many


@pytest.fixture
def books(tmp_path: Path) -> Generator[Shipping]:
    with closing(Shipping(tmp_path)) as made:
        yield made


def test_what_is_committed_makes_the_same_tables_elsewhere(books: Shipping) -> None:
    books.arrived()
    books.say(1, 2, 3)
    books.change(lambda db: accounts.add_site(db, Site("a", "A", 0)))
    assert books.arrived().generations == 1
    came = books.restored()
    assert (came.ends_early, came.copied.events, came.transactions) == (None, 3, 4)
    assert differences(books.path, books.data.parent / "new/journal.db") == ["meta"]
    new = Journal(books.data.parent / "new/journal.db", lambda: None, inline=True)
    assert new.epoch not in {"", books.journal.epoch}
    new.stop()


def test_a_moment_in_between_is_restored(books: Shipping) -> None:
    books.arrived()
    books.say(1, 2, 3, 4)
    books.arrived()
    came = books.restored(until=1002.5)
    assert (books.events(), came.until) == ([1, 2], 1002.0)
    with pytest.raises(RestoreFailed, match="nothing as old"):
        books.restored("older", until=999.0)


def test_a_start_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    with closing(Shipping(tmp_path)) as first:
        first.arrived()
        first.say(1, 2)
    with closing(Shipping(tmp_path)) as second:
        second.say(3)
        second.arrived()
        assert len(second.there()) == 1
        second.restored()
        assert second.events() == [1, 2, 3]


@pytest.mark.parametrize("lost", [True, False])
def test_what_was_not_shipped_makes_the_next_start_copy_anew(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lost: bool,  # noqa: FBT001 - one of two
) -> None:
    with closing(Shipping(tmp_path)) as first:
        first.arrived()
        first.say(1)
        first.arrived()
        if lost:
            # The process died between commit and segment.
            monkeypatch.setattr(first.ship, "put", lose)
            first.say(2)
    if not lost:
        # Somebody wrote who did not ship.
        with closing(Books(tmp_path / "data/journal.db")) as plain:
            plain.append(1, record(2), ticket=ticket(1, 2))
            plain.settle()
    with closing(Shipping(tmp_path)) as second:
        second.say(3)
        second.arrived()
        assert len(second.there()) == 2
        second.restored()
        assert second.events() == [1, 2, 3]


def test_too_much_at_once_breaks_the_chain_and_a_copy_mends_it(
    books: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.arrived()
    monkeypatch.setattr(shipping, "MOST_ROWS", 0)
    books.say(1, 2)
    books.wait(lambda stats: stats.generations > 1)
    monkeypatch.undo()
    books.say(3)
    books.arrived()
    books.restored()
    assert books.events() == [1, 2, 3]


def test_a_disk_that_is_gone_for_a_while_is_made_up_for(books: Shipping) -> None:
    books.arrived()
    books.say(1)
    books.arrived()
    away = books.target.with_name("away")
    books.target.rename(away)
    books.target.write_bytes(b"")  # Not even a folder.
    books.say(2, 3)
    stats = books.wait(lambda stats: stats.failures > 0)
    assert (stats.waiting, stats.lag_s) == (2, 1.0)
    books.target.unlink()
    away.rename(books.target)
    books.say(4)
    assert books.arrived().generations == 1
    books.restored()
    assert books.events() == [1, 2, 3, 4]


@pytest.mark.parametrize("damage", ["torn", "flipped", "missing"])
def test_what_is_damaged_ends_it_with_a_sentence(books: Shipping, damage: str) -> None:
    books.arrived()
    for seq in (1, 2, 3):
        books.say(seq)
        books.arrived()
    [segment] = books.there()[0].segments
    data = bytearray(segment.read_bytes())
    if damage == "torn":
        segment.write_bytes(data[:-3])
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
        segment.write_bytes(data)
    else:
        segment.rename(segment.with_name(f"{99:016}.log"))
    came = books.restored()
    assert came.ends_early is not None
    assert segment.parent.name in came.ends_early
    expected = {"torn": [1, 2], "flipped": [1], "missing": []}
    assert books.events() == expected[damage]


def test_what_was_erased_leaves_the_other_folder(
    books: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.arrived()
    books.say(1, text="cherry pie")
    books.arrived()
    before = books.there()[0].folder
    monkeypatch.setattr(shipping, "SCRUB_S", 0)
    books.change(
        lambda db: db.execute(
            "UPDATE event SET body = zeroblob(length(body)) WHERE seq = 1"
        ),
        scrub=True,
    )
    books.change(lambda db: db.execute("UPDATE message SET text = '*'"), scrub=True)
    books.change(lambda db: db.execute("UPDATE ticket SET preview = '*'"), scrub=True)
    books.settle()
    books.now += 1
    books.wait(lambda _: not before.exists())
    books.now += 1
    books.arrived()
    found = [
        path
        for path in books.target.rglob("*")
        if path.is_file() and b"cherry" in path.read_bytes()
    ]
    assert found == []
    books.restored()
    assert books.events() == [1]


def test_older_generations_go_when_no_moment_needs_them(
    books: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "SEGMENTS_BYTES", 0)
    monkeypatch.setattr(Generation, "bytes", 0)
    books.arrived()
    for hours in range(4):
        books.now += 1800
        books.say(hours + 1)
        books.wait(partial(has_begun, hours + 2))
    moments = [each.about.at for each in books.there()]
    assert moments[0] <= books.now - 3600 < moments[1]
    assert is_shipped(books.target)


def test_two_do_not_ship_to_one_folder(books: Shipping) -> None:
    with pytest.raises(DataHeld, match=r"another folder with --ship\."):
        Ship(books.target, keep_s=1).start()
    books.journal.stop()
    second = Ship(books.target, keep_s=1)
    second.start()
    second.stop()


def test_a_folder_that_another_took_meanwhile_is_left_to_it(books: Shipping) -> None:
    books.arrived()
    away = books.target.with_name("away")
    books.target.rename(away)
    books.say(1)
    books.wait(lambda stats: stats.failures > 0)
    with DataLock(away):
        away.rename(books.target)
        failures = books.ship.stats().failures
        books.wait(lambda stats: stats.failures > failures + 1)
        assert books.ship.stats().waiting == 1
    books.arrived()
    books.restored()
    assert books.events() == [1]


def test_a_disk_that_refuses_is_told_of_once_and_once_when_it_is_back(
    books: Shipping, caplog: pytest.LogCaptureFixture
) -> None:
    books.arrived()
    caplog.set_level("INFO")
    away = books.target.with_name("away")
    books.target.rename(away)
    books.say(1)
    books.wait(lambda stats: stats.failures > 3)
    away.rename(books.target)
    books.arrived()
    books.wait(lambda _: len(caplog.messages) > 1)
    gone, back = caplog.messages
    assert "nothing is shipped to" in gone
    assert "is shipped to again" in back


def test_most_of_the_time_does_not_go_into_copies(
    books: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.arrived()
    last = books.data / LAST
    monkeypatch.setattr(shipping, "SHARE", 1e9)
    monkeypatch.setattr(shipping, "MOST_ROWS", 0)
    books.say(1)
    books.wait(partial(has_begun, 2))
    os.utime(last, (0, 0))
    for seq in (2, 3, 4):
        books.say(seq)
        threading.Event().wait(0.05)
    # Broken again; and nobody is told that all is well.
    assert books.ship.stats().generations == 2
    assert books.ship.stats().lag_s > 0
    assert last.stat().st_mtime == 0


def test_a_stop_does_not_wait_for_a_disk_that_is_gone(
    books: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.arrived()
    for name in ("AGAIN_S", "STOP_S"):
        monkeypatch.setattr(shipping, name, 3600)
    books.target.rename(books.target.with_name("away"))
    books.say(1)
    books.wait(lambda stats: stats.failures > 0)
    books.journal.stop()
    assert books.ship.stats().failures == 2


def test_a_copy_that_cannot_be_read_is_passed_over_and_named(books: Shipping) -> None:
    books.arrived()
    books.say(1)
    books.arrived()
    books.journal.stop()
    broken = books.target / "00000002"
    broken.mkdir()
    (broken / "about.json").write_bytes(b"{")
    came = books.restored()
    assert came.ends_early is not None
    assert "00000002" in came.ends_early
    assert books.events() == [1]
    # With a moment before its end nothing of it is missing.
    assert books.restored("early", until=1000.5).ends_early is None
    with closing(Shipping(books.data.parent)) as second:
        second.say(2)
        second.arrived()
        assert [each.folder.name for each in second.there()] == ["00000001", "00000003"]
        generations.prune(second.target, second.now)
        left = [each.name for each in generations.numbered(second.target)]
        assert left == ["00000003"]
        second.restored("later")
        assert second.events("later") == [1, 2]
