import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.wire.framing import FRAGMENTS, FRAME_BYTES, Framer
from broker.wire.gauge import Gauge
from tests.wire.joined import (
    BINARY,
    CONT,
    NOT_FINAL,
    PING,
    Heard,
    Reference,
    cut,
    header,
    masked,
)
from tests.wire.test_framing import PROTOCOL_ERRORS, STREAMS


def admitted(*chunks: bytes, frame_bytes: int = FRAME_BYTES) -> bytes:
    gauge = Gauge(BINARY, frame_bytes=frame_bytes)
    return b"".join(b"".join(gauge.admit(chunk)) for chunk in chunks)


def ended(data: bytes) -> int | None:
    """Return the code that wsproto finds in what is admitted."""
    return Reference(BINARY).feed([data]).ended


def test_what_is_within_limits_passes_unchanged() -> None:
    for size in (0, 1, 125, 126, 65535, 65536):
        assert admitted(masked(BINARY, b"x" * size)) == masked(BINARY, b"x" * size)


@pytest.mark.parametrize("size", [FRAME_BYTES + 1, 1 << 32, 1 << 62])
def test_too_big_a_frame_is_a_goodbye_as_soon_as_it_is_announced(size: int) -> None:
    before = masked(BINARY, b"before")
    said = admitted(before, header(BINARY, size, width=8), b"x" * 100)
    assert said.startswith(before)
    heard = Reference(BINARY).feed([said])
    assert (heard.messages, heard.ended) == ([b"before"], 1009)


def test_a_message_in_fragments_counts_as_one() -> None:
    half = b"x" * (FRAME_BYTES // 2)
    begin = masked(BINARY & NOT_FINAL, half)
    assert ended(admitted(begin, masked(CONT, half))) is None
    assert ended(admitted(begin, masked(CONT, half + b"x"))) == 1009
    assert ended(admitted(begin, masked(CONT, half), begin, masked(CONT, half))) is None


def test_empty_fragments_count() -> None:
    more = masked(CONT & NOT_FINAL)
    begin = masked(BINARY & NOT_FINAL)
    assert ended(admitted(begin, more * (FRAGMENTS - 2), masked(CONT))) is None
    assert ended(admitted(begin, more * (FRAGMENTS - 1), masked(CONT))) == 1009


def test_pings_between_fragments_do_not_count() -> None:
    pings = masked(PING, b"x" * 125) * 1000
    data = masked(BINARY & NOT_FINAL) + pings + masked(CONT)
    assert admitted(data) == data


@pytest.mark.parametrize("name", PROTOCOL_ERRORS)
def test_a_wrong_frame_is_left_to_whoever_reads_on(name: str) -> None:
    assert ended(admitted(PROTOCOL_ERRORS[name])) == 1002


@given(data=STREAMS, places=st.lists(st.integers(0, 2000)))
def test_where_the_bytes_are_cut_makes_no_difference(
    data: bytes, places: list[int]
) -> None:
    whole = admitted(data, frame_bytes=100)
    assert admitted(*cut(data, places), frame_bytes=100) == whole


@given(data=STREAMS, places=st.lists(st.integers(0, 2000)))
def test_wsproto_behind_a_gauge_says_what_a_framer_says(
    data: bytes, places: list[int]
) -> None:
    framer = Framer(BINARY, frame_bytes=100, fragments=2)
    gauge = Gauge(BINARY, frame_bytes=100, fragments=2)
    ours = Heard(framer).feed(cut(data, places))
    admitted = [b"".join(gauge.admit(chunk)) for chunk in cut(data, places)]
    theirs = Reference(BINARY).feed(admitted)
    assert ours.messages == theirs.messages
    if ours.ended == theirs.ended:
        return
    # A framer waits for the end of a frame that it finds too much or wrong.
    assert ours.ended in {None, 1002, 1003, 1007}
    assert theirs.ended in {1002, 1003, 1007, 1009}
