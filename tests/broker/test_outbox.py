import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.edge.outbox import LOW_WATER, Outbox, SlowPeer


class Narrow:
    """A socket that takes so many bytes at a time, and then none for a while."""

    def __init__(self, room: list[int]) -> None:
        self.room = room
        self.sent = b""
        self.sends = 0

    def write(self, _fd: int, data: bytes) -> int:
        self.sends += 1
        room = self.room.pop(0) if self.room else len(data)
        if not room:
            raise BlockingIOError
        self.sent += data[:room]
        return min(room, len(data))


def flush(outbox: Outbox, to: Narrow) -> bool:
    """Flush to all that an outbox needs of a socket."""
    return outbox.flush(-1, to.write)


def test_what_was_offered_leaves_in_one_send_and_in_order() -> None:
    outbox, to = Outbox(), Narrow([])
    asked = [outbox.offer(frame) for frame in (b"one", b"two", b"three")]
    # One flush is enough for all of them.
    assert asked == [True, False, False]
    assert outbox.size == 11
    assert flush(outbox, to) is True
    assert (to.sent, to.sends) == (b"onetwothree", 1)
    assert outbox.empty
    assert outbox.size == 0
    assert outbox.offer(b"four") is True


def test_nothing_to_send_sends_nothing() -> None:
    outbox, to = Outbox(), Narrow([])
    assert flush(outbox, to) is False
    assert to.sends == 0


def test_what_a_full_socket_leaves_is_sent_later() -> None:
    outbox, to = Outbox(), Narrow([5, 0, 2])
    outbox.offer(b"one")
    outbox.offer(b"two")
    assert flush(outbox, to) is True
    assert (outbox.blocked, outbox.size) == (True, 1)
    assert flush(outbox, to) is False
    assert outbox.blocked
    # Nobody needs to ask for a flush: the socket will.
    assert outbox.offer(b"three") is False
    assert flush(outbox, to) is True
    assert outbox.blocked
    assert flush(outbox, to) is True
    assert not outbox.blocked
    assert to.sent == b"onetwothree"


def test_a_frame_beyond_the_limit_is_not_queued() -> None:
    outbox, to = Outbox(limit=10), Narrow([])
    outbox.offer(b"12345")
    with pytest.raises(SlowPeer):
        outbox.offer(b"123456")
    outbox.offer(b"67890")
    flush(outbox, to)
    assert to.sent == b"1234567890"


def test_of_each_signal_the_newest_leaves_after_the_frames() -> None:
    outbox, to = Outbox(), Narrow([])
    assert outbox.signal("a", b"a1") is True
    assert outbox.signal("b", b"b1") is False
    outbox.offer(b"frame ")
    outbox.signal("a", b"a2")
    assert not outbox.empty
    flush(outbox, to)
    assert to.sent == b"frame a2b1"
    assert outbox.empty


def test_signals_alone_leave_too() -> None:
    outbox, to = Outbox(), Narrow([0])
    outbox.signal("a", b"on")
    assert flush(outbox, to) is False
    assert outbox.blocked
    assert flush(outbox, to) is True
    assert to.sent == b"on"


def test_who_lags_behind_gets_no_signals() -> None:
    outbox, to = Outbox(), Narrow([])
    outbox.offer(b"x" * (LOW_WATER - 1))
    assert outbox.low
    outbox.offer(b"x")
    assert not outbox.low
    assert outbox.signal("a", b"on") is False
    flush(outbox, to)
    assert to.sent == b"x" * LOW_WATER


def test_a_cut_leaves_the_rest_of_a_frame_that_has_left_in_part() -> None:
    outbox, to = Outbox(), Narrow([4])
    for frame in (b"one", b"two", b"three"):
        outbox.offer(frame)
    flush(outbox, to)
    outbox.signal("a", b"on")
    outbox.cut()
    # It counts no longer, so that there is room for last words.
    assert outbox.size == 0
    outbox.offer(b" bye")
    flush(outbox, to)
    assert to.sent == b"onetwo bye"


def test_a_cut_of_nothing_is_nothing() -> None:
    outbox = Outbox()
    outbox.cut()
    assert outbox.empty
    assert outbox.size == 0


@given(
    st.lists(st.one_of(st.binary(min_size=1, max_size=40), st.none()), max_size=40),
    st.lists(st.integers(0, 30), max_size=40),
)
def test_whatever_the_socket_takes_the_bytes_stay_in_order(
    said: list[bytes | None], room: list[int]
) -> None:
    """`None` stands for a flush."""
    outbox, to = Outbox(), Narrow([*room])
    for frame in said:
        if frame is None:
            flush(outbox, to)
        else:
            outbox.offer(frame)
    while not outbox.empty:
        flush(outbox, to)
    assert to.sent == b"".join(frame for frame in said if frame)
    assert outbox.size == 0
    assert not outbox.blocked
