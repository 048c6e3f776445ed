"""Somebody on 127.0.0.1 who answers JSON, or in a way that a test chooses."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

import trio

Reply = tuple[int, object] | bytes | None
"""A status and what is said as JSON; raw bytes; or nothing, ever."""


class Asked(NamedTuple):
    """A request, as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Stub:
    """Answers as `answer` says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Reply] = lambda _asked: (200, {})

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    async def serve(self, stream: trio.SocketStream) -> None:
        received = b""
        try:
            while b"\r\n\r\n" not in received:
                received += await _some(stream)
            head, _, body = received.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            pairs = (line.split(": ", 1) for line in lines)
            headers = {name.lower(): value for name, value in pairs}
            while len(body) < int(headers.get("content-length", 0)):
                body += await _some(stream)
            method, path, _ = first.split()
            asked = Asked(method, path, headers, json.loads(body) if body else None)
            self.asked.append(asked)
            await self._say(stream, self.answer(asked))
        except (trio.BrokenResourceError, EOFError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async def _say(self, stream: trio.SocketStream, reply: Reply) -> None:
        if reply is None:
            await trio.sleep_forever()
        elif isinstance(reply, bytes):
            await stream.send_all(reply)
        else:
            status, said = reply
            body = json.dumps(said).encode()
            head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
            await stream.send_all(head.encode() + body)


async def _some(stream: trio.SocketStream) -> bytes:
    data = await stream.receive_some(65536)
    if not data:
        raise EOFError
    return bytes(data)


@asynccontextmanager
async def stubbed() -> AsyncGenerator[Stub]:
    stub = Stub()
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, stub.serve, 0, host="127.0.0.1")
        (listener,) = await nursery.start(serve)
        stub.url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        yield stub
        nursery.cancel_scope.cancel()
