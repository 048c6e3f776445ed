"""`shopwire top` in a terminal: the whole screen, which is afterwards as before."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest
import trio

from broker.commands.instruments import MEANINGS
from tests.faults.processes import ROOT
from tests.long import environment
from tests.system.shop import Shop, serving

pytestmark = pytest.mark.slow
ENTER, LEAVE, HOME = "\x1b[?1049h", "\x1b[?1049l", "\x1b[H"
OWNING = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Begins a program whose terminal it is: Ctrl-C and Ctrl-Z reach that one alone."""
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A terminal with a program in it."""

    def __init__(self, folder: Path, columns: int, rows: int) -> None:
        self._keyboard, self._slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self._slave)
        python = sys.executable
        top = (python, "-m", "broker", "top", "--every", "0.1", "--data", str(folder))
        self.program = subprocess.Popen(
            [python, "-ISc", OWNING, *top],
            cwd=ROOT,
            env=environment(),
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
        )
        os.set_blocking(self._keyboard, False)
        self.said = ""

    def resize(self, columns: int, rows: int) -> None:
        """Have another size, and tell the program, as terminals do."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, size)

    def type(self, keys: bytes) -> None:
        os.write(self._keyboard, keys)

    async def until(self, there: Callable[["Terminal"], bool]) -> None:
        """Take what is written until something is so."""
        with trio.fail_after(15):
            while not there(self):
                try:
                    self.said += os.read(self._keyboard, 65536).decode()
                except BlockingIOError:
                    await trio.sleep(0.01)

    def screen(self) -> list[str]:
        """Return the lines of the last whole screen."""
        frame = self.said.split(HOME)[-2]
        return [CONTROLS.sub("", line) for line in frame.split("\r\n")]

    def frames(self) -> int:
        return self.said.count(HOME)

    async def end(self) -> int:
        """Wait for the program's end; return its exit code."""
        await self.until(lambda _: self.program.poll() is not None)
        await self.until(lambda _: not self._more())
        # What was set is set back, and the last that was said is the old screen.
        assert termios.tcgetattr(self._slave) == self.before
        assert self.said.count(ENTER) == self.said.count(LEAVE)
        assert HOME not in self.said.rpartition(LEAVE)[2]
        return self.program.wait()

    def close(self) -> None:
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self._keyboard)
        os.close(self._slave)

    def _more(self) -> bool:
        try:
            more = os.read(self._keyboard, 65536).decode()
        except BlockingIOError:
            return False
        self.said += more
        return True


@contextmanager
def terminal(folder: Path, columns: int = 80, rows: int = 24) -> Generator[Terminal]:
    made = Terminal(folder, columns, rows)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    async with serving(tmp_path) as running:
        sara = await running.shopper()
        await sara.ask("chat.start", text="canary")
        yield running


def shown(terminal: Terminal, columns: int, rows: int) -> bool:
    """Return whether all of it is on a screen of this size."""
    lines = terminal.screen() if terminal.frames() > 1 else []
    fits = len(lines) <= rows and all(len(line) <= columns for line in lines)
    words = " ".join(lines).split()
    return fits and all(name in words for name in MEANINGS)


def stopped(pid: int) -> bool:
    """Return whether a process stands still."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def test_it_fills_what_there_is_and_q_gives_it_back(shop: Shop) -> None:
    with terminal(shop.broker.folder) as top:
        await top.until(lambda top: shown(top, 80, 24))
        lines = top.screen()
        assert lines[0].startswith("Shopwire")
        chats = next(line for line in lines if line.split()[:1] == ["chats"])
        assert chats.split() == ["chats", "1", "chats", "in", "memory"]
        assert not shown(top, 40, 10)
        top.resize(40, 10)
        await top.until(lambda top: shown(top, 40, 10))
        # Ctrl-Z, and on again.
        top.type(b"\x1a")
        # Whom it finds still on the way down, a signal to go on wakes in vain.
        await top.until(lambda top: LEAVE in top.said and stopped(top.program.pid))
        assert termios.tcgetattr(top._slave) == top.before
        top.program.send_signal(signal.SIGCONT)
        await top.until(lambda top: top.said.count(ENTER) == 2)
        top.type(b"xq")
        assert await top.end() == 0
        assert "canary" not in top.said


@pytest.mark.parametrize(
    ("stopped_by", "code"), [(b"\x03", 0), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
async def test_whatever_ends_it_leaves_no_trace(
    shop: Shop, stopped_by: bytes | signal.Signals, code: int
) -> None:
    with terminal(shop.broker.folder) as top:
        await top.until(lambda top: top.frames() > 1)
        if isinstance(stopped_by, bytes):
            top.type(stopped_by)
        else:
            top.program.send_signal(stopped_by)
        assert await top.end() == code
        assert "Traceback" not in top.said


async def test_that_its_broker_has_ended_is_said_in_a_sentence(tmp_path: Path) -> None:
    async with AsyncExitStack() as broker:
        await broker.enter_async_context(serving(tmp_path))
        with terminal(tmp_path) as top:
            await top.until(lambda top: top.frames() > 1)
            await broker.aclose()
            assert await top.end() == 1
            said = top.said.rpartition(LEAVE)[2].split()
            wanted = f"Error: The broker that served {tmp_path} ended."
            assert "".join(said) == wanted.replace(" ", "")
