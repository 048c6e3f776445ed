"""The admin socket: how commands reach the broker that holds their folder.

`DIR/admin.sock` takes one JSON object a line and answers each with one. Who may open it
is the file system's affair: its mode is 0600, its folder's 0700. Nothing that comes in
can harm the broker: a request is bounded in size and time and decoded by its type.
"""

import contextlib
import logging
import os
import socket
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import trio

from broker.office.clerk import carry_out
from broker.office.requests import ANSWERS, AnyAnswer, AnyRequest, Denied
from broker.wire.errors import Code

if TYPE_CHECKING:
    from broker.server import Broker

NAME = "admin.sock"
LINE_BYTES = 4 * 1024 * 1024
"""Bytes of one request or answer: a whole site fits, its knowledge with it."""
IDLE_S = 30.0
"""Seconds a connection may take for a request: commands ask at once."""
ANSWER_S = 20.0
"""Seconds a command waits for its answer, a busy disk's time included."""
MOST = 16
"""Connections at a time."""
WAITING = 1024
"""Those that wait to be accepted; one more would be refused by the kernel."""
PATH_BYTES = 100
"""Of a socket's path, by the kernel's `sun_path`; a longer one takes a detour."""

log = logging.getLogger(__name__)

NOTHING = msgspec.Raw(b"null")

_decode_request = msgspec.json.Decoder(AnyRequest).decode


class Reply(msgspec.Struct, frozen=True):
    """What a request has come to."""

    ok: msgspec.Raw = NOTHING
    """The answer, in the form that its request is answered with."""
    denied: Denied | None = None


async def listen(
    broker: "Broker", *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve the folder's commands until cancelled.

    Raises:
        OSError: the socket cannot be made.
    """
    with _bound(broker.folder) as listener:
        accepting = trio.socket.from_stdlib_socket(listener)
        room = trio.Semaphore(MOST)
        task_status.started()
        async with trio.open_nursery() as nursery:
            while True:
                await room.acquire()
                peer, _ = await accepting.accept()
                nursery.start_soon(_serve, broker, trio.SocketStream(peer), room)


async def is_served(folder: Path) -> bool:
    """Return whether a broker takes the commands of `folder`."""
    with _within_reach(folder) as path:
        try:
            stream = await trio.open_unix_socket(path)
        except OSError:
            return False
    await stream.aclose()
    return True


async def ask_server(folder: Path, request: AnyRequest) -> AnyAnswer | Denied | None:
    """Return what the broker that serves `folder` answers; `None` if none does.

    Raises:
        TimeoutError: it does not answer; what was asked for may be done or not.
    """
    with _within_reach(folder) as path:
        try:
            stream = await trio.open_unix_socket(path)
        except OSError:
            return None
    try:
        with trio.fail_after(ANSWER_S):
            async with stream:
                await stream.send_all(msgspec.json.encode(request) + b"\n")
                line = await _Lines(stream).next()
    except (trio.TooSlowError, trio.BrokenResourceError) as error:
        raise TimeoutError from error
    if line is None:
        raise TimeoutError
    reply = msgspec.json.decode(line, type=Reply)
    if reply.denied is not None:
        return reply.denied
    return msgspec.json.decode(reply.ok, type=ANSWERS[type(request)])


@contextmanager
def _bound(folder: Path) -> Generator[socket.socket]:
    """Listen at the folder's socket, in place of one that was left behind."""
    file = folder / NAME
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        # The folder's lock is held: whoever made the old one is gone.
        file.unlink(missing_ok=True)
        # Before it has a name: nobody may open it in between.
        os.fchmod(listener.fileno(), stat.S_IRUSR | stat.S_IWUSR)
        with _within_reach(folder) as path:
            listener.bind(path)
        file.chmod(stat.S_IRUSR | stat.S_IWUSR)
        listener.listen(WAITING)
        listener.setblocking(False)  # noqa: FBT003  # so it is called
        try:
            yield listener
        finally:
            file.unlink(missing_ok=True)


@contextmanager
def _within_reach(folder: Path) -> Generator[str]:
    """Yield the socket's path in a form that is short enough for the kernel."""
    path = str(folder.absolute() / NAME)
    if len(os.fsencode(path)) <= PATH_BYTES:
        yield path
        return
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield NAME  # no folder, no server: opening this fails as it should
        return
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


class _Lines:
    """Reads lines within bounds."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def next(self) -> bytes | None:
        """Return the next line; `None` at the end, or if it is too long."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE_BYTES:
                return None
            data = await self._stream.receive_some(LINE_BYTES)
            if not data:
                return None
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line


async def _serve(
    broker: "Broker", stream: trio.SocketStream, room: trio.Semaphore
) -> None:
    try:
        async with stream:
            lines = _Lines(stream)
            with trio.move_on_after(IDLE_S) as idle:
                while (line := await lines.next()) is not None:
                    idle.deadline = trio.current_time() + IDLE_S
                    reply = await _answer(broker, line)
                    await stream.send_all(msgspec.json.encode(reply) + b"\n")
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass  # the command has gone
    finally:
        room.release()


async def _answer(broker: "Broker", line: bytes) -> Reply:
    try:
        request = _decode_request(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Reply(denied=Denied(Code.BAD_FRAME, str(error)))
    try:
        answer = await carry_out(broker, request)
    except Exception:
        log.exception("a command's %s failed", type(request).__name__)
        return Reply(denied=Denied(Code.UNAVAILABLE, "The broker's log says more."))
    if isinstance(answer, Denied):
        return Reply(denied=answer)
    return Reply(ok=msgspec.Raw(msgspec.json.encode(answer)))
