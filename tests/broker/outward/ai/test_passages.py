"""How a library falls into parts."""

from hypothesis import given
from hypothesis import strategies as st

from actors.library import Knowledge, KnowledgeItem, Library
from broker.outward.ai.passages import LONG, WALL, parts


def pieces(text: str) -> list[tuple[str, str]]:
    """Return heading and text of each part of an article."""
    library = Library(knowledge=Knowledge(1, (KnowledgeItem("a", "Title", text),)))
    return [(part.heading, part.text) for part in parts(library)]


def test_an_article_falls_apart_at_its_headings() -> None:
    text = "# Title\n\nFirst.\n\n## One ##\nIt.\n### Two\n\n#no heading\n## Empty\n"
    assert pieces(text) == [("Title", "First."), ("One", "It."), ("Two", "#no heading")]


def test_what_has_no_headings_is_one_part() -> None:
    assert pieces("Just this.\n\nAnd that.") == [("Title", "Just this.\n\nAnd that.")]


def test_a_long_part_is_cut_at_empty_lines() -> None:
    paragraph = "word " * (LONG // 8)
    found = pieces("\n\n".join([paragraph] * 4))
    assert len(found) == 4
    assert {text for _, text in found} == {paragraph.strip()}


@given(st.text(st.sampled_from("ab \n#."), max_size=3 * WALL))
def test_parts_are_short_pieces_of_the_text_in_order(text: str) -> None:
    at = 0
    for _, piece in pieces(text):
        assert len(piece) <= WALL
        at = text.index(piece, at) + len(piece)
