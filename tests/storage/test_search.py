import sqlite3
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from storage import accounts, search
from storage.accounts import Profile
from storage.doctor import Problem, examine, traces
from storage.folding import fold, words
from storage.search import Found, Query
from tests.storage.books import Books, record, ticket


class Said:
    """A journal in which people have said things."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.seqs: dict[int, int] = {}

    def chat(self, stream: int, *texts: str, site: str = "default") -> None:
        """Open a chat, and have `texts` said in it."""
        opening = record(1, None, kind="opened")
        said = [record(seq, text) for seq, text in enumerate(texts, 2)]
        row = ticket(stream, 1 + len(texts))._replace(site=site)
        self.books.append(stream, opening, *said, ticket=row)
        self.seqs[stream] = 1 + len(texts)

    def called(self, stream: int, name: str | None, *, site: str = "default") -> None:
        """Give the shopper of a chat a name, or another one."""
        new = Profile(
            site, f"profile-{stream}", None, name, None, None, None, 0, stream
        )

        def write(db: Database) -> None:
            if accounts.add_profile(db, new) is not new:
                accounts.save_profile(db, new)

        self.books.change(write)

    def index(self) -> None:
        """Bring the index up to date."""
        while self.books.ask(search.behind):
            self.books.change(search.advance, lists=False)

    def find(self, text: str, **more: object) -> Found:
        """Search, in an index that is up to date."""
        self.index()
        return self.books.ask(partial(search.find, query=self.query(text, **more)))

    def query(self, text: str, **more: object) -> Query:
        values: dict[str, object] = {"site": "default", "text": text} | more
        return Query(**values)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # as the test has them

    def chats(self, text: str, **more: object) -> list[str]:
        return [hit.chat for hit in self.find(text, **more).hits]


def _executed(sql: str, db: Database) -> int:
    return db.execute(sql).rowcount


@pytest.fixture
def said(books: Books) -> Said:
    return Said(books)


def test_indexing_leaves_the_lists_alone(said: Said) -> None:
    said.chat(1, "Where are my boots?")
    said.called(1, "Ann")
    untouched = """
        CREATE TEMP TRIGGER t{0} BEFORE {0} ON ticket
        BEGIN SELECT raise(ABORT, 'a ticket row was written'); END"""
    for how in ("INSERT", "UPDATE", "DELETE"):
        sql = untouched.format(how)
        said.books.change(partial(_executed, sql))
    assert said.chats("boots") == said.chats("ann") == ["chat-1"]


def test_words_are_found_however_they_are_written(said: Said) -> None:
    said.chat(1, "Gdzie są moje BUTY z Łodzi?")
    for text in ("buty", "Buty", "lodzi", "ŁODZI", "łodz", "lod", "sa moje", "zlodzi"):
        expected = [] if text == "zlodzi" else ["chat-1"]
        assert said.chats(text) == expected, text


def test_all_words_have_to_be_there(said: Said) -> None:
    said.chat(1, "red shoes")
    said.chat(2, "red hat")
    assert said.chats("red") == ["chat-2", "chat-1"]
    assert said.chats("red sho") == ["chat-1"]
    assert said.chats("red coat") == []


def test_notes_are_found_as_notes(said: Said) -> None:
    said.chat(1, "hello")
    said.books.append(1, record(3, "customer is furious", kind="note"))
    (hit,) = said.find("furious").hits
    assert (hit.chat, hit.seq, hit.kind, hit.by) == ("chat-1", 3, "note", "shopper:p")


def test_a_name_is_found_and_only_the_present_one(said: Said) -> None:
    said.called(1, "Zofia Wiśniewska")
    said.chat(1, "hello")
    (hit,) = said.find("wisn").hits
    assert (hit.kind, hit.name, hit.seq) == ("name", "Zofia Wiśniewska", 1)
    assert hit.snippet == ("Zofia ", "Wiśn", "iewska")
    said.called(1, "Zofia Kowalska")
    # Before the index knows, and after.
    stale = said.books.ask(partial(search.find, query=said.query("wisn")))
    assert stale.hits == ()
    assert said.chats("wisn") == []
    assert said.chats("kowalska") == ["chat-1"]
    said.called(1, None)
    assert said.chats("kowalska") == []


def test_another_site_is_not_searched(said: Said) -> None:
    said.chat(1, "secret offer", site="outlet")
    said.chat(2, "secret")
    assert said.chats("secret") == ["chat-2"]
    assert said.chats("secret", site="outlet") == ["chat-1"]
    assert said.chats("secret", site="nowhere") == []


def test_filters_leave_what_they_name(said: Said) -> None:
    books = said.books
    for stream, (status, agent) in enumerate(
        [("open", "ann"), ("closed", "ann"), ("open", None)], 1
    ):
        row = ticket(stream, 1, status=status)._replace(assignee=agent)
        books.append(stream, record(1, "help"), ticket=row)
    assert said.chats("help", status="open") == ["chat-3", "chat-1"]
    assert said.chats("help", agent="ann") == ["chat-2", "chat-1"]
    assert said.chats("help", agent="ann", status="closed") == ["chat-2"]
    assert said.chats("help", channel="sms") == []
    assert said.chats("help", since=1002) == []
    assert said.chats("help", until=1000) == []
    assert len(said.chats("help", since=1001, until=1001)) == 3


def test_pages_go_on_where_the_one_before_ended(said: Said) -> None:
    said.chat(1, *(f"number {n}" for n in range(25)))
    seqs: list[int] = []
    cursor: int | None = search.FIRST
    while cursor is not None:
        found = said.find("number", limit=10, before=cursor)
        seqs += [hit.seq for hit in found.hits]
        cursor = found.cursor
    assert seqs == [*range(26, 1, -1)]


def test_a_search_that_looks_at_much_ends_and_can_go_on(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PAGE", 5)
    monkeypatch.setattr(search, "SCANNED", 10)
    said.chat(1, *(f"number {n}" for n in range(25)))
    found = said.find("number", agent="nobody")
    assert found.hits == ()
    assert found.cursor is not None


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'",
        "*",
        "a*",
        '"a',
        "a OR b",
        "a AND",
        "NOT a",
        "NEAR(a b)",
        "text:a",
        "site:a",
        "{site}:a",
        "^a",
        "a+b",
        "-a",
        "a;DROP TABLE search",
        "(((((",
        "\0",
        "",
        "   ",
        "🧦",
        "a" * 200,
    ],
)
def test_what_is_looked_for_is_never_syntax(said: Said, text: str) -> None:
    said.chat(1, "hello")
    assert said.find(text).hits == ()


@given(st.text(max_size=40))
def test_any_text_can_be_looked_for(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE profile(site, id, name);" + search.TABLES,
    )
    try:
        candidates = search._candidates
        wanted = words(fold(text))
        if wanted:
            candidates(connection, "default", wanted[: search.WORDS], search.FIRST)
    finally:
        connection.close()


def test_a_snippet_shows_the_original_around_the_match(said: Said) -> None:
    text = "<b>x</b> " * 30 + "Łódź & <script>" + " y" * 200
    said.chat(1, text)
    (hit,) = said.find("lodz").hits
    assert hit.snippet[1] == "Łódź"
    assert "".join(hit.snippet) in text
    assert len("".join(hit.snippet)) <= search.AROUND


def test_what_was_erased_is_not_found_though_the_index_has_it(said: Said) -> None:
    said.chat(1, "my number is 555123")
    said.index()
    erased = "UPDATE message SET text = ''"
    said.books.change(lambda db: db.execute(erased))
    assert said.chats("555123") == []


def test_forgetting_leaves_nothing_on_the_disk(said: Said, path: Path) -> None:
    said.chat(1, "password hunter2qqq")
    said.chat(2, "other words")
    said.index()
    books = said.books
    books.change(lambda db: db.execute("UPDATE message SET text = ''"))
    books.change(lambda db: db.execute("UPDATE event SET body = x''"))
    books.change(partial(search.forget, streams=[1]), scrub=True)
    books.settle()
    books.close()
    assert traces(path, b"hunter2") == []


def test_an_index_that_was_dropped_is_made_anew(said: Said) -> None:
    said.chat(1, *(f"number {n}" for n in range(400)))
    said.index()
    said.books.change(search.rebuild)
    assert said.books.ask(partial(search.find, query=said.query("number"))).hits == ()
    assert len(said.find("number", limit=50).hits) == 50


def test_the_doctor_misses_what_is_missing(said: Said, path: Path) -> None:
    said.chat(1, "one", "two")
    said.index()
    said.books.change(lambda db: db.execute("DELETE FROM search WHERE rowid = 2"))
    said.books.settle()
    said.books.close()
    found = examine(path, {"msg"})
    assert [(f.problem, f.where) for f in found] == [(Problem.SEARCH, "gseq 2")]


def test_tickets_of_a_closed_team_are_found_by_those_in_it(said: Said) -> None:
    for stream, holder in ((1, None), (2, "ann")):
        row = ticket(stream, 1)._replace(team="vip", assignee=holder)
        said.books.append(stream, record(1, "diamond"), ticket=row)
    assert said.chats("diamond") == ["chat-2", "chat-1"]
    assert said.chats("diamond", asker="ben", hidden=("vip",)) == []
    assert said.chats("diamond", asker="ann", hidden=("vip",)) == ["chat-2"]
