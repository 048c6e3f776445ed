"""The commands of the documents, run as they stand there, page by page and in order.

A page has a folder of its own, and the port that it names is another one, so that pages
may be tried at the same time.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.docs.fences import Fence, fences, name_of, pages

PORT = "8080"
"""What pages call the broker's."""
COMMAND_S = 60
SAID = re.compile(r'^\{"ready":true')
RUN = [page for page in pages() if any(fence.runs for fence in fences(page, "sh"))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Terminal:
    """Where somebody follows a page."""

    def __init__(self, folder: Path) -> None:
        self.said = ""
        """What the last command printed."""
        self._folder = folder
        self._port = str(free_port())
        # The README's reader has not put the environment on the path.
        tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        # Where a page names no port, it is the usual one.
        ports = {"SHOPWIRE_SERVER_PORT": self._port}
        self._around = os.environ | {"PATH": tools} | ports

    def _words(self, fence: Fence) -> list[str]:
        code = fence.code.replace(".venv/bin/", "").replace(PORT, self._port)
        return ["bash", "-euo", "pipefail", "-c", code]

    def run(self, fence: Fence) -> None:
        """Run a snippet, which has to do well."""
        done = subprocess.run(
            self._words(fence),
            cwd=self._folder,
            env=self._around,
            capture_output=True,
            check=False,
            text=True,
            timeout=COMMAND_S,
        )
        assert done.returncode == 0, f"{fence.where}: {done.stdout}{done.stderr}"
        self.said = done.stdout

    @contextmanager
    def serve(self, fence: Fence) -> Generator[None]:
        """Run a snippet that serves, from when it can until the end of the block."""
        with subprocess.Popen(
            self._words(fence),
            cwd=self._folder,
            env=self._around,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            try:
                ready = process.stdout.readline()
                assert SAID.match(ready), f"{fence.where}: {ready}"
                yield
            finally:
                process.terminate()


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_a_page_s_commands_do_what_they_are_for(page: Path, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    with ExitStack() as open_:
        for fence in fences(page, "sh", "text"):
            if "says" in fence.attributes:
                for line in fence.code.splitlines():
                    assert line.strip() == "..." or line in terminal.said, fence.where
            elif fence.language == "text" or not fence.runs:
                continue
            elif "serves" in fence.attributes:
                open_.enter_context(terminal.serve(fence))
            else:
                terminal.run(fence)
