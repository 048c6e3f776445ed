import errno
import logging
import os
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import msgspec
import pytest
import trio

from actors.runtime.timers import Timers
from broker.addresses import Addresses
from broker.config import Config, LimitsConfig, ServerConfig
from broker.edge.admission import Admission, Visit
from broker.edge.connection import Connection
from broker.edge.keepalive import Keepalive
from broker.edge.listener import NO_DESCRIPTORS_PAUSE, Door
from broker.edge.opening import HeadLimits
from broker.edge.reactor import Reactor
from broker.edge.shared import LINGER, Edge
from broker.limits import Tally
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
DEFAULTS = Config()


class House:
    """Stands behind the door, and keeps who comes in."""

    def __init__(self) -> None:
        self.welcomed: list[Hearer] = []
        self.http: list[bytes] = []
        self.strangers = False
        self.addresses: list[tuple[str, str]] = []
        """Where requests came from, and what they say about it."""

    def welcome(self, connection: Connection, rest: bytes) -> None:
        hearer = Hearer()
        self.welcomed.append(hearer)
        connection.serve(hearer, rest)
        self.last = connection

    def origin_of(self, head: Head, address: str) -> Origin | None:
        self.addresses.append((address, head.headers.get("x-forwarded-for", "")))
        return None if self.strangers else NO_PAGE

    def serve_http(self, peer: socket.socket, received: bytes, visit: Visit) -> None:
        self.http.append(received)
        self.addresses.append((visit.address, ""))
        peer.close()
        visit.place.leave()


class Entrance:
    """A door on a real port, with a clock of its own."""

    def __init__(self, config: Config = DEFAULTS) -> None:
        self.now = 100.0
        self.tally = Tally()
        self.admission = Admission(config, Addresses(config), self.tally)
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
        limits = HeadLimits(HEAD_BYTES, HEAD_S, HELLO_S, self.admission)
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
async def entrance(config: Config = DEFAULTS) -> AsyncGenerator[Entrance]:
    made = Entrance(config)
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
        assert len(e.house.welcomed) == 1
        assert e.house.addresses == [("127.0.0.1", "")]


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
        assert e.house.welcomed[0].messages == [b"hello"]


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
        assert e.house.welcomed[0].times_gone == 1


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
        assert e.house.welcomed[0].times_gone == 1
        e.reactor = Reactor()


# How many (F57).


def few(**limits: object) -> Config:
    return Config(limits=LimitsConfig(**limits))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # each its own


async def test_where_there_is_no_room_that_is_said_and_when_to_try_again() -> None:
    async with entrance(few(per_ip_visitors=2)) as e:
        for _ in range(2):
            assert status(await (await e.knock(UPGRADE)).receive_some()) == 101
        said = await answer(await e.knock(UPGRADE))
        assert status(said) == 503
        assert b"\r\nRetry-After: 5\r\n" in said
        e.house.last.vouched()
        assert status(await (await e.knock(UPGRADE)).receive_some()) == 101
        assert e.tally.limited["per_ip_visitors"] == 1


@pytest.mark.parametrize("limit", ["total", "per_ip"])
async def test_one_too_many_is_told_before_it_has_said_anything(limit: str) -> None:
    async with entrance(few(**{limit: 2})) as e:
        guests = [await e.knock(), await e.knock()]
        assert status(await answer(await e.knock(UPGRADE[:20], UPGRADE[20:]))) == 503
        await guests[0].aclose()
        await e.turn()
        assert status(await (await e.knock(UPGRADE)).receive_some()) == 101
        assert e.tally.limited[limit] == 1


async def test_who_was_refused_may_take_a_moment_to_hang_up_and_no_more() -> None:
    async with entrance(few(total=1)) as e:
        await e.knock()
        assert e.admission.most_leaving == 1
        rude = [await e.knock(), await e.knock()]
        await e.turn()
        # One is waited for; there is no room to wait for the other.
        assert len(e.reactor._sources) == 3
        for guest in rude:
            assert status(await answer(guest)) == 503
        e.wait(LINGER + 0.5)
        assert len(e.reactor._sources) == 2
        assert e.door.leaving == 0


async def test_what_a_connection_takes_up_it_gives_back_however_it_ends() -> None:
    async with entrance(few(unauthenticated=5)) as e:
        early = await e.knock(UPGRADE[:20])
        silent = await e.knock(UPGRADE)
        greeted = await e.knock(UPGRADE)
        e.house.last.greeted()
        rejected = await e.knock(b"rubbish\r\n\r\n")
        plain = await e.knock(b"GET / HTTP/1.1\r\n\r\n")
        assert (e.admission.open, e.admission.unauthenticated) == (3, 1)
        for guest in (early, silent, greeted, rejected, plain):
            await guest.aclose()
        await e.turn()
        assert (e.admission.open, e.admission.unauthenticated) == (0, 0)
        assert len(e.admission.households) == len(e.admission.unknown) == 0


# Behind a proxy.

PROXIED = Config(server=ServerConfig(trusted_proxies=("127.0.0.0/8",)))
TOLD = b"PROXY TCP4 203.0.113.9 127.0.0.1 4660 80\r\n"


async def test_a_proxy_may_say_for_whom_it_connects() -> None:
    async with entrance(PROXIED) as e:
        guest = await e.knock(TOLD[:9], TOLD[9:] + UPGRADE[:9], UPGRADE[9:])
        assert status(await guest.receive_some()) == 101
        await answer(await e.knock(TOLD + b"GET / HTTP/1.1\r\n\r\n"))
        assert e.house.addresses == [("203.0.113.9", "")] * 2
        assert e.house.http == [b"GET / HTTP/1.1\r\n\r\n"]
        assert e.admission.households["203.0.113.9"] == 1


async def test_from_anybody_else_that_is_no_request() -> None:
    async with entrance() as e:
        assert status(await answer(await e.knock(TOLD + UPGRADE))) == 400
    async with entrance(PROXIED) as e:
        assert status(await answer(await e.knock(b"PROXY me\r\n" + UPGRADE))) == 400


async def test_those_behind_a_proxy_are_counted_one_by_one() -> None:
    async with entrance(
        msgspec.structs.replace(PROXIED, limits=LimitsConfig(per_ip_visitors=1))
    ) as e:
        for _ in range(2):
            for client in (b"198.51.100.1", b"198.51.100.2"):
                told = b"\r\nX-Forwarded-For: " + client + b"\r\n\r\n"
                await e.knock(UPGRADE.removesuffix(b"\r\n\r\n") + told)
        assert len(e.house.welcomed) == 2
        assert e.tally.limited["per_ip_visitors"] == 2
