"""Bytes of a NATS server: whole messages however they come, and rubbish by its name."""

import itertools
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.cluster.nats import codec
from broker.cluster.nats.codec import Failure, Info, Message, Parser, ProtocolError

SPOKEN = (
    b'INFO {"server_name":"n1","version":"2.15","headers":true,"max_payload":4096}\r\n'
    b"MSG a.b 7 5\r\nhello\r\n"
    b"MSG a.b 7 to.me 2\r\n\r\n\r\n"
    b"+OK\r\n"
    b"HMSG a 12 25 27\r\nNATS/1.0\r\nA: 1\r\nB:two\r\n\r\nhi\r\n"
    b"HMSG in 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
    b"HMSG in 1 back 26 26\r\nNATS/1.0 100 Idle Beat\r\n\r\n\r\n"
    b"-ERR 'Slow Consumer'\r\nPONG\r\n"
)
MEANT = [
    Info("n1", "2.15", headers=True, max_payload=4096),
    Message("a.b", 7, "", {}, b"hello"),
    Message("a.b", 7, "to.me", {}, b"\r\n"),
    Message("a", 12, "", {"A": "1", "B": "two"}, b"hi"),
    Message("in", 1, "", {}, b"", 503),
    Message("in", 1, "back", {"Description": "Idle Beat"}, b"", 100),
    Failure("Slow Consumer"),
    codec.PONG,
]


@given(st.lists(st.integers(0, len(SPOKEN)), max_size=12))
def test_it_is_the_same_wherever_it_is_cut(cuts: list[int]) -> None:
    parser, heard = Parser(), list[codec.Said]()
    edges = [0, *sorted(cuts), len(SPOKEN)]
    for begin, end in itertools.pairwise(edges):
        heard += list(parser.feed(SPOKEN[begin:end]))
    assert heard == MEANT


@pytest.mark.parametrize(
    "rubbish",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"INFO {\r\n",
        b"MSG a 1 x\r\n",
        b"MSG a 1 -4\r\n",
        b"MSG a 1 99999999999\r\n",
        b"MSG a one 1\r\nx\r\n",
        b"MSG 1\r\nx\r\n",
        b"MSG a 1 1\r\nxyz\r\n",
        b"HMSG a 1 9 2\r\n",
        b"HMSG a 1 4 4\r\nabcd\r\n",
        b"x" * (codec.MAX_LINE + codec.MAX_BODY + 1),
    ],
    ids=lambda rubbish: repr(rubbish[:20]),
)
def test_rubbish_is_called_so(rubbish: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(Parser().feed(rubbish))


@given(st.binary(max_size=200))
def test_noise_is_waited_for_or_refused(noise: bytes) -> None:
    with suppress(ProtocolError):
        list(Parser().feed(noise))


@given(
    st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1),
    st.binary(),
    st.dictionaries(st.sampled_from(["One", "Two"]), st.sampled_from(["", "x", "ü:"])),
)
def test_what_is_published_says_how_long_it_is(
    subject: str, data: bytes, headers: dict[str, str]
) -> None:
    first, rest = codec.publish(subject, data, headers=headers).split(b"\r\n", 1)
    assert int(first.split(b" ")[-1]) == len(rest) - 2
    assert rest.endswith(data + b"\r\n")


def test_nothing_breaks_out_of_its_line() -> None:
    for subject in ("", "a b", "a\r\nPUB b 0"):
        with pytest.raises(ValueError, match="not a subject"):
            codec.publish(subject, b"")
        with pytest.raises(ValueError, match="not a subject"):
            codec.subscribe(subject, 1)
    with pytest.raises(ValueError, match="two lines"):
        codec.publish("a", b"", headers={"A": "1\r\nB: 2"})
