"""A terminal with two parts: what is written, and below it the line that is typed."""

import os
from collections.abc import AsyncGenerator, Callable

import trio

from broker.commands.fullscreen import by_key
from clients.terminal.editor import Editor
from clients.terminal.text import wrapped

CHUNK = 4096
"""Bytes read at a time: a key mostly, or a part of what is pasted."""
_CLEAR = "\r\x1b[K"
_PASTES_ON, _PASTES_OFF = "\x1b[?2004h", "\x1b[?2004l"
"""Whether the terminal marks what is pasted."""


class Screen:
    """What is written never tears what is typed, and a line stays one line."""

    def __init__(
        self, editor: Editor, write: Callable[[str], object], width: Callable[[], int]
    ) -> None:
        self.prompt: Callable[[], str] = lambda: "> "
        self.typing: Callable[[str], object] = lambda _: None
        """Told what the line is whenever it has changed."""
        self._editor = editor
        self._write = write
        self._width = width

    def say(self, line: str) -> None:
        """Write `line` above the one that is typed."""
        self._write(f"{_CLEAR}{wrapped(line, self._width())}\n{self._drawn()}")

    def draw(self) -> None:
        """Draw the line that is typed."""
        self._write(_CLEAR + self._drawn())

    def take(self, keys: bytes) -> list[str]:
        """Take what was typed; return the finished lines, commands written down."""
        lines = self._editor.feed(keys)
        for line in lines:
            if line.startswith("/"):
                self.say(f"> {line}")
        self.draw()
        self.typing(self._editor.text)
        return lines

    async def lines(self, descriptor: int) -> AsyncGenerator[str]:
        """Yield what is typed at a terminal, line by line."""
        with by_key(descriptor):
            self._write(_PASTES_ON)
            try:
                self.draw()
                while not self._editor.ended:
                    await trio.lowlevel.wait_readable(descriptor)
                    keys = os.read(descriptor, CHUNK)
                    if not keys:
                        return
                    for line in self.take(keys):
                        yield line
                    self.draw()
            finally:
                self._write(_CLEAR + _PASTES_OFF)

    def _drawn(self) -> str:
        line = self._editor.drawn(self.prompt(), self._width())
        return f"{line.text}\r\x1b[{line.cursor}C"
