"""What systemd hears of a broker: a socket stands in its place."""

import signal
import socket
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.process import Process

pytestmark = pytest.mark.slow
HEARS_S = 30
"""Seconds for a starved process to say something."""
SILENT_S = 1.0
"""Seconds, several times what the watchdog below would wait for a word."""


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(HEARS_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        yield listener


def until(heard: socket.socket, word: str) -> list[str]:
    """Return all that is heard, up to what holds `word`."""
    words: list[str] = []
    while word not in "".join(words[-1:]):
        words.append(heard.recv(4096).decode())
    return words


async def test_systemd_hears_that_it_serves_lives_and_goes(
    tmp_path: Path, heard: socket.socket
) -> None:
    with Process(tmp_path) as process:
        await process.start()
        # Not before it listens, or nobody would wait for what it needs to begin.
        *before, ready = until(heard, "READY=1")
        assert before == []
        assert "STATUS=Serving at http://127.0.0.1:" in ready
        until(heard, "WATCHDOG=1")
        process.send(signal.SIGTERM)
        assert "STOPPING=1" in until(heard, "STOPPING=1")
        assert await process.end() == 0


async def test_systemd_hears_nothing_of_a_broker_that_stands_still(
    tmp_path: Path, heard: socket.socket
) -> None:
    with Process(tmp_path) as process:
        await process.start()
        until(heard, "WATCHDOG=1")
        process.send(signal.SIGSTOP)
        heard.settimeout(SILENT_S)
        with pytest.raises(TimeoutError):
            # What it had said before is still to be heard.
            until(heard, "nothing of the kind")
        heard.settimeout(HEARS_S)
        process.send(signal.SIGCONT)
        until(heard, "WATCHDOG=1")
