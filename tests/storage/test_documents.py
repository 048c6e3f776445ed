"""Versioned documents of a site."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import accounts, documents
from storage.accounts import Site
from storage.documents import Conflict, Document
from storage.migrations import migrations
from storage.schema import connect, open_writer


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    opened = Database(open_writer(path), execute_plugins=False)
    accounts.add_site(opened, Site("shop", "Shop", 1))
    yield opened
    opened.close()


def document(version: int, text: str = "{}", name: str = "faq") -> Document:
    return Document("shop", name, version, at=version, by="agent:ann", document=text)


def test_versions_are_put_one_after_the_other_and_all_stay(db: Database) -> None:
    assert documents.newest(db.conn, "shop", "faq") is None
    assert documents.put(db, document(1)) is None
    assert documents.put(db, document(2, '{"a": 1}')) is None
    assert documents.newest(db.conn, "shop", "faq") == document(2, '{"a": 1}')
    assert documents.at_version(db.conn, "shop", "faq", 1) == document(1)
    assert documents.at_version(db.conn, "shop", "faq", 3) is None


def test_what_is_based_on_an_old_version_is_refused_by_value(db: Database) -> None:
    assert documents.put(db, document(2)) == Conflict(current=0)
    documents.put(db, document(1))
    assert documents.put(db, document(1, "[]")) == Conflict(current=1)
    assert documents.put(db, document(3)) == Conflict(current=1)
    assert documents.newest(db.conn, "shop", "faq") == document(1)


def test_documents_of_other_names_and_sites_do_not_meet(db: Database) -> None:
    accounts.add_site(db, Site("second", "Second", 2))
    documents.put(db, document(1))
    assert documents.put(db, document(1, name="macros")) is None
    assert documents.newest(db.conn, "second", "faq") is None
    with pytest.raises(sqlite3.IntegrityError):
        documents.put(db, Document("nowhere", "faq", 1, 1, "agent:ann", "[]"))


def test_settings_from_before_there_were_documents_are_kept(path: Path) -> None:
    path.touch()
    with closing(connect(path)) as connection:
        db = Database(connection, execute_plugins=False)
        migrations.apply(db, stop_before="documents_by_name")
        accounts.add_site(db, Site("shop", "Shop", 1))
        for version in (1, 2):
            sql = "INSERT INTO settings VALUES ('shop', ?, 5, 'agent:ann', '{}')"
            connection.execute(sql, (version,))
    with closing(open_writer(path)) as connection:
        kept = documents.newest(connection, "shop", "settings")
        first = documents.at_version(connection, "shop", "settings", 1)
    assert kept == Document("shop", "settings", 2, 5, "agent:ann", "{}")
    assert first is not None
