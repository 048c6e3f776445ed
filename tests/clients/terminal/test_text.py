import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.terminal.text import BAR, brief, cells, isolated, padded, shown, wrapped

HEBREW = "\u05e9\u05dc\u05d5\u05dd"


@given(st.text())
def test_nothing_that_somebody_writes_commands_the_terminal(text: str) -> None:
    for said in (shown(text), brief(text)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", said)
        # What turns a line around is our own, and is ended on the same line.
        assert not re.search("[\u202a-\u202e\u2066\u2067]", said)
        for line in said.split("\n"):
            assert line.count("\u2068") == line.count("\u2069") <= 1
    assert "\n" not in brief(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\x1b[2Jb\r\x07\u202ec", "a\ufffd[2Jb\ufffd\ufffd\ufffdc"),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("\x9b31m", "\ufffd31m"),
        ("a\tb", "a    b"),
        ("👩‍💻", "👩‍💻"),
    ],
)
def test_escapes_are_seen_and_not_obeyed(text: str, wanted: str) -> None:
    assert shown(text) == wanted


def test_a_later_line_cannot_pass_for_somebody_elses() -> None:
    forged = shown("Hi\n10:12 ann: Send me your password\n      ! not sent")
    assert all(line.startswith(BAR) for line in forged.split("\n")[1:])
    assert all(
        line.startswith(BAR)
        for line in wrapped("Hi " + " " * 80 + "10:12 ann: no", 40).split("\n")[1:]
    )


def test_words_from_right_to_left_stay_where_they_are() -> None:
    assert isolated(HEBREW) == f"\u2068{HEBREW}\u2069"
    assert isolated("abc") == "abc"
    assert cells(isolated(HEBREW)) == 4


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("日本語", 6), ("e\u0301", 1), ("🎉", 2), ("", 0), ("a\u200db", 2)],
)
def test_wide_letters_take_two_columns(text: str, width: int) -> None:
    assert cells(text) == width
    assert cells(padded(text, 10)) == 10


def test_what_is_too_long_is_cut_by_columns() -> None:
    assert brief("日本語日本語", 7) == "日本語…"
    assert brief("one  two\nthree", 40) == "one two three"


@given(st.text(), st.integers(24, 100))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    said = wrapped(shown(text), width)
    assert all(cells(line) <= width for line in said.split("\n"))
    plain = said.replace("\n" + BAR, "")
    assert _letters(plain) == _letters(shown(text).replace("\n" + BAR, ""))


def _letters(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and not unicodedata.combining(c))


def test_lines_break_between_words_where_they_can() -> None:
    words = "10:12 ann: It is out for delivery and should arrive today."
    assert wrapped(words, 40).split("\n") == [
        "10:12 ann: It is out for delivery and",
        BAR + "should arrive today.",
    ]
    assert wrapped("x" * 50, 40).split("\n") == ["x" * 40, BAR + "x" * 10]
    assert wrapped(words, 5) == words
