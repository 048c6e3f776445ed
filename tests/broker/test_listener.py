import errno
import logging
import os
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import pytest
import trio

from actors.runtime.timers import Timers
from broker.edge.connection import Connection, Edge
from broker.edge.keepalive import Keepalive
from broker.edge.listener import NO_DESCRIPTORS_PAUSE, Door, HeadLimits
from broker.edge.reactor import Reactor
from broker.transport import NO_PAGE, Origin
from broker.wire.upgrade import Head
from tests.broker.wires import Hearer
from tests.wire.joined import TEXT, masked

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: shopwire.v1.json\r\n\r\n"
)
HEAD_BYTES, HEAD_S, HELLO_S = 1024, 5.0, 3.0


class House:
    """Stands behind the door, and keeps who comes in."""

    def __init__(self) -> None:
        self.welcomed: list[tuple[str, Hearer]] = []
        self.http: list[bytes] = []
        self.strangers = False

    def welcome(self, connection: Connection, address: str, rest: bytes) -> None:
        hearer = Hearer()
        self.welcomed.append((address, hearer))
        connection.serve(hearer, rest)
        self.last = connection

    def origin_of(self, head: Head) -> Origin | None:
        del head
        return None if self.strangers else NO_PAGE

    def serve_http(self, peer: socket.socket, received: bytes) -> None:
        self.http.append(received)
        peer.close()


class Entrance:
    """A door on a real port, with a clock of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.reactor = Reactor()
        self.timers = Timers(lambda: self.now, self.reactor.wake)
        self.house = House()
        self.listener = socket.create_server(("127.0.0.1", 0))
        edge = Edge(
            reactor=self.reactor,
            keepalive=Keepalive(self.reactor.wake),
            outbox_bytes=10**6,
            frame_bytes=64 * 1024,
            fragments=8,
            reconnect_after=lambda: 700,
        )
        limits = HeadLimits(HEAD_BYTES, HEAD_S, HELLO_S)
        self.door = Door(
            self.listener, self.house, edge=edge, timers=self.timers, limits=limits
        )
        self.guests: list[trio.SocketStream] = []

    async def knock(self, *said: bytes) -> trio.SocketStream:
        """Connect, and say something piece by piece."""
        address = self.listener.getsockname()
        guest = await trio.open_tcp_stream(address[0], address[1])
        self.guests.append(guest)
        for piece in said:
            await guest.send_all(piece)
            await self.turn()
        return guest

    async def turn(self) -> None:
        await trio.testing.wait_all_tasks_blocked(0.005)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.timers.advance()


@asynccontextmanager
async def entrance() -> AsyncGenerator[Entrance]:
    made = Entrance()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(made.reactor.run, lambda: None, lambda: False)
        with made.listener:
            try:
                yield made
            finally:
                nursery.cancel_scope.cancel()
    made.reactor.close()
    for guest in made.guests:
        await trio.aclose_forcefully(guest)


async def answer(guest: trio.SocketStream) -> bytes:
    """Return all that the guest is told before the door is shut."""
    said = b""
    try:
        while data := await guest.receive_some():
            said += data
    except trio.BrokenResourceError:
        pass
    return said


def status(said: bytes) -> int:
    return int(said.split()[1])


async def test_an_upgrade_is_let_in() -> None:
    async with entrance() as e:
        guest = await e.knock(UPGRADE)
        assert status(await guest.receive_some()) == 101
        ((address, _),) = e.house.welcomed
        assert address == "127.0.0.1"


async def test_small_frames_leave_at_once() -> None:
    async with entrance() as e:
        guest = await e.knock(UPGRADE)
        await guest.receive_some()
        with socket.socket(fileno=os.dup(e.house.last._fd)) as inside:
            assert inside.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert not os.get_blocking(inside.fileno())


async def test_a_head_may_come_in_any_pieces() -> None:
    async with entrance() as e:
        guest = await e.knock(*[UPGRADE[i : i + 9] for i in range(0, len(UPGRADE), 9)])
        assert status(await guest.receive_some()) == 101


async def test_what_comes_right_behind_the_head_is_not_lost() -> None:
    async with entrance() as e:
        await e.knock(UPGRADE + masked(TEXT, b"hello"))
        await e.turn()
        assert e.house.welcomed[0][1].messages == [b"hello"]


async def test_a_plain_request_is_handed_on_whole() -> None:
    async with entrance() as e:
        request = b"POST /v1/login HTTP/1.1\r\nHost: localhost\r\n\r\n{}"
        guest = await e.knock(request)
        assert await answer(guest) == b""
        assert e.house.http == [request]
        e.wait(60)


async def test_a_page_from_nowhere_is_refused() -> None:
    async with entrance() as e:
        e.house.strangers = True
        said = await answer(await e.knock(UPGRADE))
        assert status(said) == 403
        assert e.house.welcomed == []


async def test_an_upgrade_that_is_none_is_refused() -> None:
    async with entrance() as e:
        said = await answer(await e.knock(UPGRADE.replace(b"/ws", b"/elsewhere")))
        assert status(said) == 404
        said = await answer(await e.knock(UPGRADE.replace(b"v1.json", b"v9.json")))
        assert status(said) == 400


@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00 tls\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"hello\r\n\r\n",
    ],
)
async def test_a_head_that_cannot_be_read_is_refused(head: bytes) -> None:
    async with entrance() as e:
        assert status(await answer(await e.knock(head))) == 400


@pytest.mark.parametrize("ended", [b"", b"\r\n\r\n"])
async def test_too_long_a_head_is_refused(ended: bytes) -> None:
    async with entrance() as e:
        head = b"GET /ws HTTP/1.1\r\nCookie: " + b"x" * HEAD_BYTES + ended
        assert status(await answer(await e.knock(head))) == 431


async def test_the_longest_head_is_not_too_long() -> None:
    async with entrance() as e:
        padding = HEAD_BYTES - len(UPGRADE) - len(b"Cookie: \r\n")
        cookie = b"Cookie: " + b"x" * padding + b"\r\n\r\n"
        head = UPGRADE.removesuffix(b"\r\n") + cookie
        assert len(head) == HEAD_BYTES
        guest = await e.knock(head)
        assert status(await guest.receive_some()) == 101


async def test_who_takes_too_long_over_the_head_is_refused() -> None:
    async with entrance() as e:
        guest = await e.knock(UPGRADE[:50])
        e.wait(HEAD_S - 0.5)
        await guest.send_all(UPGRADE[50:60])
        await e.turn()
        e.wait(1)
        assert status(await answer(guest)) == 408


async def test_who_takes_too_long_over_the_hello_is_sent_away() -> None:
    async with entrance() as e:
        guest = await e.knock(UPGRADE)
        assert status(await guest.receive_some()) == 101
        e.wait(HELLO_S + 0.5)
        said = await answer(guest)
        assert b'"code":4001' in said
        assert said.endswith((4001).to_bytes(2))
        assert e.house.welcomed[0][1].times_gone == 1


async def test_who_has_said_hello_may_stay() -> None:
    async with entrance() as e:
        await e.knock(UPGRADE)
        e.house.last.greeted()
        e.wait(1000)
        await e.turn()
        assert e.house.last.open


@pytest.mark.parametrize("said", [b"", UPGRADE[:20]])
async def test_who_leaves_before_the_end_of_the_head_is_forgotten(said: bytes) -> None:
    async with entrance() as e:
        guest = await e.knock(said)
        await guest.aclose()
        await e.turn()
        assert len(e.reactor._sources) == 1
        e.wait(60)


async def test_who_has_left_before_the_answer_is_forgotten() -> None:
    async with entrance() as e:
        guest = await e.knock()
        await e.turn()
        await guest.send_all(UPGRADE)
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        await guest.aclose()
        await e.turn()
        assert len(e.reactor._sources) == 1


@contextmanager
def failing_accept(door: Door, error: OSError) -> Generator[None]:
    """The next accept fails."""
    listener = door._listener

    class Failing(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            door._listener = listener
            raise error

    with Failing(fileno=os.dup(listener.fileno())) as failing:
        failing.fileno = listener.fileno  # type: ignore[method-assign]  # the same one
        door._listener = failing
        yield


NO_DESCRIPTOR = OSError(errno.EMFILE, "Too many open files")


async def test_without_a_descriptor_the_door_is_closed_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with entrance() as e:
        with (
            caplog.at_level(logging.CRITICAL),
            failing_accept(e.door, NO_DESCRIPTOR),
        ):
            guest = await e.knock(UPGRADE)
            await e.turn()
        assert e.house.welcomed == []
        e.wait(NO_DESCRIPTORS_PAUSE + 0.3)
        await e.turn()
        assert status(await guest.receive_some()) == 101


async def test_a_door_closed_for_good_is_not_opened_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with entrance() as e:
        with (
            caplog.at_level(logging.CRITICAL),
            failing_accept(e.door, NO_DESCRIPTOR),
        ):
            await e.knock(UPGRADE)
            await e.turn()
        e.door.close()
        e.listener.close()
        e.wait(10)
        await e.turn()
        assert e.house.welcomed == []


async def test_who_is_gone_before_being_accepted_keeps_nobody_out() -> None:
    async with entrance() as e:
        with failing_accept(e.door, ConnectionAbortedError()):
            guest = await e.knock(UPGRADE)
        assert status(await guest.receive_some()) == 101


async def test_the_end_hangs_up_on_those_at_the_door() -> None:
    async with entrance() as e:
        waiting, inside = await e.knock(UPGRADE[:9]), await e.knock(UPGRADE)
        assert status(await inside.receive_some()) == 101
        e.reactor.close()
        assert await answer(waiting) == b""
        assert await answer(inside) == b""
        assert e.house.welcomed[0][1].times_gone == 1
        e.reactor = Reactor()
