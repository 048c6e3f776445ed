import pytest
import trio

from actors.ids import ChatId, Person
from broker.local import OUTBOX_BYTES, LocalClosed, LocalSocket
from broker.wire.codec import JSON, MSGPACK, Codec
from broker.wire.errors import Close
from broker.wire.frames import Badge, Bye, Eph
from tests.broker.wires import Hearer


class Here:
    """A connection in memory, and who listens behind it."""

    def __init__(self, codec: Codec = MSGPACK) -> None:
        self.wakes = 0
        self.local = LocalSocket(self._wake, codec)
        self.hearer = Hearer()
        self.local.serve(self.hearer)

    def _wake(self) -> None:
        self.wakes += 1

    def offer(self, n: int) -> None:
        self.local.offer(self.local.codec.encode(Badge(n)))

    def signal(self, key: str, *, on: bool) -> None:
        eph = Eph(ChatId("c"), "typing", Person("bot"), on)
        self.local.signal(key, self.local.codec.encode(eph))


def big() -> bytes:
    return MSGPACK.unframed.encode({"t": "x", "text": "x" * 60_000})


@pytest.mark.parametrize("codec", [JSON, MSGPACK])
async def test_both_ends_speak_the_subprotocol(codec: Codec) -> None:
    here = Here(codec)
    await here.local.send(Bye("1"))
    assert here.hearer.messages == [here.local.codec.encode(Bye("1"))]
    assert here.wakes == 1
    here.offer(3)
    assert await here.local.receive() == {"t": "badge", "n": 3}


@pytest.mark.parametrize("codec", [JSON, MSGPACK])
async def test_a_frame_may_be_given_as_its_fields(codec: Codec) -> None:
    here = Here(codec)
    await here.local.send({"op": "bye", "id": "1"})
    assert here.local.codec.decode(here.hearer.messages[0]) == Bye("1")


async def test_signals_come_after_frames_the_newest_of_each() -> None:
    here = Here()
    here.signal("a", on=True)
    here.signal("b", on=True)
    here.offer(1)
    here.signal("a", on=False)
    frames = [await here.local.receive() for _ in range(3)]
    assert [f.get("n", f.get("on")) for f in frames] == [1, False, True]


async def test_who_has_read_everything_waits(autojump_clock: object) -> None:
    del autojump_clock
    here = Here()
    for number in range(2):
        if number:
            here.offer(1)
        else:
            here.signal("a", on=True)
        await here.local.receive()
        with trio.move_on_after(5) as waited:
            await here.local.receive()
        assert waited.cancelled_caught


async def test_who_waits_is_woken(autojump_clock: object) -> None:
    del autojump_clock
    here = Here()

    async def offer_later() -> None:
        await trio.sleep(5)
        here.offer(7)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(offer_later)
        assert (await here.local.receive())["n"] == 7


async def test_an_answer_is_picked_out_of_what_comes_before_it() -> None:
    here = Here()

    def answer(_: bytes) -> None:
        here.offer(1)
        here.local.offer(here.local.codec.encode({"t": "ok", "re": "1"}))
        here.offer(2)

    here.hearer.then = answer
    ok, before = await here.local.ask({"op": "bye", "id": "1"})
    assert ok == {"t": "ok", "re": "1"}
    assert [frame["n"] for frame in before] == [1]
    assert (await here.local.receive())["n"] == 2


async def test_what_was_sent_before_the_end_can_still_be_read() -> None:
    here = Here()
    here.offer(1)
    here.signal("a", on=True)
    here.local.close(Close.RESTARTING, after=5)
    assert (await here.local.receive())["n"] == 1
    closing = await here.local.receive()
    assert (closing["t"], closing["code"]) == ("closing", 1012)
    assert closing["reconnect_after_ms"] == 5
    assert (await here.local.receive())["on"] is True
    for _ in range(2):
        with pytest.raises(LocalClosed) as closed:
            await here.local.receive()
        assert closed.value.code is Close.RESTARTING
    with pytest.raises(LocalClosed):
        await here.local.send(Bye("1"))


async def test_after_the_end_nothing_more_is_sent() -> None:
    here = Here()
    here.local.close(Close.BYE)
    here.local.close(Close.AUTH)
    here.offer(1)
    here.signal("a", on=True)
    here.local.when_drained(lambda: pytest.fail("there is nobody"))
    with pytest.raises(LocalClosed) as closed:
        await here.local.receive()
    assert closed.value.code is Close.BYE
    assert here.hearer.times_gone == 1


async def test_a_client_that_leaves_is_gone() -> None:
    here = Here()
    async with here.local:
        pass
    here.local.close_now()
    assert here.hearer.times_gone == 1
    assert here.local.closed is Close.BYE


async def test_who_does_not_read_is_cut_off() -> None:
    here = Here()
    for _ in range(OUTBOX_BYTES // 60_000 + 1):
        here.local.offer(big())
    assert here.local.closed is Close.SLOW
    closing = await here.local.receive()
    assert closing["code"] == 4008


async def test_room_is_told_of_when_there_is() -> None:
    here = Here()
    called: list[int] = []
    here.local.when_drained(lambda: called.append(0))
    assert called == [0]
    for _ in range(3):
        here.local.offer(big())
    assert not here.local.low
    here.local.when_drained(lambda: called.append(1))
    here.local.when_drained(lambda: called.append(2))
    here.signal("a", on=True)
    await here.local.receive()
    assert called == [0]
    wakes = here.wakes
    await here.local.receive()
    assert called == [0, 1, 2]
    assert here.wakes > wakes
    # The signal was dropped, for the reader lagged behind.
    assert (await here.local.receive())["t"] == "x"
    assert not here.local._signals


async def test_while_paused_nothing_is_handed_up() -> None:
    here = Here()
    here.local.greeted()
    here.local.pause()
    for number in range(3):
        await here.local.send(Bye(str(number)))
    assert here.hearer.messages == []
    here.hearer.then = lambda _: here.local.pause()
    here.local.resume()
    assert len(here.hearer.messages) == 1
    here.hearer.then = lambda _: None
    here.local.resume()
    assert len(here.hearer.messages) == 3
