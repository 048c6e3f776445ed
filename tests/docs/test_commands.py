"""The commands of the documents, run as they stand there, page by page and in order.

A page has a folder of its own, and the port that it names is another one, so that pages
may be tried at the same time.
"""

import os
import socket
import sys
from pathlib import Path

import pytest

from deploy.newcomer.follow import NotAsWritten, Terminal, follow
from deploy.newcomer.follow import fences as read
from tests.docs.fences import fences, name_of, pages

PORT = "8080"
"""What pages call the broker's."""
RUN = [page for page in pages() if any(fence.runs for fence in fences(page, "sh"))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def terminal(folder: Path) -> Terminal:
    port = str(free_port())
    # The README's reader has not put the environment on the path.
    tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    # Where a page names no port, it is the usual one.
    around = os.environ | {"PATH": tools, "SHOPWIRE_SERVER_PORT": port}

    def typed(code: str) -> str:
        return code.replace(".venv/bin/", "").replace(PORT, port)

    return Terminal(folder, around, typed)


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_a_page_s_commands_do_what_they_are_for(page: Path, tmp_path: Path) -> None:
    follow(fences(page), terminal(tmp_path))


@pytest.mark.parametrize(
    "page",
    [
        "```sh\nfalse | true\n```\n",
        "```sh\necho one\n```\n```text says\ntwo\n```\n",
        "```sh serves\necho not at all\n```\n",
    ],
    ids=["fails", "says something else", "does not serve"],
)
def test_a_page_that_is_wrong_is_noticed(page: str, tmp_path: Path) -> None:
    with pytest.raises(NotAsWritten, match="here:"):
        follow(read(page, "here"), terminal(tmp_path))


def test_what_is_followed_is_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    page = '```sh\necho one\necho two\n```\n```sh norun="x"\nfalse\n```\n'
    follow(read(page, "here"), Terminal(tmp_path, dict(os.environ), shown=shown.append))
    assert shown == ["\n$ echo one\n  echo two", "one\ntwo"]
