"""Follows a page of the documents: runs its commands as they stand there, in order.

    python3 follow.py tutorial.md

The first word behind a fence is its language; what follows are attributes, which a page
does not show and a reader of its source does:

    ```sh norun="runs until it is stopped"
    ```sh serves
    ```text says

Needs Python alone, so that a newcomer's machine has all it takes; the tests follow the
pages with it, too.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[a-z]+)(?P<attributes>[^\n]*)\n"
    r"(?P<code>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
ATTRIBUTE = re.compile(r'(\w+)(?:="([^"]*)")?')
COMMAND_S = 60
"""No command of a page takes a minute; one that does hangs."""
READY = '{"ready":true'


class NotAsWritten(Exception):
    """A command did not do what the page says; the message tells where and what."""


class Fence(NamedTuple):
    """A snippet and where it stands."""

    where: str
    """As `docs/link.md:8`."""
    language: str
    attributes: dict[str, str]
    """`norun`: why it is not run. `serves`: it runs while what follows does. `says`:
    the snippet before it prints these lines, `...` standing for any number."""
    code: str

    @property
    def runs(self) -> bool:
        """Whether it is to be run."""
        return "norun" not in self.attributes


def fences(text: str, name: str, *languages: str) -> Iterator[Fence]:
    """Yield the snippets of a page in these languages, or all, in order."""
    for found in FENCE.finditer(text):
        if languages and found["language"] not in languages:
            continue
        line = text.count("\n", 0, found.start()) + 1
        attributes = dict(ATTRIBUTE.findall(found["attributes"]))
        yield Fence(f"{name}:{line}", found["language"], attributes, found["code"])


class Terminal:
    """Where somebody follows a page."""

    def __init__(
        self,
        folder: Path,
        around: dict[str, str],
        typed: Callable[[str], str] = lambda code: code,
        shown: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Work in `folder` with `around` as the environment.

        `typed` is given what the page says and returns what is run instead; `shown` is
        given what a screen would show.
        """
        self.said = ""
        """What the last command printed."""
        self._folder = folder
        self._around = around
        self._typed = typed
        self._shown = shown

    def _words(self, fence: Fence) -> list[str]:
        return ["bash", "-euo", "pipefail", "-c", self._typed(fence.code)]

    def _show(self, fence: Fence, mark: str = "") -> None:
        first, *more = fence.code.rstrip("\n").split("\n")
        self._shown("".join([f"\n$ {first}", *(f"\n  {line}" for line in more), mark]))

    def run(self, fence: Fence) -> None:
        """Run a snippet, which has to do well."""
        self._show(fence)
        done = subprocess.run(
            self._words(fence),
            cwd=self._folder,
            env=self._around,
            capture_output=True,
            check=False,
            text=True,
            timeout=COMMAND_S,
        )
        if done.returncode:
            raise NotAsWritten(f"{fence.where}: {done.stdout}{done.stderr}")
        self.said = done.stdout
        if self.said:
            self._shown(self.said.rstrip("\n"))

    def compare(self, fence: Fence) -> None:
        """See that the last command printed these lines."""
        for line in fence.code.splitlines():
            if line.strip() != "..." and line not in self.said:
                raise NotAsWritten(f"{fence.where}: {line!r} is not in {self.said!r}")

    @contextmanager
    def serve(self, fence: Fence) -> Generator[None]:
        """Run a snippet that serves, from when it can until the end of the block."""
        self._show(fence, " &")
        with subprocess.Popen(
            self._words(fence),
            cwd=self._folder,
            env=self._around,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None  # as asked for
            try:
                ready = process.stdout.readline()
                if not ready.startswith(READY):
                    raise NotAsWritten(f"{fence.where}: {ready}")
                self._shown(ready.rstrip("\n"))
                yield
            finally:
                process.terminate()


def follow(page: Iterable[Fence], terminal: Terminal) -> None:
    """Do all that a page says.

    Raises:
        NotAsWritten: something came of it that the page does not say.
    """
    with ExitStack() as open_:
        for fence in page:
            if fence.language not in {"sh", "text"} or not fence.runs:
                continue
            if fence.language == "text":
                if "says" in fence.attributes:
                    terminal.compare(fence)
            elif "serves" in fence.attributes:
                open_.enter_context(terminal.serve(fence))
            else:
                terminal.run(fence)


def shown(text: str) -> None:
    """Show it at once: what is followed takes minutes."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Follow the page that is named, here and now, and show what happens."""
    page = Path(sys.argv[1])
    terminal = Terminal(Path.cwd(), dict(os.environ), shown=shown)
    try:
        follow(fences(page.read_text(), page.name), terminal)
    except NotAsWritten as wrong:
        sys.exit(str(wrong))


if __name__ == "__main__":
    main()
