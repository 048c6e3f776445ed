import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.folding import fold, places, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zażółć GĘŚLĄ jaźń", "zazolc gesla jazn"),
        ("ŁÓDŹ", "lodz"),
        ("Łukasz", "lukasz"),
        ("Straße", "strasse"),
        ("Đorđe Ødegård", "dorde odegard"),
        ("naïve café", "naive cafe"),
        ("e\u0301", "e"),
        ("HELLO", "hello"),
        ("🧦 size \uff14\uff12", "🧦 size 42"),
    ],
)
def test_case_and_accents_make_no_difference(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_words_are_letters_and_digits() -> None:
    assert words(fold('a "quoted" -b OR c* NEAR(d_e)')) == [
        "a",
        "quoted",
        "b",
        "or",
        "c",
        "near",
        "d",
        "e",
    ]


@pytest.mark.parametrize(
    ("text", "begins", "shown"),
    [
        ("Gdzie jest Łódź?", ["lodz"], ["Łódź"]),
        ("Gdzie jest Łódź?", ["lo", "gdz"], ["Gdz", "Łó"]),
        ("Große Straße", ["strass"], ["Straß"]),
        ("one two", ["wo"], None),
        ("one two", ["one", "three"], None),
        ("", ["a"], None),
        ("same same", ["same"], ["same", "same"]),
    ],
)
def test_places_are_those_of_the_original(
    text: str, begins: list[str], shown: list[str] | None
) -> None:
    found = places(text, begins)
    assert (None if found is None else [text[a:b] for a, b in found]) == shown


@given(st.text(max_size=60))
def test_every_word_of_a_text_is_found_in_it(text: str) -> None:
    for word in words(fold(text)):
        assert places(text, [word]) is not None


@given(st.text(max_size=60))
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)
