"""What a proxy says before a request: the PROXY protocol."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.wire.proxied import (
    LONGEST_V1,
    NOTHING,
    V1,
    V2,
    BadPreamble,
    Preamble,
    preamble,
)

HEAD = b"GET /ws HTTP/1.1\r\n\r\n"


def second(command: int, family: int, addresses: bytes) -> bytes:
    return V2 + bytes((command, family)) + len(addresses).to_bytes(2) + addresses


V4 = bytes((203, 0, 113, 9, 10, 0, 0, 1)) + b"\x12\x34\x00\x50"
V6 = bytes.fromhex("20010db8000000000000000000000001") * 2 + b"\x12\x34\x00\x50"

GOOD = [
    (b"PROXY TCP4 203.0.113.9 10.0.0.1 4660 80\r\n", "203.0.113.9"),
    (b"PROXY TCP6 2001:db8::1 2001:db8::2 4660 80\r\n", "2001:db8::1"),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN what ever follows\r\n", None),
    (second(0x21, 0x11, V4), "203.0.113.9"),
    (second(0x21, 0x11, V4 + b"\x03\x00\x04TLVs"), "203.0.113.9"),
    (second(0x21, 0x21, V6), "2001:db8::1"),
    (second(0x20, 0x00, b""), None),
    (second(0x20, 0x11, V4), None),
    (second(0x21, 0x31, bytes(216)), None),
]


@pytest.mark.parametrize(("said", "address"), GOOD)
def test_a_proxy_says_for_whom_it_connects(said: bytes, address: str | None) -> None:
    assert preamble(said + HEAD) == Preamble(len(said), address)


@pytest.mark.parametrize(("said", "address"), GOOD)
def test_it_may_come_in_any_pieces(said: bytes, address: str | None) -> None:
    for size in range(len(said)):
        assert preamble(said[:size]) is None
    assert preamble(said) == Preamble(len(said), address)


@pytest.mark.parametrize("said", [HEAD, b"POST / HTTP/1.1\r\n", b"\r\n\r\nx", b"PROXX"])
def test_a_request_may_come_without_it(said: bytes) -> None:
    assert preamble(said) == NOTHING


@pytest.mark.parametrize(
    "said",
    [
        b"PROXY TCP4 203.0.113.9 10.0.0.1 4660\r\n",
        b"PROXY TCP4 me 10.0.0.1 4660 80\r\n",
        b"PROXY UDP4 203.0.113.9 10.0.0.1 4660 80\r\n",
        b"PROXY \r\n",
        b"PROXY " + b"x" * LONGEST_V1,
        second(0x22, 0x11, V4),
        second(0x11, 0x11, V4),
        second(0x21, 0x11, V4[:4]),
        V2 + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_none_ends_it(said: bytes) -> None:
    with pytest.raises(BadPreamble):
        preamble(said)


@given(st.sampled_from([V1, V2, b""]), st.binary(max_size=200))
def test_junk_is_answered_one_way_or_the_other(begin: bytes, junk: bytes) -> None:
    try:
        told = preamble(begin + junk)
    except BadPreamble:
        return
    assert told is None or 0 <= told.size <= len(begin + junk)
