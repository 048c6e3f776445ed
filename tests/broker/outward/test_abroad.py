"""Calling URLs of others, on real sockets: bounds, redirects, names that change."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from broker.outward import abroad
from broker.outward.abroad import Abroad, Unanswered
from broker.outward.networks import Networks
from tests.broker.outward.names import resolving


class Receiver:
    """Says `answer` to each request, however it is made."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[bytes] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.hangs = False
        self.sent = 0

    async def serve(self, stream: trio.SocketStream) -> None:
        try:
            self.requests.append(await stream.receive_some(65_536))
            if self.hangs:
                await trio.sleep_forever()
            for at in range(0, len(self.answer), 65_536):
                await stream.send_all(self.answer[at : at + 65_536])
                self.sent += 65_536
        except trio.BrokenResourceError:
            pass


@asynccontextmanager
async def calling(
    *private: str,
) -> AsyncGenerator[tuple[Receiver, Abroad]]:
    receiver, caller = Receiver(), Abroad(Networks(private))
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, receiver.serve, 0, host="127.0.0.1")
        (listener,) = await nursery.start(serve)
        receiver.port = listener.socket.getsockname()[1]
        yield receiver, caller
        await caller.close()
        nursery.cancel_scope.cancel()


async def test_a_private_address_is_refused_before_a_connection_is_made() -> None:
    async with calling() as (receiver, caller):
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"):
            with pytest.raises(Unanswered, match="private"):
                await caller.post(f"http://{host}:{receiver.port}/", b"x", {})
        assert receiver.requests == []


async def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    names = {"shop.example": ["127.0.0.1"]}
    async with calling("127.0.0.0/8") as (receiver, caller):
        with resolving(names) as resolver:
            url = f"http://shop.example:{receiver.port}/hook"
            answer = await caller.post(url, b"body", {"X-A": "1"})
        assert (answer.status, answer.body) == (200, b"ok")
        # Once: between the look and the connection no name is asked again.
        assert resolver.asked == ["shop.example"]
        assert f"shop.example:{receiver.port}".encode() in receiver.requests[0]


async def test_redirects_are_answers_and_are_not_followed() -> None:
    async with calling("127.0.0.0/8") as (receiver, caller):
        where = f"http://127.0.0.1:{receiver.port}"
        receiver.answer = (
            f"HTTP/1.1 302 Found\r\nLocation: {where}/secret\r\n"
            "Content-Length: 0\r\n\r\n"
        ).encode()
        answer = await caller.post(f"{where}/", b"", {})
        assert answer.status == 302
        assert len(receiver.requests) == 1


async def test_of_an_endless_answer_no_more_is_read_than_is_kept() -> None:
    async with calling("127.0.0.0/8") as (receiver, caller):
        size = 64 * 1024 * 1024
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n"
        receiver.answer = head.encode() + bytes(size)
        answer = await caller.post(f"http://127.0.0.1:{receiver.port}/", b"", {})
        head_and_body = len(head) + len(answer.body)
        assert (answer.status, head_and_body) == (200, abroad.ANSWER_BYTES)
        assert receiver.sent < size / 2


async def test_what_does_not_answer_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(abroad, "WHOLE_S", 0.05)
    async with calling("127.0.0.0/8") as (receiver, caller):
        receiver.hangs = True
        with pytest.raises(Unanswered, match="in time"):
            await caller.post(f"http://127.0.0.1:{receiver.port}/", b"", {})


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n", b"", b"HTTP/1.1 200 OK\r\n"])
async def test_what_speaks_no_http_cannot_be_reached(said: bytes) -> None:
    async with calling("127.0.0.0/8") as (receiver, caller):
        receiver.answer = said
        with pytest.raises(Unanswered, match="reached"):
            await caller.post(f"http://127.0.0.1:{receiver.port}/", b"", {})
