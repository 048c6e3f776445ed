"""A journal whose transactions are applied to a second file."""

import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import accounts, meta, search
from storage.accounts import Site
from storage.capture import Transaction, decode, encode
from storage.checkpoints import Checkpoints
from storage.errors import (
    Diverged,
    Followed,
    JournalBroken,
    NeedsCopy,
    SchemaTooNew,
    SteppedDown,
)
from storage.follower import Follower
from storage.journal import Journal
from storage.migrations import migrations
from storage.schema import Keep, open_writer
from tests.storage.books import Books, record, ticket
from tests.storage.copies import Copying, differences


class Pair(Books):
    """A journal and its copy."""

    def __init__(self, folder: Path) -> None:
        self.copy = folder / "copy.db"
        self.log = Copying(self.copy)
        super().__init__(folder / "journal.db", keep=Keep(log=self.log))

    def differences(self) -> list[str]:
        self.settle()
        return differences(self.path, self.copy)

    def close(self) -> None:
        super().close()
        self.log.follower.close()


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with closing(Pair(tmp_path)) as made:
        yield made


def test_a_new_journal_is_copied_from_its_first_table_on(pair: Pair) -> None:
    assert pair.differences() == []
    assert pair.rows("SELECT value FROM meta WHERE key = 'applied'") == [("1",)]
    assert pair.log.follower.epoch == pair.journal.epoch


def test_appends_and_changes_reach_the_copy(pair: Pair) -> None:
    for seq in range(1, 20):
        pair.append(1, record(seq), ticket=ticket(1, seq))
        pair.append(2, record(seq), ticket=ticket(2, seq))
    pair.change(lambda db: accounts.add_site(db, Site("a", "A", 0)))
    pair.change(search.advance)
    assert pair.differences() == []
    assert pair.rows("SELECT count(*) FROM search") == [(38,)]


def test_what_one_of_a_batch_spoils_reaches_neither(pair: Pair) -> None:
    def broken(db: Database) -> None:
        db.execute("DELETE FROM site")
        db.table("site").insert({"id": "b", "name": "B", "created_at": 0})
        raise RuntimeError

    pair.append(1, record(1), ticket=ticket(1, 1))
    change = pair.change(broken)
    twice = pair.append(1, record(1))
    pair.append(3, record(1), ticket=ticket(3, 1))
    pair.settle()
    assert isinstance(change.error, RuntimeError)
    assert twice.failed
    assert pair.differences() == []
    assert pair.rows("SELECT stream FROM event") == [(1,), (3,)]


def test_a_batch_that_writes_nothing_is_no_transaction(pair: Pair) -> None:
    before = len(pair.log.entries)
    pair.append(1)
    pair.change(lambda db: accounts.sites(db.conn))
    pair.settle()
    assert len(pair.log.entries) == before


def test_what_the_log_does_not_take_is_not_acknowledged(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.append(1, record(1), ticket=ticket(1, 1))
    pair.settle()

    def refuse(data: bytes) -> None:
        del data
        raise SteppedDown("somebody else writes")

    pair.log.fails = refuse
    pair.append(1, record(2), ticket=ticket(1, 2))
    with pytest.raises(JournalBroken) as broken:
        pair.settle()
    assert isinstance(broken.value.__cause__, SteppedDown)
    assert [each.stream for each in pair.outcomes] == [1]
    pair.close()
    assert differences(pair.path, pair.copy) == []


def test_a_copy_is_no_journal_to_write_in(pair: Pair) -> None:
    pair.close()
    for path in (pair.path, pair.copy):
        with pytest.raises(Followed):
            Journal(path, lambda: None)
    with closing(sqlite3.connect(pair.copy)) as taken_out:
        meta.leave(taken_out)
        taken_out.commit()
    with closing(open_writer(pair.copy)) as alone:
        assert meta.epoch(alone) != pair.journal.epoch


def test_a_copy_goes_on_where_it_was(tmp_path: Path) -> None:
    with closing(Pair(tmp_path)) as pair:
        pair.append(1, record(1), ticket=ticket(1, 1))
        pair.settle()
        with closing(Follower(tmp_path / "late.db")) as late:
            late.apply([(1, pair.log.entries[0])])
        pair.append(1, record(2), ticket=ticket(1, 2))
        pair.settle()
        with closing(Follower(tmp_path / "late.db")) as late:
            late.refuse_newer()
            late.apply(list(enumerate(pair.log.entries, 1))[late.applied :])
        apart = differences(pair.path, tmp_path / "late.db")
    # Applied at once, the words are in fewer segments of the index.
    assert [name for name in apart if not name.startswith("search_")] == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"over": 5}, Diverged),
        ({"journal": "another"}, Diverged),
        ({"statements": (("INSERT INTO nobody VALUES (1)", False, ()),)}, Diverged),
        (
            {"statements": (("INSERT INTO site SELECT * FROM site", False, ()),)},
            Diverged,
        ),
    ],
)
def test_what_does_not_fit_changes_nothing(
    pair: Pair, change: dict[str, object], error: type[Exception]
) -> None:
    pair.change(lambda db: accounts.add_site(db, Site("a", "A", 0)))
    pair.settle()
    follower = pair.log.follower
    base = decode(pair.log.entries[-1])
    fields = {name: getattr(base, name) for name in base.__struct_fields__}
    fields |= {"over": follower.applied} | change
    before = follower.applied
    with pytest.raises(error):
        follower.apply([(before + 1, encode(Transaction(**fields)))])
    assert follower.applied == before
    assert pair.differences() == []


def test_who_has_nothing_cannot_begin_in_the_middle(tmp_path: Path) -> None:
    entry = Transaction("e", 0, base=True, scrub=False, by="n", statements=())
    with closing(Follower(tmp_path / "copy.db")) as follower:
        with pytest.raises(NeedsCopy):
            follower.apply([(1, encode(entry))])
        with pytest.raises(Diverged):
            follower.apply([(1, b"junk")])


def test_a_journal_that_stood_alone_is_adopted(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_writer(path, epoch="mine").close()
    with closing(Follower(path)) as follower:
        assert follower.alone
        assert follower.epoch == "mine"
        follower.adopt(4)
    with closing(Follower(path)) as follower:
        assert not follower.alone
        assert follower.applied == 4


def test_an_older_program_follows_but_does_not_write(pair: Pair) -> None:
    def later(db: Database) -> None:
        db.execute("CREATE TABLE later(a TEXT) STRICT")
        row = {"migration_set": migrations.name, "name": "later", "applied_at": ""}
        db.table("_sqlite_migrations").insert(row)

    pair.change(later)
    assert pair.differences() == []
    with pytest.raises(SchemaTooNew):
        pair.log.follower.refuse_newer()


def test_what_is_erased_leaves_the_copy_s_log_too(pair: Pair) -> None:
    word = "unforgettable"
    pair.append(1, record(1, word), ticket=ticket(1, 1))
    pair.settle()
    wal = pair.copy.with_name("copy.db-wal")
    assert word.encode() in wal.read_bytes()
    erase = "UPDATE message SET text = ''"
    pair.change(lambda db: db.execute(erase), scrub=True)
    pair.change(lambda db: db.execute("UPDATE event SET body = x''"), scrub=True)
    pair.settle()
    for path in (pair.copy, wal):
        assert word.encode() not in path.read_bytes()


def test_a_copy_scrubs_again_behind_a_reader_in_its_way(pair: Pair) -> None:
    word = "unforgettable"
    pair.append(1, record(1, word), ticket=ticket(1, 1))
    pair.settle()
    with closing(sqlite3.connect(pair.copy, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM message").fetchone() == (1,)
        pair.change(_erase_texts, scrub=True)
        pair.settle()
        assert holders(pair, word) != []
    pair.append(2, record(1), ticket=ticket(2, 1))
    pair.settle()
    assert holders(pair, word) == []


def test_a_copy_scrubs_when_it_is_opened_again(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = "unforgettable"
    pair.append(1, record(1, word), ticket=ticket(1, 1))
    pair.settle()
    # As of a node that was killed between the commit and its scrub.
    with monkeypatch.context() as killed:
        killed.setattr(Checkpoints, "run", never)
        pair.change(_erase_texts, scrub=True)
        pair.settle()
    assert holders(pair, word) != []
    again = tmp_path / "again"
    again.mkdir()
    for path in tmp_path.glob("copy.db*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, again)
    with closing(Follower(again / pair.copy.name)) as follower:
        assert follower.applied == pair.log.over
        assert holding(again, word) == []


def never(*_: object) -> bool:
    return False


def _erase_texts(db: Database) -> None:
    db.execute("UPDATE message SET text = ''")
    db.execute("UPDATE event SET body = x''")


def holders(pair: Pair, word: str) -> list[str]:
    return holding(pair.copy.parent, word, f"{pair.copy.name}*")


def holding(folder: Path, word: str, names: str = "*") -> list[str]:
    """Return the files that have `word`."""
    return [
        path.name for path in folder.glob(names) if word.encode() in path.read_bytes()
    ]
