"""A terminal that is written all over, and is afterwards as it was before."""

import os
import signal
import sys
import termios
import tty
from collections.abc import Generator
from contextlib import contextmanager

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""A screen of our own, without a cursor; and back."""
_HOME, _EMPTY, _REST = "\x1b[H", "\x1b[2K", "\x1b[J"


@contextmanager
def by_key(descriptor: int) -> Generator[None]:
    """Have a terminal give every key at once, and write none of them itself."""
    before = termios.tcgetattr(descriptor)
    # What was typed while the program began is not thrown away.
    tty.setcbreak(descriptor, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def full_screen() -> Generator[None]:
    """Have the screen to ourselves; what was on it comes back."""
    keyboard = sys.stdin.fileno() if sys.stdin.isatty() else None
    _write(_ENTER)
    try:
        if keyboard is None:
            yield
        else:
            with by_key(keyboard):
                yield
    finally:
        _write(_LEAVE)


def draw(lines: list[str]) -> None:
    """Let the screen show these lines and nothing else."""
    # Each is emptied before: behind the last column it would lose a letter.
    drawn = "\n".join(_EMPTY + line for line in lines)
    # In one piece, and over what is there: an empty screen in between would flicker.
    _write(f"{_HOME}{drawn}{_REST}")


def stop() -> None:
    """Rest until the shell lets us go on, as Ctrl-Z asks; for outside of the screen."""
    os.kill(os.getpid(), signal.SIGSTOP)


def size() -> os.terminal_size:
    """Return how many columns and lines there are."""
    try:
        return os.get_terminal_size(sys.stdout.fileno())
    except OSError:  # it has been closed
        return os.terminal_size((80, 24))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
