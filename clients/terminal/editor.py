"""A line that is being typed: keys in, lines out. No terminal, no clock.

The terminal's own editing knows nothing of what is written meanwhile: a message that
comes in would tear the line apart. So the line is kept here, and drawn anew below
whatever is written.
"""

import re
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

from clients.terminal.text import cells

REMEMBERED = 100
"""Lines that the arrows bring back."""
LONGEST = 10_000
"""Letters in a line: more than any message may have."""
BREAK = "⏎"
"""Stands for a line's end in a pasted text."""

_KEY = re.compile(r"\x1b\[[0-9;?]*[A-Za-z~]|\x1bO[A-Z]|\x1b[^\[O]|.", re.DOTALL)
_BEGUN = re.compile(r"\x1b(\[[0-9;?]*|O)?$")
"""A key of which the rest has not come yet."""
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"

Complete = Callable[[str], Sequence[str]]
"""Returns the names that a beginning may stand for."""


class Drawn(NamedTuple):
    """As much of the line as fits on one."""

    text: str
    cursor: int
    """Columns before the cursor."""


class Editor:
    """One line after the other."""

    def __init__(self, complete: Complete = lambda _: ()) -> None:
        self.text = ""
        self.ended = False
        """Whether the person has said that no more will come."""
        self._cursor = 0
        self.complete = complete
        self._decoder = getincrementaldecoder("utf-8")(errors="replace")
        self._begun = ""
        self._pasting = False
        self._before: deque[str] = deque(maxlen=REMEMBERED)
        self._back = 0
        """How many lines back one looks; 0 is the line that is typed."""
        self._keys: dict[str, Callable[[], None]] = {
            "\x7f": self._erase,
            "\x08": self._erase,
            "\x1b[3~": self._erase_next,
            "\x15": self._erase_all,
            "\x17": self._erase_word,
            "\x01": lambda: self._go(-LONGEST),
            "\x1b[H": lambda: self._go(-LONGEST),
            "\x1bOH": lambda: self._go(-LONGEST),
            "\x05": lambda: self._go(LONGEST),
            "\x1b[F": lambda: self._go(LONGEST),
            "\x1bOF": lambda: self._go(LONGEST),
            "\x1b[D": lambda: self._go(-1),
            "\x1b[C": lambda: self._go(1),
            "\x1b[A": lambda: self._look_back(1),
            "\x1b[B": lambda: self._look_back(-1),
            "\t": self._fill_in,
        }

    def feed(self, keys: bytes) -> list[str]:
        """Take what was typed; return the lines that were finished by it."""
        came = self._begun + self._decoder.decode(keys)
        begun = _BEGUN.search(came)
        self._begun = begun.group() if begun else ""
        lines: list[str] = []
        for key in _KEY.findall(came[: len(came) - len(self._begun)]):
            if key in (_PASTE, _PASTED):
                self._pasting = key == _PASTE
            elif key in ("\r", "\n"):
                if self._pasting:
                    self._insert("\n")
                else:
                    lines.append(self._finish())
            elif key == "\x04":
                self.ended = self.ended or not self.text
            elif key in self._keys:
                self._keys[key]()
            elif key.isprintable():
                self._insert(key)
        return lines

    def drawn(self, prompt: str, width: int) -> Drawn:
        """Return the part of the line around the cursor that `width` columns hold."""
        shown = self.text.replace("\n", BREAK)
        room = max(1, width - cells(prompt) - 1)
        start = 0
        while cells(shown[start : self._cursor]) > room:
            start += 1
        taken = 0

        def fits(letter: str) -> bool:
            nonlocal taken
            taken += cells(letter)
            return taken <= room

        part = "".join(takewhile(fits, shown[start:]))
        before = cells(prompt) + cells(shown[start : self._cursor])
        return Drawn(prompt + part, before)

    def _finish(self) -> str:
        line, self.text = self.text, ""
        self._cursor = self._back = 0
        if line.strip() and line not in list(self._before)[-1:]:
            self._before.append(line)
        return line

    def _insert(self, letters: str) -> None:
        if len(self.text) + len(letters) <= LONGEST:
            here = self._cursor
            self.text = self.text[:here] + letters + self.text[here:]
            self._cursor += len(letters)

    def _go(self, by: int) -> None:
        self._cursor = min(max(0, self._cursor + by), len(self.text))

    def _erase(self) -> None:
        if self._cursor:
            self._cut(self._cursor - 1)

    def _erase_next(self) -> None:
        if self._cursor < len(self.text):
            self._cursor += 1
            self._cut(self._cursor - 1)

    def _erase_all(self) -> None:
        self._cut(0)

    def _erase_word(self) -> None:
        before = self.text[: self._cursor].rstrip()
        self._cut(before.rfind(" ") + 1)

    def _cut(self, start: int) -> None:
        self.text = self.text[:start] + self.text[self._cursor :]
        self._cursor = start

    def _look_back(self, by: int) -> None:
        self._back = min(max(0, self._back + by), len(self._before))
        self.text = self._before[-self._back] if self._back else ""
        self._cursor = len(self.text)

    def _fill_in(self) -> None:
        """Finish a command's name as far as there is only one way to."""
        word = self.text[: self._cursor]
        if word.startswith("/") and " " not in word:
            names = self.complete(word[1:])
            if len(names) == 1:
                self._insert(names[0][len(word) - 1 :] + " ")
