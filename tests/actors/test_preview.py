import unicodedata

import pytest

from actors.chat.events import Said
from actors.chat.preview import JOINER, PREVIEW_CHARS, preview

FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        ("  hello  ", "hello"),
        ("first\nsecond", "first"),
        ("\n\n first\r\nsecond", "first"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 80),
        ("ż" * 81, "ż" * 80),
    ],
)
def test_a_list_shows_the_first_line_shortened(text: str, shown: str) -> None:
    assert preview(Said(text)) == shown


def test_images_without_words_show_as_such() -> None:
    assert preview(Said("", ("blob",))) == "[image]"
    assert preview(Said(" look ", ("blob",))) == "look"
    assert preview(Said("")) == ""


@pytest.mark.parametrize("cluster", [FAMILY, "e\u0301", "👍🏽", "👁️"])
@pytest.mark.parametrize("before", range(70, 81))
def test_no_letter_and_no_emoji_is_cut_in_two(cluster: str, before: int) -> None:
    text = "ż" * before + cluster + "ż" * 20
    shown = preview(Said(text))
    assert text.startswith(shown)
    assert len(shown) <= PREVIEW_CHARS
    kept = shown.count(cluster)
    assert shown.replace(cluster, "") in ("ż" * before + "ż" * n for n in range(21))
    assert kept == (before + len(cluster) <= PREVIEW_CHARS)


def test_nothing_but_accents_is_still_cut() -> None:
    text = "\u0301" * 200
    assert unicodedata.category(text[0]) == "Mn"
    assert preview(Said(text)) == text[:PREVIEW_CHARS]
    assert len(preview(Said(JOINER * 200))) == PREVIEW_CHARS
