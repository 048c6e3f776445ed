"""Opening: what a new file becomes, and which files are refused."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from storage.errors import JournalBroken, NotDurable, SchemaTooNew
from storage.schema import (
    Connection,
    Cursor,
    Keep,
    configure_writer,
    open_reader,
    open_writer,
)
from tests.faults.disk import Failing, scribble, truncate

INCREMENTAL = 2


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_journal_is_durable_and_private(path: Path) -> None:
    with closing(open_writer(path)) as connection:
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2
        assert pragma(connection, "auto_vacuum") == INCREMENTAL
        assert pragma(connection, "secure_delete") == 1
        assert pragma(connection, "wal_autocheckpoint") == 0
        assert pragma(connection, "foreign_keys") == 1
        for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
            mode = stat.S_IMODE(path.with_name(name).stat().st_mode)
            assert mode == 0o600, name


def test_every_table_is_strict(path: Path) -> None:
    with closing(open_writer(path)) as connection:
        tables = connection.execute(
            # What FTS5 makes for itself is as it wants it.
            "SELECT name, strict FROM pragma_table_list WHERE type = 'table'"
            " AND name NOT LIKE '%sqlite%'"
        ).fetchall()
    names = {name for name, strict in tables if strict}
    assert {"event", "message", "ticket", "start", "snapshot", "profile"} <= names
    assert [name for name, strict in tables if not strict] == []


def test_a_journal_from_before_the_inbox_learns_what_shoppers_said(path: Path) -> None:
    with closing(open_writer(path)) as connection:
        connection.executescript(
            """
            DROP TABLE reading;
            DROP INDEX ticket_ended; DROP INDEX ticket_ended_held;
            ALTER TABLE ticket DROP COLUMN shopper_said;
            ALTER TABLE ticket DROP COLUMN said_by;
            ALTER TABLE ticket DROP COLUMN missed;
            DELETE FROM _sqlite_migrations WHERE name = 'inbox_rows';
            INSERT INTO event VALUES
              (1, 7, 1, 0, 0, 'opened', 'shopper:p', 's', 1, x'', NULL),
              (2, 7, 2, 1, 0, 'msg', 'shopper:p', 's', 1, x'', NULL),
              (3, 7, 3, 2, 0, 'msg', 'agent:ann', 'a', 1, x'', NULL);
            INSERT INTO ticket (stream, chat, site, profile, channel, status, control,
              preview, opened_at, last_at, seq)
              VALUES (7, 'c', 's', 'p', 'chat', 'open', 'humans', '', 0, 0, 3);
            """
        )
    with closing(open_writer(path)) as connection:
        found = connection.execute("SELECT shopper_said, said_by FROM ticket")
        assert found.fetchall() == [(2, "")]


def test_opening_again_keeps_what_is_there(path: Path) -> None:
    with closing(open_writer(path)) as connection:
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    with closing(open_writer(path)) as connection:
        found = connection.execute("SELECT value FROM meta WHERE key = 'a'").fetchone()
    assert found == ("b",)


def test_a_relaxed_journal_syncs_nothing(path: Path) -> None:
    with closing(open_writer(path, Keep(relaxed=True))) as connection:
        assert pragma(connection, "synchronous") == 0
        assert pragma(connection, "journal_mode") == "wal"


def test_a_journal_of_a_newer_program_is_refused_untouched(path: Path) -> None:
    with closing(open_writer(path)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at)"
            " VALUES ('shopwire', 'time_travel', 'tomorrow')"
        )
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match="time_travel") as refused:
        open_writer(path)
    assert refused.value.unknown == ["time_travel"]
    assert path.read_bytes() == before


def test_another_programs_migrations_are_none_of_our_business(path: Path) -> None:
    with closing(open_writer(path)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at)"
            " VALUES ('plugin', 'time_travel', 'tomorrow')"
        )
    open_writer(path).close()


def test_what_is_no_database_is_refused_with_advice(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(JournalBroken, match="Restore a backup"):
        open_writer(path)
    with pytest.raises(JournalBroken, match="not a database"):
        open_reader(path)
    assert path.read_text().startswith("Dear diary")


@pytest.mark.parametrize("page", [1, 2])
def test_a_damaged_page_of_the_schema_is_refused(path: Path, page: int) -> None:
    open_writer(path).close()
    scribble(path, page)
    if page == 1:
        with pytest.raises(JournalBroken):
            open_writer(path)
    else:
        # A pointer-map page is not read at opening: that is for doctor to find.
        open_writer(path).close()


def test_a_truncated_file_is_refused(path: Path) -> None:
    open_writer(path).close()
    truncate(path, 3)
    with pytest.raises(JournalBroken):
        open_writer(path)


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.touch(0o600)
    open_writer(path).close()
    open_reader(path).close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalBroken, match="Check the folder"):
        open_writer(tmp_path / "nowhere" / "journal.db")


def test_a_reader_makes_no_journal(path: Path) -> None:
    with pytest.raises(JournalBroken):
        open_reader(path)
    assert not path.exists()


def test_a_reader_cannot_write(path: Path) -> None:
    open_writer(path).close()
    with (
        closing(open_reader(path)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM event")


def refusing(real: sqlite3.Connection, pragma: str, kept: object) -> Connection:
    """A connection on a file system that keeps a setting as it is."""
    reading = f"PRAGMA {pragma}"

    class Refusing(Failing):
        def execute(self, sql: str, values: tuple[object, ...] = (), /) -> Cursor:
            if sql == reading:
                return real.execute("SELECT ?", (kept,))
            return super().execute(sql, values)

    return Refusing(real)


@pytest.mark.parametrize(
    ("name", "kept"), [("journal_mode", "delete"), ("synchronous", 1)]
)
def test_a_file_system_that_refuses_durability_is_refused(
    path: Path, name: str, kept: object
) -> None:
    with closing(open_writer(path)) as real:
        connection = refusing(real, name, kept)
        with pytest.raises(NotDurable, match=f"{name} is {kept!r}") as refused:
            configure_writer(connection, path)
    assert "local disk" in str(refused.value)


def test_a_build_of_sqlite_that_lacks_erasing_is_refused(path: Path) -> None:
    with closing(open_writer(path)) as real:
        connection = refusing(real, "secure_delete", 0)
        with pytest.raises(JournalBroken, match="secure_delete"):
            configure_writer(connection, path)
