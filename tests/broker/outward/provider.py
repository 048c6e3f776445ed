"""A provider on 127.0.0.1 that takes messages, or fails in a chosen way."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Literal, NamedTuple
from urllib.parse import parse_qs

import trio

How = Literal["hang", "drop", "babble"] | int
"""A status to answer with; or to say nothing, to hang up, or to say no HTTP."""


class Taken(NamedTuple):
    """A request, as it came."""

    path: str
    headers: dict[str, str]
    form: dict[str, list[str]]

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]

    @property
    def text(self) -> str:
        return self.form["Body"][0]


class FakeProvider:
    """Answers each request as the next of `plan` says, and then as `how` says."""

    def __init__(self) -> None:
        self.url = ""
        self.how: How = 201
        self.plan: list[How] = []
        self.body = b'{"sid": "SM1"}'
        self.requests: list[Taken] = []
        self._came = trio.Event()

    async def until(self, number: int) -> None:
        """Return once so many requests have come."""
        with trio.fail_after(20):
            while len(self.requests) < number:
                await self._came.wait()

    async def serve(self, stream: trio.SocketStream) -> None:
        received = b""
        try:
            while b"\r\n\r\n" not in received:
                received += await _some(stream)
            head, _, body = received.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            pairs = (line.split(": ", 1) for line in lines)
            headers = {name.lower(): value for name, value in pairs}
            while len(body) < int(headers["content-length"]):
                body += await _some(stream)
            form = parse_qs(body.decode(), keep_blank_values=True)
            how = self.plan.pop(0) if self.plan else self.how
            self.requests.append(Taken(first.split()[1], headers, form))
            self._came.set()
            self._came = trio.Event()
            await self._answer(stream, how)
        except (trio.BrokenResourceError, EOFError):
            pass  # the broker was killed
        finally:
            await trio.aclose_forcefully(stream)

    async def _answer(self, stream: trio.SocketStream, how: How) -> None:
        if how == "hang":
            await trio.sleep_forever()
        elif how == "babble":
            await stream.send_all(b"\0\1\2 no HTTP\r\n\r\n")
        elif how != "drop":
            head = f"HTTP/1.1 {how} X\r\nContent-Length: {len(self.body)}\r\n\r\n"
            await stream.send_all(head.encode() + self.body)


async def _some(stream: trio.SocketStream) -> bytes:
    data = await stream.receive_some(65536)
    if not data:
        raise EOFError
    return bytes(data)


@asynccontextmanager
async def provider() -> AsyncGenerator[FakeProvider]:
    fake = FakeProvider()
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, fake.serve, 0, host="127.0.0.1")
        (listener,) = await nursery.start(serve)
        fake.url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
        yield fake
        nursery.cancel_scope.cancel()
