import contextlib
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import msgpack
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from broker.wire.codec import BY_NAME, JSON, MSGPACK, SUBPROTOCOLS, Codec, codecs
from broker.wire.errors import Broken, Close, Code
from broker.wire.frames import Bye, Err, FromClient, MsgSend
from tests.wire.examples import CLIENT

BOTH = pytest.mark.parametrize("codec", [JSON.unframed, MSGPACK.unframed])
PACK: dict[Codec, Callable[[object], bytes]] = {
    JSON.unframed: msgspec.json.encode,
    MSGPACK.unframed: msgpack.packb,
}
FRAME_BYTES = 64 * 1024
MEGABYTE = 1 << 20


def decoded(codec: Codec, payload: bytes) -> FromClient | Err | Close | None:
    try:
        return codec.decode(payload)
    except Broken as broken:
        return broken.code


def refusal(codec: Codec, payload: bytes) -> tuple[str, str, object]:
    err = codec.decode(payload)
    assert isinstance(err, Err)
    return err.re, err.code, err.path


def close_code(codec: Codec, payload: bytes) -> Close:
    with pytest.raises(Broken) as broken:
        codec.decode(payload)
    assert broken.value.err is None
    return broken.value.code


def nested(depth: int, value: object = None) -> object:
    for level in range(depth):
        value = [value] if level % 2 else {"x": value}
    return value


def test_msgpack_is_preferred() -> None:
    assert SUBPROTOCOLS == ("shopwire.v1.msgpack", "shopwire.v1.json")
    assert BY_NAME["shopwire.v1.json"] is JSON


def test_a_framed_codec_has_an_unframed_twin() -> None:
    for codec in (JSON, MSGPACK):
        payload = codec.unframed.encode(Bye("1"))
        assert codec.encode(Bye("1")) == bytes((codec.opcode, len(payload))) + payload
        assert codec.unframed.unframed is codec.unframed
        assert codec.unframed.name == codec.name
    assert JSON.opcode == 0x81
    assert MSGPACK.opcode == 0x82


@BOTH
@pytest.mark.parametrize(
    "payload",
    [
        [],
        "bye",
        7,
        None,
        {},
        {"op": "bye"},
        {"id": "1"},
        {"op": "bye", "id": ""},
        {"op": "bye", "id": 1},
        {"op": "bye", "id": None},
        {"op": "bye", "id": "x" * 65},
        {"op": "bye", "id": "ł" * 33},
        {"op": "dance", "id": "ł" * 33},
        {"op": 1, "id": "1"},
        {"op": None, "id": "1"},
    ],
)
def test_what_is_no_map_or_has_no_op_and_id_breaks_the_protocol(
    codec: Codec, payload: object
) -> None:
    assert close_code(codec, PACK[codec](payload)) is Close.BROKEN


@BOTH
def test_an_id_may_have_64_bytes(codec: Codec) -> None:
    for id_ in ("x" * 64, "ł" * 32, "😀" * 16):
        assert codec.decode(PACK[codec]({"op": "bye", "id": id_})) == Bye(id_)


def test_an_escaped_id_is_measured_as_what_it_stands_for() -> None:
    payload = b'{"op":"bye","id":"' + rb"\u0142" * 33 + b'"}'
    assert close_code(JSON, payload) is Close.BROKEN


@BOTH
@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"op": "dance"}, "$.op"),
        ({"op": ""}, "$.op"),
        ({"op": "msg.send"}, "$.chat"),
        ({"op": "msg.send", "chat": 5}, "$.chat"),
        ({"op": "msg.send", "chat": "x" * 65}, "$.chat"),
        ({"op": "msg.send", "chat": "c", "text": ["a"]}, "$.text"),
        ({"op": "msg.send", "chat": "c", "blobs": ["b"] * 101}, "$.blobs"),
        ({"op": "msg.send", "chat": "c", "blobs": [1]}, "$.blobs[0]"),
        ({"op": "chat.open", "chat": "c", "after": -1}, "$.after"),
        ({"op": "chat.open", "chat": "c", "after": 2**53}, "$.after"),
        ({"op": "chat.open", "chat": "c", "after": 1.5}, "$.after"),
        ({"op": "chat.open", "chat": "c", "after": True}, "$.after"),
        ({"op": "chat.history", "chat": "c", "before": 1, "limit": 201}, "$.limit"),
        ({"op": "read", "chat": "c"}, "$.seq"),
        ({"op": "hello", "resume": {}}, "$.resume.chats"),
        ({"op": "hello", "resume": {"chats": {"c": "1"}}}, "$.resume.chats[...]"),
        ({"op": "presence.set", "state": "asleep"}, "$.state"),
        ({"op": "ticket.assign", "chat": "c"}, "$.to"),
    ],
)
def test_a_bad_field_is_named_in_the_answer(
    codec: Codec, fields: dict[str, object], path: str
) -> None:
    payload = PACK[codec]({"id": "7", **fields})
    assert refusal(codec, payload) == ("7", Code.BAD_FRAME, path)


@BOTH
def test_the_complaint_about_a_field_is_short(codec: Codec) -> None:
    err = codec.decode(PACK[codec]({"op": "x" * 60_000, "id": "1"}))
    assert isinstance(err, Err)
    assert len(str(err.reason)) <= 200


@BOTH
@pytest.mark.parametrize(
    "fields",
    [
        {"op": "typing"},
        {"op": "typing", "chat": 5, "on": True},
        {"op": "typing", "chat": "c", "on": "yes", "id": "1"},
        {"op": "view", "chat": "c", "on": True, "id": 5, "x": nested(9)},
    ],
)
def test_a_bad_signal_is_dropped_in_silence(
    codec: Codec, fields: dict[str, object]
) -> None:
    assert codec.decode(PACK[codec](fields)) is None


@pytest.mark.parametrize(
    "half", [rb"\ud800", rb"\uDFFF", rb"\ud83dx", rb"\ude00\ud83d"]
)
def test_half_a_surrogate_pair_is_answered_where_the_id_can_be_read(
    half: bytes,
) -> None:
    frame = b'{"op":"msg.send","id":"7","chat":"c","text":"a%sb"}' % half
    assert refusal(JSON, frame) == ("7", Code.BAD_UTF8, msgspec.UNSET)
    skipped = b'{"op":"bye","id":"7","mood":"%s"}' % half
    assert refusal(JSON, skipped) == ("7", Code.BAD_UTF8, msgspec.UNSET)
    unknown = b'{"op":"dance","mood":"%s","id":"7"}' % half
    assert refusal(JSON, unknown) == ("7", Code.BAD_UTF8, msgspec.UNSET)
    assert close_code(JSON, b'{"op":"bye","id":"%s"}' % half) is Close.BROKEN
    assert close_code(JSON, b'{"op":"msg.send","text":"%s"}' % half) is Close.BROKEN
    assert JSON.decode(b'{"op":"typing","chat":"%s","on":true}' % half) is None


def test_a_whole_surrogate_pair_is_a_character() -> None:
    frame = rb'{"op":"msg.send","id":"7","chat":"c","text":"\ud83d\ude00"}'
    said = JSON.decode(frame)
    assert isinstance(said, MsgSend)
    assert said.text == "😀"


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"a\xc5", b"\xc0\x80"])
def test_bytes_that_are_no_text_are_answered_where_the_id_can_be_read(
    text: bytes,
) -> None:
    def packed(**fields: bytes) -> bytes:
        strings = [
            bytes((0xA0 | len(part),)) + part
            for pair in fields.items()
            for part in (pair[0].encode(), pair[1])
        ]
        return bytes((0x80 | len(fields),)) + b"".join(strings)

    frame = packed(op=b"msg.send", chat=b"c", text=text, id=b"7")
    assert refusal(MSGPACK, frame) == ("7", Code.BAD_UTF8, msgspec.UNSET)
    in_id = packed(op=b"bye", id=text)
    assert close_code(MSGPACK, in_id) is Close.BROKEN
    in_op = packed(op=text, id=b"7")
    assert close_code(MSGPACK, in_op) is Close.BROKEN
    as_json = b'{"op":"msg.send","chat":"c","text":"%s","id":"7"}' % text
    assert refusal(JSON, as_json) == ("7", Code.BAD_UTF8, msgspec.UNSET)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b'{"op":"bye","id":"1"}x',
        b'{"op":"bye","id":"1","x":NaN}',
        b'{"op":"bye","id":"1","x":01}',
        b'{"op":"bye","id":"1","x":"\n"}',
        b'\xef\xbb\xbf{"op":"bye","id":"1"}',
        '{"op":"bye","id":"1"}'.encode("utf-16"),
        b'{"op":"bye","id":"1","x":' + b"9" * 5000,
    ],
)
def test_what_is_no_json_breaks_the_protocol(payload: bytes) -> None:
    assert close_code(JSON, payload) is Close.BROKEN


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x82\xa2op\xa3bye\xa2id\xa11x",
        b"\x82\xa2op\xa3bye\xa2id",
        b"\x82\xc4\x02op\xa3bye\xa2id\xa11",
        b"\x83\x01\x02\xa2op\xa3bye\xa2id\xa11",
        b"\x83\x91\x01\x02\xa2op\xa3bye\xa2id\xa11",
        b"\xc1",
        b"\xdf\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ],
)
def test_what_is_no_msgpack_map_with_words_as_keys_breaks_the_protocol(
    payload: bytes,
) -> None:
    assert close_code(MSGPACK, payload) is Close.BROKEN


@BOTH
@pytest.mark.parametrize("value", [None, "[{" * 9, "zażółć 😀😀😀😀😀😀"])
def test_eight_levels_are_read_and_nine_are_not(codec: Codec, value: object) -> None:
    flat = {"op": "bye", "id": "7", "y": [nested(1) for _ in range(30)]}
    eight = PACK[codec]({**flat, "x": nested(7, value)})
    assert codec.decode(eight) == Bye("7")
    nine = PACK[codec]({**flat, "x": nested(8, value)})
    assert refusal(codec, nine) == ("7", Code.BAD_FRAME, "$")


def test_msgpack_that_json_could_not_say_is_read_if_it_is_flat() -> None:
    brackets = b"\x91" * 20
    timestamp = {"op": "bye", "id": "7", "x": brackets, "y": datetime.now(UTC)}
    assert MSGPACK.decode(msgspec.msgpack.encode(timestamp)) == Bye("7")
    extension = [msgspec.msgpack.Ext(5, brackets)]
    nested_one = {"op": "bye", "id": "7", "x": extension}
    packed = msgspec.msgpack.encode(nested_one)
    assert refusal(MSGPACK, packed) == ("7", Code.BAD_FRAME, "$")


BOMBS = {
    "open arrays": b"\x91" * MEGABYTE,
    "empty arrays": b"\xdd\x00\x0f\xff\xfb" + b"\x90" * MEGABYTE,
    "a list that is not there": b"\xdd\xff\xff\xff\xff",
    "arrays in a field": b"\x83\xa2op\xa3bye\xa2id\xa11\xa1x\xdc\xff\xc0"
    + b"\x90" * 0xFFC0,
    "deep arrays in a field": b"\x83\xa2op\xa3bye\xa2id\xa11\xa1x" + b"\x91" * 65000,
    "empty arrays as text": b"[" + b"[]," * 21000 + b"[]]",
    "text in a field": b'{"op":"bye","id":"1","x":[' + b"[]," * 21000 + b"[]]}",
    "deep text": b'{"op":"bye","id":"1","x":' + b"[" * 65000,
    "deep maps": b'{"op":"bye","id":"1","x":' + b'{"":' * 16000,
    "surrogates": rb'{"op":"bye","id":"1","x":"' + rb"\ud800" * 10900 + b'"}',
    "backslashes": rb'{"op":"bye","id":"1","x":"' + rb"\\" * 32000 + rb'\ud800"}',
    "quotes": b'{"op":"bye","id":"1","x":[[[[[[[["' + rb"\"" * 32000 + b'"]]]]]]]]}',
    "digits": b'{"op":"bye","id":"1","x":' + b"9" * 65000 + b"}",
    "half a text": b'{"op":"bye","id":"1","x":"' + b"a" * 65000,
    "spaces": b'{"op":"bye"' + b" " * 65000,
    "keys": b"{" + b",".join(b'"%d":{}' % i for i in range(6500)) + b"}",
}


def peak(codec: Codec, payload: bytes) -> int:
    """Return the most bytes that decoding `payload` held at once."""
    tracemalloc.start()
    decoded(codec, payload)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_builds_nothing(name: str) -> None:
    payload = BOMBS[name]
    for codec in (JSON, MSGPACK):
        assert peak(codec, payload) < 8 * MEGABYTE


@given(st.binary(max_size=200))
@example(b"")
def test_junk_is_broken_or_answered_but_never_a_traceback(payload: bytes) -> None:
    for codec in (JSON, MSGPACK):
        said = decoded(codec, payload)
        assert said is None or isinstance(said, FromClient | Err | Close)
        with contextlib.suppress(Broken):
            codec.hear(payload)
        with contextlib.suppress(Broken):
            codec.fields(payload)


@given(
    which=st.sampled_from([frame for frame, _ in CLIENT]),
    data=st.data(),
)
def test_a_frame_with_some_bytes_changed_is_never_a_traceback(
    which: FromClient, data: st.DataObject
) -> None:
    for codec in (JSON.unframed, MSGPACK.unframed):
        payload = bytearray(codec.encode(which))
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(payload) - 1))
            payload[at] = data.draw(st.integers(0, 255))
        said = decoded(codec, bytes(payload))
        if isinstance(said, Err):
            assert 1 <= len(said.re.encode()) <= 64
            assert said.code in (Code.BAD_FRAME, Code.BAD_UTF8)
            codec.encode(said)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["op", "id", "chat", "text", "on", "seq", "resume", "x"]),
        st.sampled_from(["hello", "msg.send", "typing", "read", "c", "1"])
        | st.recursive(
            LEAVES,
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=10,
        ),
    )
)
def test_both_subprotocols_judge_a_map_alike(fields: dict[str, object]) -> None:
    def judged(codec: Codec) -> object:
        try:
            payload = PACK[codec](fields)
        except (OverflowError, msgspec.EncodeError):
            return "unsayable"
        said = decoded(codec, payload)
        return (said.re, said.code, said.path) if isinstance(said, Err) else said

    by_msgpack = judged(MSGPACK.unframed)
    # NaN and its kind are `null` in JSON, and 2.0 is read as an integer by neither.
    if "nan" not in repr(fields) and "inf" not in repr(fields):
        assert by_msgpack in ("unsayable", judged(JSON.unframed))


@pytest.mark.parametrize("name", SUBPROTOCOLS)
def test_how_deep_is_too_deep_is_for_the_broker_to_say(name: str) -> None:
    strict, usual = codecs(5)[name].unframed, BY_NAME[name].unframed
    for depth, fits in ((4, True), (5, False)):
        said = {"op": "bye", "id": "1", "x": nested(depth)}
        payload = PACK[usual](said)
        assert isinstance(usual.decode(payload), Bye)
        assert isinstance(strict.decode(payload), Bye) == fits
