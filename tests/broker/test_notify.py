"""What a supervisor hears, over a real socket of its own."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trio

from broker import notify


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)  # noqa: FBT003  # so it is called
        yield listener


def place(heard: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": heard.getsockname(), **more}


def test_it_is_told_in_one_datagram(heard: socket.socket) -> None:
    assert notify.tell(notify.READY, "STATUS=Serving", environ=place(heard))
    assert heard.recv(4096) == b"READY=1\nSTATUS=Serving"


def test_a_name_that_is_in_no_folder_is_reached() -> None:
    name = f"shopwire-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(f"\0{name}")
        assert notify.tell(notify.STOPPING, environ={"NOTIFY_SOCKET": f"@{name}"})
        assert listener.recv(4096) == b"STOPPING=1"


@pytest.mark.parametrize("where", ["", "relative", "/no/such/socket", "vsock:2:1"])
def test_nobody_there_is_no_trouble(where: str) -> None:
    assert not notify.tell(notify.READY, environ={"NOTIFY_SOCKET": where})


def test_who_does_not_listen_holds_nobody_up(heard: socket.socket) -> None:
    told = [notify.tell("x" * 4096, environ=place(heard)) for _ in range(2000)]
    assert told[0]
    assert not told[-1]


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_patience_is_ours_alone(environ: dict[str, str], seconds: float | None) -> None:
    assert notify.patience(environ) == seconds


async def test_it_says_that_it_lives_twice_in_that_time_while_it_is_well(
    heard: socket.socket, autojump_clock: trio.testing.MockClock
) -> None:
    well = [True]
    environ = place(heard, WATCHDOG_USEC="10000000")
    with trio.move_on_after(12):
        await notify.keep_alive(lambda: well[0], environ)
    assert autojump_clock.current_time()
    assert [heard.recv(64) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    well[0] = False
    with trio.move_on_after(12):
        await notify.keep_alive(lambda: well[0], environ)
    with pytest.raises(BlockingIOError):
        heard.recv(64)
