"""Taking articles over from a folder, and trying questions."""

from pathlib import Path

import pytest

from actors.library import KnowledgeItem
from broker.admin import ask_server
from broker.commands.articles import Unreadable, articles
from broker.office.requests import Denied, PutArticles, Shelved
from tests.broker.commands.typed import parsed, printed, typed
from tests.system.shop import serving

FRONT = """---
title: "Returns"
url: https://shop.example/returns
tags: [a, b]
---

# Sending back
Within 30 days.
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    (folder / "deep").mkdir(parents=True)
    (folder / "returns.md").write_text(FRONT)
    (folder / "deep" / "oiling wood.md").write_text("\ufeff# Oil\r\nTwice a year.\r\n")
    (folder / "plain-words.md").write_text("Lamps take E27 bulbs.")
    (folder / ".hidden.md").write_bytes(b"\xff")
    (folder / "notes.txt").write_text("no article")
    return folder


def test_files_are_articles_by_their_names(source: Path) -> None:
    assert articles(source) == (
        KnowledgeItem("deep/oiling-wood", "Oil", "# Oil\nTwice a year."),
        KnowledgeItem("plain-words", "plain words", "Lamps take E27 bulbs."),
        KnowledgeItem(
            "returns",
            "Returns",
            "# Sending back\nWithin 30 days.",
            "https://shop.example/returns",
        ),
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"---\ntitle: x\n---\n", "has no text"),
        (b"---\ntitle: x\nText.", "without an end"),
        (b"\xff\xfe", "utf-8"),
        (b"a\0b", "text"),
        (b"x" * 20_001, "text"),
        (b"---\nurl: ftp://x\n---\ntext", "url"),
        (b"---\ntitle: " + b"x" * 301 + b"\n---\ntext", "title"),
    ],
)
def test_one_bad_file_and_nothing_is_taken_over(
    source: Path, content: bytes, why: str
) -> None:
    (source / "bad.md").write_bytes(content)
    with pytest.raises(Unreadable, match=rf"^bad\.md: .*{why}"):
        articles(source)


def test_an_empty_folder_is_no_knowledge(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="0 files"):
        articles(tmp_path)


def test_files_that_become_one_id_are_pointed_at(source: Path) -> None:
    (source / "plain words.md").write_text("Again.")
    with pytest.raises(Unreadable, match="another item's"):
        articles(source)


@pytest.mark.slow
def test_a_folder_is_taken_over_and_asked(tmp_path: Path, source: Path) -> None:
    data = tmp_path / "data"
    assert parsed(data, "knowledge", "import", source)["added"] == 3
    again = parsed(data, "knowledge", "import", source)
    assert (again["version"], again["added"], again["changed"]) == (2, 0, 0)
    answer = parsed(data, "knowledge", "ask", "how do I oil it?")
    assert answer["text"] == "Twice a year."
    elsewhere = typed("knowledge", "ask", "oil?", "--data", data, "--site", "no")
    assert elsewhere.exit_code == 1
    assert elsewhere.output == "Error: There is no site no.\n"
    questions = tmp_path / "questions.txt"
    questions.write_text("deep/oiling-wood | how do I oil it\n? | weather\n")
    assert "right 100.0%" in printed(data, "knowledge", "test", questions)
    questions.write_text("? | how do I oil it\n")
    tried = typed("knowledge", "test", questions, "--data", data)
    assert tried.exit_code == 1
    assert "wrong: how do I oil it -> deep/oiling-wood" in tried.output


@pytest.mark.slow
def test_only_a_folder_is_known_if_that_is_wished(tmp_path: Path, source: Path) -> None:
    data = tmp_path / "data"
    parsed(data, "knowledge", "import", source)
    (source / "returns.md").write_text("Never.")
    (source / "plain-words.md").unlink()
    shelved = parsed(data, "knowledge", "import", source, "--only")
    counted = [shelved[name] for name in ("articles", "added", "changed", "removed")]
    assert counted == [2, 0, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "status"),
    [(("--site", "nowhere"), 1), (("--site",), 2)],
)
def test_an_import_that_cannot_be_leaves_all_as_it_was(
    tmp_path: Path, source: Path, words: tuple[str, ...], status: int
) -> None:
    data = tmp_path / "data"
    result = typed("knowledge", "import", source, "--data", data, *words)
    assert result.exit_code == status
    assert "Traceback" not in result.output


@pytest.mark.slow
async def test_a_broker_that_serves_knows_it_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as shop:
        item = KnowledgeItem("a", "A", "Text of A.")
        answer = await ask_server(tmp_path, PutArticles(items=(item,)))
        assert answer == Shelved("default", 1, 1, 1, 0, 0)
        assert shop.broker.sites.library_of("default").knowledge.items == (item,)
        twice = await ask_server(tmp_path, PutArticles(items=(item, item)))
        assert isinstance(twice, Denied)
        assert twice.code == "bad_frame"
        assert shop.broker.sites.library_of("default").knowledge.version == 1


@pytest.mark.slow
async def test_knowledge_is_as_long_as_a_request_over_http(tmp_path: Path) -> None:
    async with serving(tmp_path) as shop:
        most = tuple(KnowledgeItem(f"k{i}", "T", "x" * 19_000) for i in range(50))
        assert isinstance(await ask_server(tmp_path, PutArticles(items=most)), Shelved)
        more = tuple(KnowledgeItem(f"m{i}", "T", "x" * 20_000) for i in range(3))
        denied = await ask_server(tmp_path, PutArticles(items=more))
        assert isinstance(denied, Denied)
        assert denied.code == "too_big"
        assert shop.broker.sites.library_of("default").knowledge.version == 1
