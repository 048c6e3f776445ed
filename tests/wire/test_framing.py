import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping

from broker.wire.framing import (
    FRAGMENTS,
    FRAME_BYTES,
    Framer,
    close_frame,
    frame,
    ping_frame,
)
from tests.wire.joined import (
    BINARY,
    CLOSE,
    CONT,
    MASK,
    NOT_FINAL,
    PING,
    PONG,
    TEXT,
    Heard,
    Reference,
    cut,
    header,
    masked,
)

SIZES = (0, 1, 125, 126, 127, 65535, 65536)


def heard(*chunks: bytes, opcode: int = BINARY) -> Heard:
    return Heard(Framer(opcode)).feed(chunks)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_of_any_size_is_taken(size: int, opcode: int) -> None:
    payload = b"x" * size
    assert heard(masked(opcode, payload), opcode=opcode).messages == [payload]


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_we_send_is_one_that_wsproto_takes(size: int) -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(frame(BINARY, b"x" * size))
    parts = [event for event in client.events() if isinstance(event, BytesMessage)]
    assert b"".join(bytes(part.data) for part in parts) == b"x" * size
    assert parts[-1].message_finished


def test_several_messages_at_once_are_taken_in_order() -> None:
    sent = [b"a", b"", b"b" * 200, b"c"]
    assert heard(b"".join(masked(BINARY, each) for each in sent)).messages == sent


def test_a_ping_is_answered_with_what_it_said() -> None:
    assert heard(masked(PING, b"hey")).replies == [frame(PONG, b"hey")]
    assert heard(masked(PING)).replies == [frame(PONG, b"")]


def test_a_pong_is_no_news() -> None:
    assert heard(masked(PONG, b"hey")).seen() == ([], [], None, b"")


def test_a_close_is_answered_with_its_code() -> None:
    said = heard(masked(BINARY, b"a") + masked(CLOSE, b"\x03\xe8bye") + b"junk")
    assert said.messages == [b"a"]
    assert (said.ended, said.last) == (1000, close_frame(1000))
    private = heard(masked(CLOSE, (4999).to_bytes(2)))
    assert (private.ended, private.last) == (4999, close_frame(4999))


def test_a_close_without_a_code_is_answered_without_one() -> None:
    said = heard(masked(CLOSE))
    assert (said.ended, said.last) == (1005, b"\x88\x00")


def test_a_fragmented_message_is_joined_and_controls_may_come_between() -> None:
    said = heard(
        masked(BINARY & NOT_FINAL, b"a"),
        masked(PING, b"1"),
        masked(CONT & NOT_FINAL),
        masked(PONG),
        masked(CONT, b"b"),
        masked(BINARY, b"c"),
    )
    assert said.seen() == ([b"ab", b"c"], [frame(PONG, b"1")], None, b"")
    assert said.framer.idle


def test_a_close_may_come_within_a_fragmented_message() -> None:
    said = heard(masked(BINARY & NOT_FINAL, b"a") + masked(CLOSE, b"\x03\xe9"))
    assert (said.messages, said.ended) == ([], 1001)


def test_a_character_may_be_cut_by_fragments() -> None:
    text = "zażółć 😀".encode()
    for at in range(len(text) + 1):
        said = heard(
            masked(TEXT & NOT_FINAL, text[:at]) + masked(CONT, text[at:]), opcode=TEXT
        )
        assert said.messages == [text]


PROTOCOL_ERRORS = {
    "no mask": header(BINARY, 1, mask=0) + b"a",
    "no mask, nothing in it": header(BINARY, 0, mask=0),
    "a reserved bit": masked(BINARY | 0x40, b"a"),
    "all reserved bits": masked(BINARY | 0x70, b"a"),
    "an unknown opcode": masked(0x83, b"a"),
    "an unknown control": masked(0x8B),
    "a fragmented ping": masked(PING & NOT_FINAL),
    "a long ping": masked(PING, b"a" * 126),
    "a long pong": masked(PONG, b"a" * 126),
    "a pong without a mask": header(PONG, 0, mask=0),
    "a continuation of nothing": masked(CONT, b"a"),
    "a message within a message": masked(BINARY & NOT_FINAL) + masked(BINARY),
    "a length of 5 in 2 bytes": masked(BINARY, b"aaaaa", width=2),
    "a length of 5 in 8 bytes": masked(BINARY, b"aaaaa", width=8),
    "a length of 300 in 8 bytes": masked(BINARY, b"a" * 300, width=8),
    "a negative length": header(BINARY, 1 << 63, width=8),
    "a huge frame without a mask": header(BINARY, 1 << 62, width=8, mask=0),
    "a close of one byte": masked(CLOSE, b"\x03"),
    "a close with a code that is never sent": masked(CLOSE, b"\x03\xed"),
    "a close with a code nobody has": masked(CLOSE, b"\x00\x01"),
}


@pytest.mark.parametrize("name", PROTOCOL_ERRORS)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_protocol_error_closes_with_1002(name: str, opcode: int) -> None:
    data = PROTOCOL_ERRORS[name]
    if opcode == TEXT:
        data = data.replace(b"\x82", b"\x81", 1).replace(b"\x02", b"\x01", 1)
    for chunks in ([data], [data[at : at + 1] for at in range(len(data))]):
        said = heard(*chunks, opcode=opcode)
        assert said.ended == 1002
        assert said.last[:4] == b"\x88\x02\x03\xea"


@pytest.mark.parametrize("bad", ["no mask", "a reserved bit", "an unknown opcode"])
def test_a_bad_header_is_refused_before_its_payload_has_come(bad: str) -> None:
    first = PROTOCOL_ERRORS[bad][0]
    mask = 0 if bad == "no mask" else 0x80
    head = header(first, 60_000, mask=mask) + MASK
    assert heard(head).ended == 1002


@pytest.mark.parametrize("size", [FRAME_BYTES + 1, 1 << 32, 1 << 62])
def test_too_big_a_frame_is_refused_by_its_header(size: int) -> None:
    begin = header(BINARY, size, width=8)
    assert heard(begin).ended == 1009
    assert heard(*(begin[at : at + 1] for at in range(len(begin)))).ended == 1009


def test_too_big_a_message_in_fragments_is_refused() -> None:
    half = b"x" * (FRAME_BYTES // 2)
    fits = heard(masked(BINARY & NOT_FINAL, half), masked(CONT, half))
    assert fits.messages == [half + half]
    over = heard(masked(BINARY & NOT_FINAL, half), masked(CONT, half + b"x"))
    assert (over.messages, over.ended) == ([], 1009)


def test_too_many_fragments_are_refused_even_if_they_are_empty() -> None:
    more = masked(CONT & NOT_FINAL)
    fits = heard(masked(BINARY & NOT_FINAL) + more * (FRAGMENTS - 2) + masked(CONT))
    assert fits.messages == [b""]
    over = heard(masked(BINARY & NOT_FINAL) + more * (FRAGMENTS - 1) + masked(CONT))
    assert over.ended == 1009


def test_limits_are_the_operators() -> None:
    framer = Framer(BINARY, frame_bytes=4, fragments=1)
    assert Heard(framer).feed([masked(BINARY, b"12345")]).ended == 1009
    framer = Framer(BINARY, frame_bytes=4, fragments=1)
    said = Heard(framer).feed([masked(BINARY & NOT_FINAL, b"1") + masked(CONT)])
    assert said.ended == 1009


def test_the_other_type_of_message_closes_with_1003() -> None:
    assert heard(masked(TEXT, b"a")).ended == 1003
    assert heard(masked(BINARY, b"a"), opcode=TEXT).ended == 1003
    assert heard(masked(TEXT & NOT_FINAL, b"a")).ended == 1003


@pytest.mark.parametrize(
    "bad", [b"\xff", b"\xed\xa0\x80", b"a\xc5", b"\xf5\x80\x80\x80"]
)
def test_a_text_that_is_no_text_closes_with_1007(bad: bytes) -> None:
    assert heard(masked(TEXT, b'{"x":"' + bad + b'"}'), opcode=TEXT).ended == 1007
    in_two = masked(TEXT & NOT_FINAL, bad) + masked(CONT)
    assert heard(in_two, opcode=TEXT).ended == 1007
    assert heard(masked(BINARY, bad)).messages == [bad]


def test_what_we_send_ourselves() -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(ping_frame() + ping_frame(b"x") + close_frame(4008, "slow"))
    events = list(client.events())
    assert events == [Ping(b""), Ping(b"x"), CloseConnection(4008, "slow")]


def test_a_long_reason_is_cut_between_characters() -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(close_frame(4000, "ż" * 100))
    assert list(client.events()) == [CloseConnection(4000, "ż" * 61)]


# Any frame a client could send: mostly fine, sometimes not.
FRAMES = st.builds(
    masked,
    st.sampled_from(
        [BINARY] * 6 + [TEXT, CONT, PING, PONG, BINARY & 0x7F, CONT & 0x7F, 0x7F & TEXT]
    )
    | st.integers(0, 255),
    st.binary(max_size=140) | st.just(b"\x03\xe8"),
)
OPCODES = st.sampled_from([TEXT, BINARY])
STREAMS = st.lists(FRAMES | st.binary(max_size=20), max_size=12).map(b"".join)


@given(data=STREAMS, places=st.lists(st.integers(0, 2000)), opcode=OPCODES)
def test_every_split_of_the_bytes_gives_the_same(
    data: bytes, places: list[int], opcode: int
) -> None:
    whole = heard(data, opcode=opcode)
    split = heard(*cut(data, places), opcode=opcode)
    assert split.seen() == whole.seen()
    single = heard(*(data[at : at + 1] for at in range(len(data))), opcode=opcode)
    assert single.seen() == whole.seen()


@given(data=STREAMS, places=st.lists(st.integers(0, 2000)), opcode=OPCODES)
def test_wsproto_alone_would_say_the_same(
    data: bytes, places: list[int], opcode: int
) -> None:
    chunks = cut(data, places)
    ours = heard(*chunks, opcode=opcode)
    theirs = Reference(opcode).feed(chunks)
    if ours.ended == 1009:
        # It knows no limits.
        assert ours.messages == theirs.messages[: len(ours.messages)]
        return
    assert ours.messages == theirs.messages
    assert ours.replies == theirs.replies
    if theirs.ended is None or ours.ended is not None:
        assert ours.ended == theirs.ended
    else:
        # It may judge a payload whose end we wait for.
        assert not ours.framer.idle


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_junk_closes_with_a_code(data: bytes, places: list[int]) -> None:
    said = heard(*cut(data, places))
    assert said.ended is None or 1000 <= said.ended <= 4999


def test_an_idle_framer_keeps_nothing() -> None:
    framer = Framer(BINARY)
    said = Heard(framer)
    assert framer.idle
    said.feed([masked(BINARY, b"a")[:-1]])
    assert not framer.idle
    said.feed([masked(BINARY, b"a")[-1:], masked(PING)])
    assert framer.idle
    assert not hasattr(framer, "__dict__")


def test_an_idle_framer_is_small() -> None:
    tracemalloc.start()
    framers = [Framer(BINARY) for _ in range(1000)]
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert size / len(framers) < 200


def test_a_frame_that_comes_byte_by_byte_is_not_copied_for_each_byte() -> None:
    data = masked(BINARY, b"x" * 64_000)
    framer = Framer(BINARY)
    messages: list[bytes] = []
    kept: set[int] = set()
    for at in range(len(data)):
        messages += framer.feed(data[at : at + 1], messages.append)
        kept.add(id(framer._rest))
    # One buffer that grows, beside the empty one before and after.
    assert len(kept) <= 3
    assert messages == [b"x" * 64_000]


def test_small_frames_in_large_reads_cost_in_proportion_to_their_bytes() -> None:
    data = masked(BINARY, b"x" * 10) * 20_000
    chunks = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    assert len(heard(*chunks).messages) == 20_000
