"""Transactions said again elsewhere make the same file."""

import sqlite3
from collections.abc import Generator
from contextlib import closing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.capture import (
    Recorded,
    Transaction,
    Unrecorded,
    decode,
    encode,
    verb_of,
)


@pytest.fixture
def db() -> Generator[Recorded]:
    with closing(
        sqlite3.connect(":memory:", isolation_level=None, factory=Recorded)
    ) as made:
        made.execute("BEGIN")
        made.execute("CREATE TABLE t(a PRIMARY KEY, b)")
        made.execute("COMMIT")
        yield made


def said(db: Recorded) -> list[str]:
    return [sql for sql, _, _ in db.tape.statements()]


def test_what_writes_is_written_down_and_what_reads_is_not(db: Recorded) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (?, ?)", (1, b"x"))
    db.execute("SELECT * FROM t").fetchall()
    db.execute("WITH one AS (SELECT 1) SELECT * FROM one").fetchall()
    db.execute("PRAGMA busy_timeout=5").fetchall()
    with_one = "WITH one AS (SELECT 1 AS b) UPDATE t SET b = (SELECT b FROM one)"
    db.execute(with_one)
    db.executemany("INSERT INTO t VALUES (?, 0)", iter([(2,), (3,)]))
    assert db.tape.statements() == (
        ("INSERT INTO t VALUES (?, ?)", False, (1, b"x")),
        (with_one, False, ()),
        ("INSERT INTO t VALUES (?, 0)", True, [(2,), (3,)]),
    )
    db.execute("COMMIT")
    assert said(db) == []


def test_what_is_undone_to_a_savepoint_is_as_if_never_said(db: Recorded) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (1, 1)")
    db.execute("SAVEPOINT outer")
    db.execute("INSERT INTO t VALUES (2, 2)")
    db.execute("SAVEPOINT inner")
    db.execute("INSERT INTO t VALUES (3, 3)")
    db.execute("ROLLBACK TO inner")
    db.execute("RELEASE inner")
    assert said(db) == ["INSERT INTO t VALUES (1, 1)", "INSERT INTO t VALUES (2, 2)"]
    db.execute("ROLLBACK TO SAVEPOINT outer")
    db.execute("RELEASE outer")
    assert said(db) == ["INSERT INTO t VALUES (1, 1)"]
    db.execute("ROLLBACK")
    assert said(db) == []


def test_a_statement_that_fails_is_not_written_down(db: Recorded) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (1, 1)")
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO t VALUES (1, 2)")
    assert said(db) == ["INSERT INTO t VALUES (1, 1)"]


def test_half_a_run_of_rows_must_be_undone(db: Recorded) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute("SAVEPOINT item")
    with pytest.raises(sqlite3.IntegrityError):
        db.executemany("INSERT INTO t VALUES (?, 0)", [(1,), (1,)])
    with pytest.raises(Unrecorded):
        db.tape.statements()
    db.execute("ROLLBACK TO item")
    assert said(db) == []


@pytest.mark.parametrize(
    "sql", ["INSERT INTO t VALUES (1, 1)", "SAVEPOINT s", "DROP TABLE t"]
)
def test_nothing_is_written_outside_a_transaction(db: Recorded, sql: str) -> None:
    with pytest.raises(Unrecorded):
        db.execute(sql)
    with pytest.raises(Unrecorded):
        db.executescript(sql)
    assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_comment_hides_no_verb() -> None:
    assert verb_of("-- why\n  insert into t") == "INSERT"
    assert verb_of("\nSELECT 1") == "SELECT"
    assert verb_of("with x as (select 1) delete from t") == "DELETE"
    assert verb_of("") == "SELECT"
    assert verb_of("COMMIT;") == "COMMIT"


values = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary()


@given(st.lists(st.lists(st.lists(values))), st.text())
def test_a_transaction_comes_back_as_it_was(
    rows: list[list[list[object]]], sql: str
) -> None:
    statements = tuple((sql, True, each) for each in rows)
    transaction = Transaction(
        "epoch", 7, base=False, scrub=True, by="n", statements=statements
    )
    assert decode(encode(transaction)) == transaction


def test_what_a_newer_program_adds_to_a_transaction_is_passed_over() -> None:
    plain = Transaction(
        "epoch", 7, base=False, scrub=True, by="n", statements=(("DELETE", True, []),)
    )
    longer = [*msgspec.structs.astuple(plain), {"more": 1}]
    assert decode(b"\0" + msgspec.msgpack.encode(longer)) == plain


@given(st.binary())
def test_other_bytes_are_no_transaction(junk: bytes) -> None:
    with pytest.raises(ValueError, match="no transaction"):
        decode(junk)
