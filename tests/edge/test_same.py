"""One stream of bytes, three readers: what they make of it must be the same.

The fast path's framer, wsproto alone, and the portable path as it is, around
trio-websocket. Any bytes may come, in any pieces.
"""

from typing import NamedTuple, cast

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime.timers import Timers
from broker.edge.keepalive import Keepalive
from broker.edge.streamed import Streamed, Surroundings
from broker.edge.watched import Carrier
from broker.loop import TaskLoop
from broker.transport import NO_PAGE
from broker.wire.codec import JSON, MSGPACK, Codec
from broker.wire.framing import FRAGMENTS, FRAME_BYTES, Framer
from tests.edge.raw import Raw, request
from tests.wire import joined
from tests.wire.joined import (
    BINARY,
    CLOSE,
    CONT,
    NOT_FINAL,
    PING,
    PONG,
    TEXT,
    cut,
    masked,
)
from tests.wire.test_framing import STREAMS

pytestmark = pytest.mark.slow


class Limits(NamedTuple):
    """Of one endpoint."""

    frame_bytes: int = FRAME_BYTES
    fragments: int = FRAGMENTS


class Made(NamedTuple):
    """What a reader made of the bytes."""

    messages: list[bytes]
    pongs: list[bytes]
    code: int | None
    """Of the goodbye it said; `None`: none before the bytes ended."""


class Ear:
    """Keeps what is handed up."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def take(self, payload: bytes) -> None:
        self.messages.append(payload)

    def gone(self) -> None:
        pass


def by_framer(chunks: list[bytes], codec: Codec, limits: Limits) -> Made:
    """Return what the fast path makes of it."""
    framer = Framer(codec.opcode, **limits._asdict())
    heard = joined.Heard(framer).feed(chunks)
    pongs = [reply[2:] for reply in heard.replies]
    return Made(heard.messages, pongs, heard.ended)


def by_wsproto(chunks: list[bytes], codec: Codec) -> Made:
    """Return what wsproto makes of it, which knows no limits."""
    heard = joined.Reference(codec.opcode).feed(chunks)
    pongs = [reply[2:] for reply in heard.replies]
    return Made(heard.messages, pongs, heard.ended)


def by_trio_websocket(chunks: list[bytes], codec: Codec, limits: Limits) -> Made:
    """Return what the portable path makes of it."""
    return trio.run(
        _by_trio_websocket,
        chunks,
        codec,
        limits,
        clock=trio.testing.MockClock(autojump_threshold=0),
    )


async def _by_trio_websocket(chunks: list[bytes], codec: Codec, limits: Limits) -> Made:
    loop = TaskLoop()
    around = Surroundings(
        loop=loop,
        keepalive=Keepalive(loop.wake),
        timers=Timers(trio.current_time, loop.wake),
        outbox_bytes=1024 * 1024,
        frame_bytes=limits.frame_bytes,
        fragments=limits.fragments,
        reconnect_after=lambda: 0,
    )
    ear = Ear()
    streamed = Streamed(codec, around, origin=NO_PAGE, greeted=lambda: None)
    near, far = trio.testing.memory_stream_pair()
    # Memory is no socket, but does all that is asked of one here.
    client, server = Raw(cast("Carrier", near)), cast("Carrier", far)
    client.answers = False

    async with trio.open_nursery() as nursery:
        nursery.start_soon(loop.run, lambda: None, lambda: False)
        async with trio.open_nursery() as talking:
            talking.start_soon(
                streamed.converse,
                server,
                request(protocol=codec.name.encode()),
                b"",
                lambda: streamed.serve(ear, b""),
            )
            assert await client.status() == 101
            talking.start_soon(client.read)
            for chunk in chunks:
                await client.send(chunk)
                await trio.testing.wait_all_tasks_blocked()
            await near.send_eof()
            await trio.testing.wait_all_tasks_blocked()
            await server.aclose()
        nursery.cancel_scope.cancel()
    return Made(ear.messages, client.heard.pongs, client.heard.code)


def agree(ours: Made, theirs: Made, *, idle: bool) -> None:
    """Hold one reader's account against another's, which judges sooner if at all."""
    assert ours.messages == theirs.messages
    assert ours.pongs == theirs.pongs
    if ours.code == theirs.code:
        return
    if ours.code is None:
        # A frame whose end the framer still waits for is wrong already.
        assert not idle
        assert theirs.code in {1002, 1003, 1007, 1009}
    else:
        # Two things are wrong with one frame: its content, and what its header says.
        assert (ours.code, theirs.code) in {(1007, 1003), (1007, 1009), (1003, 1009)}


CODECS = st.sampled_from([JSON, MSGPACK])
# Long enough for each form of a length, and for small limits to be met.
LONG = st.builds(
    masked,
    st.sampled_from([TEXT, BINARY, TEXT & NOT_FINAL, BINARY & NOT_FINAL, CONT, PING]),
    st.sampled_from([b"", b"x" * 126, b"x" * 1000, b"x" * 70_000, "ż".encode() * 200]),
)
# Lengths in more bytes than they need.
WIDE = st.builds(
    masked,
    st.sampled_from([TEXT, BINARY, CONT, PING, PONG, CLOSE]),
    st.sampled_from([b"", b"\x03\xe8", b"x" * 125, b"x" * 300]),
    width=st.sampled_from([None, 2, 8]),
)
DATA = st.lists(STREAMS | LONG | WIDE, max_size=4).map(b"".join)
PLACES = st.lists(st.integers(0, 2000), max_size=12)
LIMITS = st.sampled_from([Limits(), Limits(100, 2), Limits(1000, 3)])


@settings(max_examples=250)
@given(data=DATA, places=PLACES, codec=CODECS, limits=LIMITS)
def test_the_portable_path_makes_of_it_what_the_fast_one_does(
    data: bytes, places: list[int], codec: Codec, limits: Limits
) -> None:
    chunks = cut(data, places)
    framer = Framer(codec.opcode, **limits._asdict())
    heard = joined.Heard(framer).feed(chunks)
    ours = by_framer(chunks, codec, limits)
    theirs = by_trio_websocket(chunks, codec, limits)
    agree(ours, theirs, idle=heard.ended is None and framer.idle)


@settings(max_examples=250)
@given(data=DATA, places=PLACES, codec=CODECS)
def test_both_make_of_it_what_wsproto_does_where_limits_are_no_matter(
    data: bytes, places: list[int], codec: Codec
) -> None:
    chunks = cut(data, places)
    boundless = Limits(2**62, 2**31)
    framer = Framer(codec.opcode, **boundless._asdict())
    heard = joined.Heard(framer).feed(chunks)
    ours = by_framer(chunks, codec, boundless)
    agree(ours, by_wsproto(chunks, codec), idle=heard.ended is None and framer.idle)
    agree(
        ours,
        by_trio_websocket(chunks, codec, boundless),
        idle=heard.ended is None and framer.idle,
    )
