"""A journal that an older version left is brought up to date, or left alone."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from broker.checkup import findings
from storage import schema
from storage.errors import BackupFailed, UpgradeFailed
from storage.migrations import migrations
from storage.schema import BEFORE, open_writer
from tests.storage import journals

VERSIONS = sorted(Path(journals.__file__).parent.glob("*.sql"))
SAID = ["Where is my lamp?", "Let me look.", "It fell from the van.", "And?"]
DECLARED = {"0.0.0": {"said_by", "silent_since"}}
"""Columns that migrations say are filled in by the next message alone."""
ALL = "SELECT name, sql FROM sqlite_schema ORDER BY name"


def written_by(version: Path, path: Path) -> Path:
    """Return the journal as that version left it."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(version.read_text())
    return path


def said(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        sql = "SELECT text FROM message WHERE by <> 'system' ORDER BY gseq"
        return [text for (text,) in db.execute(sql)]


def tables(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(ALL).fetchall()


def behind(monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    """Make this program one with two more steps than the journal has, the last bad."""
    longer = Migrations("shopwire")
    longer._migrations = list(migrations._migrations)

    @longer()
    def hats(db: Database) -> None:
        db.execute("CREATE TABLE hat(size INTEGER) STRICT")

    @longer()
    def shoes(db: Database) -> None:
        db.execute("ALTER TABLE nothing ADD COLUMN x" if fails else "SELECT 1")

    monkeypatch.setattr(schema, "migrations", longer)


def test_the_newest_version_is_among_those_kept() -> None:
    assert [file.stem for file in VERSIONS] == ["0.0.0", "0.1.0"]


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS, ids=lambda file: file.stem)
def test_a_journal_of_each_version_is_read_with_its_snapshots(
    version: Path, path: Path
) -> None:
    written_by(version, path)
    open_writer(path).close()
    assert said(path) == SAID
    # Each chat is folded anew, and held against rows and snapshots, which are used.
    declared = DECLARED.get(version.stem, set[str]())
    assert {line.split("ticket row's ")[-1] for line in findings(path)} == declared
    # It has the tables that a new one has.
    fresh = path.with_name("fresh.db")
    open_writer(fresh).close()
    assert {name for name, _ in tables(path)} == {name for name, _ in tables(fresh)}


def test_before_an_upgrade_a_copy_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_by(VERSIONS[-1], path)
    open_writer(path).close()
    kept = path.with_name(BEFORE)
    kept.unlink(missing_ok=True)
    open_writer(path).close()
    assert not kept.exists(), "nothing was upgraded"
    before = tables(path)
    behind(monkeypatch, fails=False)
    open_writer(path).close()
    assert tables(kept) == before
    assert said(kept) == SAID
    assert "hat" in dict(tables(path))


def test_an_upgrade_that_fails_leaves_the_journal_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_by(VERSIONS[-1], path)
    open_writer(path).close()
    before = tables(path)
    with monkeypatch.context() as newer:
        behind(newer, fails=True)
        with pytest.raises(UpgradeFailed, match="as it was"):
            open_writer(path)
    # Not even the step that went well is left: the older program goes on.
    assert tables(path) == before
    open_writer(path).close()
    assert said(path) == SAID


def test_without_room_for_the_copy_nothing_is_upgraded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_by(VERSIONS[-1], path)
    open_writer(path).close()
    before = tables(path)
    path.with_name(BEFORE).unlink(missing_ok=True)
    path.with_name(BEFORE).mkdir()
    behind(monkeypatch, fails=False)
    with pytest.raises(BackupFailed):
        open_writer(path)
    assert tables(path) == before
