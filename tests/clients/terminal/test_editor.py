import os
import pty
import termios

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from clients.terminal.editor import LONGEST, Editor
from clients.terminal.grammar import begun
from clients.terminal.screen import Screen
from clients.terminal.text import cells

LEFT, UP, DOWN, HOME, END = b"\x1b[D", b"\x1b[A", b"\x1b[B", b"\x1b[H", b"\x1b[F"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (b"Hello", "Hello"),
        (b"Helo" + LEFT + b"l", "Hello"),
        (b"Hellow\x7f", "Hello"),
        (b"ello" + HOME + b"H" + END + b"!", "Hello!"),
        (b"one two\x17", "one "),
        (b"one two\x15three", "three"),
        (b"ab" + HOME + b"\x1b[3~", "b"),
        (b"\x7f\x1b[3~" + LEFT, ""),
        ("zażółć 日本 👩‍💻".encode(), "zażółć 日本 👩‍💻".replace("\u200d", "")),
        (b"a\x00\x02\x1b[5~\x1bxb", "ab"),
        (b"/sn\t1h", "/snooze 1h"),
        (b"/s\t", "/s"),
        (b"say /sn\t", "say /sn"),
        (b"a\x04b", "ab"),
    ],
)
def test_keys_make_a_line(keys: bytes, text: str) -> None:
    names = ("snooze", "stats")
    editor = Editor(lambda word: begun(word, names))
    assert editor.feed(keys) == []
    assert editor.text == text
    assert not editor.ended


def test_enter_finishes_a_line_and_the_arrows_bring_it_back() -> None:
    editor = Editor()
    assert editor.feed(b"one\rtwo\nthr") == ["one", "two"]
    editor.feed(UP)
    assert editor.text == "two"
    editor.feed(UP + UP)
    assert editor.text == "one"
    editor.feed(DOWN + DOWN + DOWN)
    assert editor.text == ""


def test_what_is_pasted_is_one_text_whatever_it_holds() -> None:
    editor = Editor()
    assert editor.feed(b"\x1b[200~two\rlines\x1b[201~") == []
    assert "⏎" in editor.drawn("> ", 40).text
    assert editor.feed(b"\r") == ["two\nlines"]


def test_an_empty_line_ends_it_with_control_d() -> None:
    editor = Editor()
    editor.feed(b"\x04")
    assert editor.ended


def test_a_line_has_a_bound() -> None:
    editor = Editor()
    editor.feed(b"x" * (LONGEST + 10))
    assert len(editor.text) == LONGEST


@given(st.binary(max_size=60), st.data())
def test_keys_mean_the_same_however_they_arrive(
    keys: bytes, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(keys)))
    whole, parts = Editor(), Editor()
    assert whole.feed(keys) == parts.feed(keys[:cut]) + parts.feed(keys[cut:])
    assert whole.text == parts.text


@given(st.text(), st.integers(10, 60), st.integers(0, 80))
def test_what_is_drawn_fits(text: str, width: int, back: int) -> None:
    editor = Editor()
    editor.feed(text.encode(errors="ignore") + LEFT * back)
    drawn = editor.drawn("> ", width)
    assert cells(drawn.text) < width
    assert 2 <= drawn.cursor < width


def test_what_is_written_leaves_what_is_typed_whole() -> None:
    written: list[str] = []
    screen = Screen(Editor(), written.append, lambda: 40)
    screen.take(b"Hal")
    screen.say("10:12 sara: Hello")
    assert written[-1] == "\r\x1b[K10:12 sara: Hello\n> Hal\r\x1b[5C"
    assert screen.take(b"lo\r/list\r") == ["Hallo", "/list"]
    assert "\r\x1b[K> /list\n> \r\x1b[2C" in written


async def test_a_terminal_is_left_as_it_was_found() -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    drawn = trio.Event()
    written: list[str] = []

    def write(text: str) -> None:
        written.append(text)
        drawn.set()

    async def types() -> None:
        await drawn.wait()
        os.write(ours, b"Hello\r\x04")

    screen = Screen(Editor(), write, lambda: 40)
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(types)
            lines = [line async for line in screen.lines(theirs)]
    assert lines == ["Hello"]
    assert termios.tcgetattr(theirs) == before
    assert written[-1].endswith("\x1b[?2004l")
    os.close(ours)
    os.close(theirs)
