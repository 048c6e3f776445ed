import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import pytest

from broker.edge.connection import RECEIVE
from broker.edge.intake import TURN, IntakeRate
from broker.edge.reactor import READ
from broker.edge.shared import LINGER, STALL
from broker.wire.codec import MSGPACK
from broker.wire.errors import Close
from broker.wire.framing import TEXT as FIRST
from broker.wire.framing import frame
from tests.broker.wires import PAUSE_MS, Wire, wired
from tests.wire.joined import CLOSE, PING, PONG, TEXT, masked

BIG = b"x" * 60_000


def closing(code: int, reason: str) -> bytes:
    said = {"t": "closing", "code": code, "reason": reason}
    return frame(FIRST, msgspec.json.encode(said | {"reconnect_after_ms": PAUSE_MS}))


def goodbye(code: int) -> bytes:
    return bytes((CLOSE, 2)) + code.to_bytes(2)


async def test_messages_are_handed_up_in_order() -> None:
    async with wired() as wire:
        await wire.say(b"one", b"two")
        await wire.say(b"three")
        await wire.turn()
        assert wire.hearer.messages == [b"one", b"two", b"three"]


async def test_what_came_with_the_upgrade_is_handed_up_first() -> None:
    async with wired(rest=masked(TEXT, b"early") + masked(TEXT, b"half")[:5]) as wire:
        await wire.far.send(masked(TEXT, b"half")[5:])
        await wire.turn()
        assert wire.hearer.messages == [b"early", b"half"]


async def test_what_is_offered_in_a_turn_leaves_together() -> None:
    async with wired() as wire:
        for part in (b"one", b"two"):
            wire.connection.offer(part)
        wire.connection.signal("key", b" old")
        wire.connection.signal("key", b" new")
        await wire.turn()
        assert await wire.far.recv(100) == b"onetwo new"


async def test_a_ping_is_answered_and_a_pong_is_not() -> None:
    async with wired() as wire:
        await wire.far.send(masked(PONG, b"mine") + masked(PING, b"yours"))
        await wire.turn()
        assert await wire.far.recv(100) == bytes((PONG, 5)) + b"yours"


async def test_it_pings() -> None:
    async with wired() as wire:
        await wire.seconds(20)
        assert await wire.far.recv(100) == bytes((PING, 0))


async def test_anything_heard_proves_that_it_is_there() -> None:
    async with wired() as wire:
        await wire.seconds(30)
        await wire.far.send(masked(PONG))
        await wire.turn()
        await wire.seconds(44)
        assert len(wire.keepalive) == 1
        await wire.seconds(20)
        assert len(wire.keepalive) == 0
        assert wire.hearer.times_gone == 1


async def test_a_peers_goodbye_is_answered() -> None:
    async with wired() as wire:
        await wire.far.send(masked(TEXT, b"last") + masked(CLOSE, b"\x03\xe8bye"))
        assert await wire.everything() == goodbye(1000)
        assert wire.hearer.messages == [b"last"]
        wire.far.close()
        await wire.turn()
        assert (wire.hearer.times_gone, len(wire.keepalive)) == (1, 0)


async def test_a_peer_that_just_hangs_up_is_gone() -> None:
    async with wired() as wire:
        wire.far.close()
        await wire.turn()
        assert (wire.hearer.times_gone, len(wire.keepalive)) == (1, 0)
        assert not wire.connection.open


async def test_a_peer_that_is_reset_is_gone() -> None:
    async with wired() as wire:
        await wire.far.send(b"unread")
        wire.connection.offer(b"unread too")
        near = socket.socket(fileno=wire.connection._fd)
        near.shutdown(socket.SHUT_RDWR)
        near.detach()
        await wire.turn()
        assert (wire.hearer.times_gone, len(wire.keepalive)) == (1, 0)


async def test_it_says_why_it_closes() -> None:
    async with wired() as wire:
        wire.connection.offer(b"before")
        wire.connection.close(Close.RESTARTING)
        assert not wire.connection.open
        assert wire.hearer.times_gone == 1
        # Whatever is offered later is not sent.
        wire.connection.offer(b"after")
        wire.connection.signal("key", b"after")
        wire.connection.close(Close.AUTH)
        expected = b"before" + closing(1012, "restarting") + goodbye(1012)
        assert await wire.everything() == expected


async def test_a_client_may_be_told_when_to_come_back() -> None:
    async with wired() as wire:
        wire.connection.close(Close.OVERLOADED, after=1234)
        assert b'"reconnect_after_ms":1234' in await wire.everything()


async def test_who_says_bye_needs_no_reason() -> None:
    async with wired() as wire:
        wire.connection.close(Close.BYE)
        assert await wire.everything() == goodbye(1000)


async def test_who_does_not_hang_up_is_hung_up_on() -> None:
    async with wired() as wire:
        wire.connection.close(Close.BYE)
        await wire.turn()
        await wire.say(b"wait")
        assert len(wire.keepalive) == 1
        await wire.seconds(LINGER)
        assert len(wire.keepalive) == 0
        assert wire.hearer.messages == []


async def test_a_message_after_the_closing_one_is_not_handed_up() -> None:
    async with wired() as wire:
        wire.hearer.then = lambda _: wire.connection.close(Close.BROKEN)
        await wire.say(b"rubbish", b"and more")
        await wire.everything()
        assert wire.hearer.messages == [b"rubbish"]


async def test_while_paused_nothing_is_handed_up() -> None:
    async with wired() as wire:
        wire.hearer.then = lambda _: wire.connection.pause()
        await wire.say(b"one", b"two", b"three")
        await wire.turn()
        assert wire.hearer.messages == [b"one"]
        await wire.say(b"four")
        await wire.turn()
        wire.connection.resume()
        assert wire.hearer.messages == [b"one", b"two"]
        wire.hearer.then = lambda _: None
        wire.connection.resume()
        await wire.turn()
        assert wire.hearer.messages == [b"one", b"two", b"three", b"four"]


async def test_a_pause_in_which_nothing_comes_costs_no_system_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with wired() as wire:
        watched: list[int] = []
        watch = wire.reactor.watch

        def seen(fd: int, flags: int) -> None:
            watched.append(flags)
            watch(fd, flags)

        monkeypatch.setattr(wire.reactor, "watch", seen)
        wire.connection.pause()
        await wire.turn()
        wire.connection.resume()
        assert watched == []
        wire.connection.pause()
        await wire.say(b"one")
        await wire.turn()
        before = wire.reactor.turns
        await wire.turn()
        # The socket is readable all the time: that must not keep the loop busy.
        assert wire.reactor.turns <= before + 1
        assert (watched, wire.hearer.messages) == ([0], [])
        wire.connection.resume()
        await wire.turn()
        assert (watched, wire.hearer.messages) == ([0, READ], [b"one"])


async def test_while_paused_it_still_sends() -> None:
    async with wired() as wire:
        wire.connection.pause()
        wire.connection.offer(b"hello")
        await wire.turn()
        assert await wire.far.recv(100) == b"hello"


async def test_while_paused_it_still_notices_that_nobody_is_there() -> None:
    async with wired() as wire:
        wire.connection.pause()
        await wire.turn()
        wire.far.close()
        await wire.turn()
        assert (wire.hearer.times_gone, len(wire.keepalive)) == (1, 0)


async def test_a_reader_too_slow_for_its_outbox_is_cut_off() -> None:
    async with wired() as wire:
        for _ in range(100):
            wire.connection.offer(BIG)
        assert not wire.connection.open
        received = await wire.everything()
        assert wire.edge.tally.limited == {"outbox_bytes": 1}
        assert wire.edge.tally.deepest() > 3 * len(BIG)
        assert wire.edge.tally.deepest() == 0
        # What had not begun to leave is dropped: it comes again by resuming.
        assert received.endswith(closing(4008, "slow") + goodbye(4008))
        assert len(received) < 2 * len(BIG)


async def test_the_frame_that_has_left_in_part_is_sent_to_its_end() -> None:
    async with wired(outbox_bytes=1024 * 1024) as wire:
        for number in range(8):
            wire.connection.offer(bytes([number]) * 100_000)
        await wire.turn()
        for number in range(8, 20):
            wire.connection.offer(bytes([number]) * 100_000)
        received = await wire.everything()
        end = closing(4008, "slow") + goodbye(4008)
        assert received.endswith(end)
        body = received.removesuffix(end)
        assert len(body) % 100_000 == 0
        assert [*dict.fromkeys(body)] == [*range(len(body) // 100_000)]


async def test_a_reader_that_stands_still_is_cut_off() -> None:
    async with wired(outbox_bytes=10**7) as wire:
        for _ in range(20):
            wire.connection.offer(BIG)
        await wire.turn()
        await wire.seconds(int(STALL) - 1)
        assert wire.connection.open
        await wire.seconds(2)
        assert not wire.connection.open
        assert wire.edge.tally.limited == {"stall_s": 1}
        assert wire.hearer.times_gone == 1


async def test_a_reader_that_takes_a_little_now_and_then_stays() -> None:
    async with wired(outbox_bytes=10**7) as wire:
        for _ in range(40):
            wire.connection.offer(BIG)
        await wire.turn()
        for _ in range(4):
            await wire.seconds(int(STALL) - 2)
            await wire.far.recv(400_000)
            await wire.turn()
            assert wire.connection.open


async def test_who_waits_for_room_is_called_when_there_is() -> None:
    async with wired(outbox_bytes=10**7) as wire:
        called: list[int] = []
        wire.connection.when_drained(lambda: called.append(0))
        assert called == [0]
        for _ in range(10):
            wire.connection.offer(BIG)
        assert not wire.connection.low
        wire.connection.when_drained(lambda: called.append(1))
        wire.connection.when_drained(lambda: called.append(2))
        await wire.turn()
        assert called == [0]
        received = 0
        while received < 10 * len(BIG):
            received += len(await wire.far.recv(65536))
            await wire.turn()
        assert called == [0, 1, 2]
        assert wire.connection.low


async def test_who_waits_for_room_is_not_called_once_it_is_over() -> None:
    async with wired(outbox_bytes=10**7) as wire:
        called: list[int] = []
        for _ in range(10):
            wire.connection.offer(BIG)
        wire.connection.when_drained(lambda: called.append(1))
        wire.connection.close(Close.RESTARTING)
        wire.connection.when_drained(lambda: called.append(2))
        await wire.everything()
        await wire.turn()
        assert called == []


async def test_the_hello_that_came_in_time_is_told_once() -> None:
    async with wired() as wire:
        wire.connection.greeted()
        wire.connection.greeted()
        assert wire.times_greeted == 1


async def test_who_leaves_before_the_hello_needs_no_time_limit() -> None:
    async with wired() as wire:
        wire.far.close()
        await wire.turn()
        assert wire.times_greeted == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (masked(0x82, b"binary"), 1003),
        (masked(TEXT, b"\xff"), 1007),
        (masked(0xF1, b"reserved bits"), 1002),
        (bytes((TEXT, 2)) + b"no mask", 1002),
        (masked(TEXT, b"x" * 65_537), 1009),
    ],
)
async def test_broken_frames_close_with_the_codes_of_websocket(
    data: bytes, code: int
) -> None:
    async with wired() as wire:
        await wire.far.send(masked(TEXT, b"fine") + data)
        received = await wire.everything()
        assert received.endswith(goodbye(code))
        assert wire.hearer.messages == [b"fine"]
        assert wire.hearer.times_gone == 1


async def test_in_msgpack_it_is_text_that_is_broken() -> None:
    async with wired(MSGPACK) as wire:
        await wire.far.send(masked(TEXT, b"text"))
        assert (await wire.everything()).endswith(goodbye(1003))


async def test_an_end_is_an_end() -> None:
    async with wired() as wire:
        connection = wire.connection
        for _ in range(2):
            connection.end()
        connection.flush()
        connection.ready(1)
        connection.ping()
        connection.offer(b"late")
        connection.resume()
        connection.close(Close.BYE)
        assert connection.check(10_000) is False
        assert wire.hearer.times_gone == 1
        assert await wire.everything() == b""


async def test_the_reactors_end_ends_it() -> None:
    wire = Wire()
    wire.connection.serve(wire.hearer, b"")
    wire.reactor.close()
    assert wire.hearer.times_gone == 1
    assert await wire.everything() == b""
    wire.far.close()


# How much is read (F57).


@asynccontextmanager
async def limited(*, trusted: bool = False) -> AsyncGenerator[Wire]:
    """A wire of which 50 frames and 16 KiB are read in a second."""
    async with wired() as wire:
        rate = IntakeRate(50, 16 * 1024)
        wire.connection._edge = msgspec.structs.replace(wire.edge, intake=rate)
        wire.connection.trusted = trusted
        yield wire


async def test_who_says_too_much_waits_and_nothing_is_lost() -> None:
    async with limited() as wire:
        said = [b'{"n":%d}' % number for number in range(330)]
        await wire.say(*said)
        await wire.turn()
        heard = len(wire.hearer.messages)
        assert 200 < heard <= 200 + TURN
        await wire.seconds(1)
        while len(wire.hearer.messages) < 330:
            await wire.seconds(1)
        assert wire.hearer.messages == said
        await wire.seconds(30)
        assert wire.connection.open
        assert wire.connection._intake is None


async def test_who_goes_on_is_sent_away() -> None:
    async with limited() as wire:
        for _ in range(10):
            await wire.say(*[b"{}"] * 150)
            await wire.seconds(1)
            if not wire.connection.open:
                break
        assert not wire.connection.open
        assert b'"code":4029' in await wire.everything()
        assert wire.hearer.times_gone == 1


@pytest.mark.parametrize("frame", [masked(PING, b""), masked(PONG, b"")])
async def test_pings_count_as_well(frame: bytes) -> None:
    async with limited() as wire:
        await wire.far.send(frame * 500)
        await wire.turn()
        assert wire.connection._paused
        await wire.seconds(4)
        assert not wire.connection.open


async def test_a_turn_answers_no_more_pings_than_one_read_holds() -> None:
    async with wired() as wire:
        # More than two reads; a ping is six bytes, and its answer two.
        await wire.far.send(masked(PING) * (RECEIVE // 2))
        # One of them may have come in part before.
        most = RECEIVE // 6 + 1
        wire.connection.ready(READ)
        answered = wire.connection._outbox.size // 2
        assert 0 < answered <= most
        wire.connection.ready(READ)
        assert wire.connection._outbox.size // 2 <= answered + most


async def test_load_tests_may_say_what_they_like() -> None:
    async with limited(trusted=True) as wire:
        for _ in range(20):
            await wire.say(*[b"{}"] * 300)
            await wire.seconds(1)
        assert len(wire.hearer.messages) == 6000


async def test_what_came_at_once_is_acted_on_in_turns() -> None:
    async with wired() as wire:
        turns: list[int] = []
        wire.hearer.then = lambda _: turns.append(wire.reactor.turns)
        await wire.say(*[b"{}"] * (2 * TURN + 1))
        await wire.turn()
        assert len(turns) == 2 * TURN + 1
        assert [turns.count(turn) for turn in sorted(set(turns))] == [TURN, TURN, 1]


async def test_one_that_is_closed_meanwhile_is_not_gone_on_with() -> None:
    async with wired() as wire:
        wire.hearer.then = lambda _: wire.connection.close(Close.BYE)
        await wire.say(*[b"{}"] * (2 * TURN))
        await wire.turn()
        assert len(wire.hearer.messages) == 1
        wire.connection.go_on()
        assert len(wire.hearer.messages) == 1
