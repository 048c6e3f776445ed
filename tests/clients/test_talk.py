import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from threading import Thread

import msgspec
import pytest
import trio
import trio.testing
from click.testing import CliRunner

from actors.ids import ChatId
from clients.talk import command, lines_of
from tests.clients.served import OTHER, serving
from tests.clients.terminal.typing import Terminal

ROOT = Path(__file__).parents[2]
C = ChatId("c")

virtual = pytest.mark.usefixtures("virtual_time")


@virtual
async def test_a_shopper_starts_a_chat_by_saying_something() -> None:
    terminal = Terminal()
    async with serving() as served, terminal.talking(served):
        await terminal.types("Where is my order?")
        (chat,) = served.broker.chats
        assert f"      in chat {chat}" in terminal.written
        assert "you: Where is my order?" in terminal.said()
        await served.writes(chat, "On its way")
        await trio.testing.wait_all_tasks_blocked()
        assert "other: On its way" in terminal.said()
        assert any(b'"op":"got"' in frame for frame in served.heard)


@virtual
async def test_an_agent_works_with_commands() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, OTHER)
        async with terminal.talking(served, C):
            await terminal.types("/note VIP")
            await terminal.types("/hold One moment")
            await terminal.types("//etc is a path")
            await terminal.types("/read")
            await terminal.types("/end")
        kinds = [kept.kind for kept in served.broker.chats[C].events]
        assert kinds == ["opened", "note", "msg", "msg", "closed"]
        assert served.broker.chats[C].events[3].body == {"text": "/etc is a path"}
        assert b'"hold":true' in b"".join(served.heard)
        assert b'"op":"read"' in b"".join(served.heard)


@virtual
async def test_an_agent_says_which_chat() -> None:
    terminal = Terminal()
    async with serving("agent:ann") as served:
        served.broker.write(C, "opened", {"profile": "p"}, OTHER)
        async with terminal.talking(served):
            await terminal.types("Hello?")
            assert "which chat? /open one" in terminal.written[-1]
            await terminal.types("/list")
            assert "0 open (all)" in terminal.written[-1]
            await terminal.types("/open nowhere")
            assert "not_found" in terminal.written[-1]
            await terminal.types(f"/open {C}")
            await terminal.types("Hello!")
            assert "you: Hello!" in terminal.said()


@virtual
async def test_a_shopper_whose_chat_has_ended_begins_another() -> None:
    terminal = Terminal()
    async with serving() as served, terminal.talking(served):
        for line in ("One", "/end", "Two"):
            await terminal.types(line)
        assert len(served.broker.chats) == 2


@virtual
async def test_help_and_mistakes() -> None:
    terminal = Terminal()
    async with serving() as served, terminal.talking(served):
        await terminal.types("/dance")
        assert "There is no /dance" in terminal.written[-1]
        await terminal.types("   ")
        await terminal.types("/help")
        assert any("/quit" in line for line in terminal.written)
        assert not served.broker.chats


@pytest.mark.parametrize("as_file", [False, True])
async def test_lines_come_from_pipes_and_files(
    tmp_path: Path, *, as_file: bool
) -> None:
    said = "one\r\ntwo\n\nzażółć".encode() + b"\xff"
    if as_file:
        (tmp_path / "said").write_bytes(said)
        reading = os.open(tmp_path / "said", os.O_RDONLY)
    else:
        reading, writing = os.pipe()
        os.write(writing, said)
        os.close(writing)
    lines = [line async for line in lines_of(reading)]
    os.close(reading)
    assert lines == ["one", "two", "", "zażółć\ufffd"]


def test_a_folder_needs_to_know_for_whom(tmp_path: Path) -> None:
    run = CliRunner()
    assert run.invoke(command, [f"--data={tmp_path}"]).exit_code == 2
    assert run.invoke(command, ["--role=agent", "--sub=ann"]).exit_code == 2


def test_a_server_that_is_not_there_is_told_in_a_sentence() -> None:
    ran = CliRunner().invoke(command, ["--url=ws://127.0.0.1:9/ws", "--token=t"])
    assert ran.exit_code == 1
    assert "disconnected: 1006" in ran.output


class Process:
    """A command line, its input a pipe."""

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "broker", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        self.lines: list[str] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self.lines.extend(self._process.stdout)

    def types(self, line: str) -> None:
        """Type a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")

    def end(self) -> int:
        """Close its input, wait for the end, and return the exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(20)

    def clear_away(self) -> None:
        """Leave nothing of it behind, whatever has happened."""
        self._process.kill()
        self._process.wait()
        self._reader.join(5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def stop(self) -> int:
        """Tell it to end, and wait."""
        self._process.terminate()
        return self.end()

    def writes(self, text: str) -> str:
        """Wait until it has written a line with `text` in it, and return that."""
        for _ in range(400):
            for line in self.lines:
                if text in line:
                    return line
            self._reader.join(0.05)
        raise AssertionError(self.lines)


Start = Callable[..., Process]


@pytest.fixture
def start() -> Generator[Start]:
    started: list[Process] = []

    def one_more(*options: str) -> Process:
        started.append(Process(*options))
        return started[-1]

    yield one_more
    for process in reversed(started):
        process.clear_away()


@pytest.mark.slow
def test_two_terminals_hold_a_conversation(start: Start, tmp_path: Path) -> None:
    folder = f"--data={tmp_path / 'data'}"
    broker = start("serve", folder, "--port=0")
    ready = msgspec.json.decode(broker.writes('"ready":true'), type=dict[str, object])
    here = ("talk", f"--url={ready['url']}/ws".replace("http", "ws", 1), folder)
    sara = start(*here, "--role=shopper", "--sub=sara")
    sara.writes("You are shopper:")
    sara.types("Where is my order?")
    sara.writes("you: Where is my order?")
    chat = sara.writes(" in chat ").split()[-1]
    ann = start(*here, "--role=agent", "--sub=ann", f"--chat={chat}")
    ann.writes("Where is my order?")
    ann.types("/hold One moment")
    sara.writes("ann: One moment")
    ann.types("/note She is a VIP")
    ann.writes("note: She is a VIP")
    ann.types("On its way")
    sara.writes("ann: On its way")
    sara.types("/read")
    ann.writes("✓✓ seen")
    sara.types("/end")
    ann.writes("the chat has ended: shopper")
    ann.types("Too late")
    ann.writes("chat_closed")
    assert sara.end() == 0
    ann.types("/quit")
    assert ann.end() == 0
    assert not any("VIP" in line for line in sara.lines)
    assert broker.stop() == 0
