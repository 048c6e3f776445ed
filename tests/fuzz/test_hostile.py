"""What is known to have killed or stalled chat servers, one thing at a time.

Each must end as it should, with its code or status; meanwhile a chat goes on, and
afterwards the process holds what it held before.
"""

import socket
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest
import trio

from tests.edge.raw import Raw, dialled, request
from tests.fuzz.attack import RESET
from tests.fuzz.frames import BOMBS
from tests.fuzz.heads import UPGRADE
from tests.fuzz.siege import FILES_MORE, GROWTH_BYTES, Siege, besieged
from tests.wire.joined import BINARY, CONT, NOT_FINAL, PING, TEXT, header, masked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("path", ["fast", "portable"]),
]

AT_A_TIME = 200
"""Attackers, where all that counts is how many there were in the end."""
HEAD_S = HELLO_S = 3
"""Seconds to begin in, where that is waited for."""
LIMITS = f"head_s = {HEAD_S}\nhello_s = {HELLO_S}\n"
FLOOD_S = 3
"""Seconds that a flood goes on, if nobody stops it."""
WARM_UP = 200
"""Connections before anything is measured."""


@pytest.fixture
async def siege(path: str, tmp_path: Path) -> AsyncGenerator[Siege]:
    async with besieged(tmp_path, path) as begun:
        yield begun


@pytest.fixture
async def hasty(path: str, tmp_path: Path) -> AsyncGenerator[Siege]:
    """Lay siege to a broker that does not wait for long for anybody to begin."""
    async with besieged(tmp_path, path, LIMITS) as begun:
        yield begun


@asynccontextmanager
async def endured(siege: Siege, what: str) -> AsyncGenerator[Counter[str]]:
    """Hold the broker to its word while `what` goes on; print how it bore it."""
    outcomes: Counter[str] = Counter()
    files = siege.state().files
    await crowd(WARM_UP, lambda: left(siege, RESET))
    before = await siege.calm(files)
    began = trio.current_time()
    async with siege.healthy() as accounts:
        yield outcomes
    took = trio.current_time() - began
    after = await siege.calm(before.files)
    (account,) = accounts
    sys.stdout.write(
        f"{what}: {dict(outcomes)} in {took:.1f} s;"
        f" CPU {after.cpu_s - before.cpu_s:.2f} s,"
        f" files {before.files} -> {after.files},"
        f" memory +{(after.resident - before.resident) / 2**20:.1f} MiB;"
        f" {account}\n"
    )
    assert after.pid == before.pid
    assert after.files - before.files <= FILES_MORE
    assert after.resident - before.resident <= GROWTH_BYTES
    assert siege.complaints() == []
    assert account.acked > 0
    assert (account.unanswered, account.gaps) == (0, 0)


async def crowd(number: int, one: Callable[[], Awaitable[None]]) -> None:
    """Let so many be about it, not all at once."""
    room = trio.Semaphore(AT_A_TIME)

    async def go() -> None:
        async with room:
            await one()

    async with trio.open_nursery() as nursery:
        for _ in range(number):
            nursery.start_soon(go)


async def left(siege: Siege, linger: bytes | None = None) -> None:
    """Connect, and leave again."""
    with trio.socket.socket() as peer:
        await peer.connect(siege.address)
        if linger is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@asynccontextmanager
async def raw(siege: Siege) -> AsyncGenerator[Raw]:
    """Connect, and hang up at the end."""
    connected = await dialled(siege.process.url)
    try:
        yield connected
    finally:
        await connected.close()


async def test_a_byte_that_is_no_ascii_in_any_header(siege: Siege) -> None:
    async with endured(siege, "non-ASCII bytes in a header") as outcomes:
        for at in range(len(UPGRADE)):
            for strange in (b"\x80", b"\xff", b"\xc5\xbc", b"\x00", b"\x7f"):
                for line in (UPGRADE[at] + strange, strange + UPGRADE[at]):
                    lines = [*UPGRADE[:at], line, *UPGRADE[at + 1 :], b"", b""]
                    async with raw(siege) as stranger:
                        await stranger.send(b"\r\n".join(lines))
                        outcomes[str(await stranger.status())] += 1
    assert outcomes == {"400": 80}


async def test_a_reset_after_an_error_reply(siege: Siege) -> None:
    async with endured(siege, "resets after an error reply") as outcomes:
        bad = request().replace(b": 13", b": 99")

        async def one(*, reads: bool) -> None:
            async with raw(siege) as stranger:
                await stranger.send(bad)
                assert isinstance(stranger.carrier, trio.SocketStream)
                stranger.carrier.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                if reads:
                    outcomes[str(await stranger.status())] += 1
                else:
                    outcomes["unread"] += 1

        await crowd(500, partial(one, reads=True))
        await crowd(500, partial(one, reads=False))
    assert outcomes == {"426": 500, "unread": 500}


async def test_five_thousand_who_connect_and_close(siege: Siege) -> None:
    async with endured(siege, "connect and close") as outcomes:
        await crowd(2500, lambda: left(siege))
        await crowd(2500, lambda: left(siege, RESET))
        outcomes["left"] = 5000


async def test_a_thousand_heads_that_drip(hasty: Siege) -> None:
    async with endured(hasty, "dripping heads") as outcomes:

        async def one() -> None:
            async with raw(hasty) as stranger, trio.open_nursery() as nursery:
                nursery.start_soon(drip, stranger)
                outcomes[str(await stranger.status())] += 1
                nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            for _ in range(1000):
                nursery.start_soon(one)
    assert outcomes == {"408": 1000}


async def drip(stranger: Raw) -> None:
    """Send a head, a byte at a time."""
    for byte in request():
        await stranger.send(bytes((byte,)))
        await trio.sleep(HEAD_S / 10)


async def test_five_hundred_who_say_nothing(hasty: Siege) -> None:
    async with endured(hasty, "silent sockets") as outcomes:

        async def at_once() -> None:
            async with raw(hasty) as stranger:
                outcomes[str(await stranger.status())] += 1

        async def upgraded() -> None:
            async with raw(hasty) as stranger:
                await stranger.upgrade()
                outcomes[str((await stranger.read()).code)] += 1

        async with trio.open_nursery() as nursery:
            for _ in range(250):
                nursery.start_soon(at_once)
                nursery.start_soon(upgraded)
    assert outcomes == {"408": 250, "4001": 250}


async def test_a_flood_of_empty_fragments(siege: Siege) -> None:
    flood = masked(TEXT & NOT_FINAL) + masked(CONT & NOT_FINAL) * 100_000
    async with endured(siege, "empty fragments") as outcomes:
        await crowd(50, lambda: said(siege, flood, outcomes))
    assert outcomes == {"1009": 50}


async def test_a_frame_of_two_to_the_62(siege: Siege) -> None:
    begin = header(TEXT, 1 << 62, width=8) + b"x" * 10_000
    async with endured(siege, "2^62 bytes announced") as outcomes:
        await crowd(200, lambda: said(siege, begin, outcomes))
    assert outcomes == {"1009": 200}


async def said(siege: Siege, data: bytes, outcomes: Counter[str]) -> None:
    """Say `data` after an upgrade, and note the code that ends it."""
    async with raw(siege) as stranger:
        await stranger.upgrade()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(insist, stranger, data)
            heard = await stranger.read()
            nursery.cancel_scope.cancel()
        outcomes["reset" if heard.reset else str(heard.code)] += 1


async def insist(stranger: Raw, data: bytes) -> None:
    """Say all of it, as far as anybody takes it."""
    try:
        await stranger.send(data)
    except (trio.BrokenResourceError, trio.BusyResourceError):
        return  # It has hung up, or our goodbye is on its way.


async def test_a_flood_of_pings(siege: Siege) -> None:
    async with endured(siege, "pings") as outcomes:

        async def one(*, reads: bool) -> None:
            async with raw(siege) as stranger:
                await stranger.upgrade()
                hello = {"op": "hello", "id": "h", "token": siege.tokens[0]}
                await stranger.send(masked(TEXT, msgspec.json.encode(hello)))
                with trio.move_on_after(FLOOD_S):
                    async with trio.open_nursery() as nursery:
                        if reads:
                            nursery.start_soon(stranger.read)
                        while True:
                            await stranger.send(masked(PING) * 5000)
                        nursery.cancel_scope.cancel()
                pongs = len(stranger.heard.pongs)
                outcomes["pongs"] += pongs
                outcomes[f"closed with {stranger.heard.code}"] += 1

        async def contained(*, reads: bool) -> None:
            try:
                await one(reads=reads)
            except* (trio.BrokenResourceError, trio.BusyResourceError):
                outcomes["cut off"] += 1

        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(partial(contained, reads=number % 2 == 0))


async def test_payloads_that_are_bombs(siege: Siege) -> None:
    # Some are good hellos, but for a field that is none of ours and is not looked at.
    fine = {"1007", "4000", "err", "welcome"}
    async with endured(siege, "payload bombs") as outcomes:
        for bomb in BOMBS:
            for form, opcode in (("json", TEXT), ("msgpack", BINARY)):
                for greeted in (False, True):
                    ended = await bombed(siege, form, masked(opcode, bomb), greeted)
                    outcomes[ended] += 1
    assert outcomes.keys() <= fine
    assert outcomes.total() == 4 * len(BOMBS)


async def bombed(siege: Siege, form: str, bomb: bytes, greeted: bool) -> str:  # noqa: FBT001  # a case of a table
    """Say hello or not, then `bomb`; return the code or the kind of the answer."""
    encode = msgspec.json.encode if form == "json" else msgspec.msgpack.encode
    decode = msgspec.json.decode if form == "json" else msgspec.msgpack.decode
    opcode = TEXT if form == "json" else BINARY
    async with raw(siege) as stranger:
        await stranger.upgrade(request(protocol=f"shopwire.v1.{form}".encode()))
        before = 0
        if greeted:
            hello = {"op": "hello", "id": "h", "token": siege.tokens[1]}
            await stranger.send(masked(opcode, encode(hello)))
            await stranger.read(messages=1)
            before = 1
        await stranger.send(bomb)
        heard = await stranger.read(messages=before + 1)
        if len(heard.messages) == before:
            return str(heard.code)
        said = heard.messages[before]
        answer = decode(said if isinstance(said, bytes) else said.encode())
        if answer["t"] == "closing":
            return str((await stranger.read()).code)
        return str(answer["t"])
