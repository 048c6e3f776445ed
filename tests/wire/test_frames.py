from typing import get_args

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.ids import ChatId, Seq
from broker.wire.codec import JSON, MSGPACK, Codec
from broker.wire.frames import (
    SIGNALS,
    ChatHistory,
    ClientFrame,
    FromClient,
    FromServer,
    MsgSend,
    Signal,
)
from broker.wire.heard import Event, Known, Reply, Unknown
from tests.wire.examples import CLIENT, EV, SERVER

BOTH = pytest.mark.parametrize("codec", [JSON.unframed, MSGPACK.unframed])


def untyped(codec: Codec, payload: bytes) -> object:
    if codec.name.endswith("json"):
        return msgspec.json.decode(payload)
    found: object = msgpack.unpackb(payload)
    return found


@BOTH
@pytest.mark.parametrize(("frame", "as_json"), CLIENT)
def test_a_client_frame_is_what_the_contract_says(
    frame: FromClient, as_json: dict[str, object], codec: Codec
) -> None:
    assert untyped(codec, codec.encode(frame)) == as_json


@BOTH
@pytest.mark.parametrize(("frame", "as_json"), SERVER)
def test_a_server_frame_is_what_the_contract_says(
    frame: FromServer, as_json: dict[str, object], codec: Codec
) -> None:
    assert untyped(codec, codec.encode(frame)) == as_json


@BOTH
@pytest.mark.parametrize("frame", [frame for frame, _ in CLIENT])
def test_a_client_frame_comes_back_as_it_went(frame: FromClient, codec: Codec) -> None:
    assert codec.decode(codec.encode(frame)) == frame


@pytest.mark.parametrize(("frame", "as_json"), CLIENT)
def test_a_client_frame_written_by_another_library_is_read(
    frame: FromClient, as_json: dict[str, object]
) -> None:
    assert MSGPACK.decode(msgpack.packb(as_json)) == frame
    assert JSON.decode(msgspec.json.format(msgspec.json.encode(as_json))) == frame


@BOTH
@pytest.mark.parametrize(("frame", "as_json"), SERVER)
def test_a_client_understands_every_server_frame(
    frame: FromServer, as_json: dict[str, object], codec: Codec
) -> None:
    heard = codec.hear(codec.encode(frame))
    assert not isinstance(heard, Unknown)
    for name in heard.__struct_fields__:
        value = getattr(heard, name)
        if value is not msgspec.UNSET and name in as_json:
            assert msgspec.to_builtins(value) == as_json[name]
    assert codec.fields(codec.encode(frame)) == as_json


@BOTH
def test_unknown_fields_are_skipped_on_both_sides(codec: Codec) -> None:
    odd: list[object] = [1, {}]
    frame = {"op": "msg.send", "id": "1", "chat": "c", "text": "Hi", "mood": odd}
    assert codec.decode(codec.encode(frame)) == MsgSend("1", ChatId("c"), "Hi")
    ok = {"t": "ok", "re": "1", "weather": {"sun": True}}
    assert codec.hear(codec.encode(ok)) == Reply("1")


@BOTH
def test_an_unknown_server_frame_is_known_to_be_unknown(codec: Codec) -> None:
    assert codec.hear(codec.encode({"t": "dance", "steps": 3})) == Unknown("dance")


@BOTH
def test_an_unknown_event_kind_is_an_event_like_any_other(codec: Codec) -> None:
    ev = {**codec.fields(codec.encode(EV)), "kind": "sang", "body": {"song": [1, 2]}}
    heard = codec.hear(codec.encode(ev))
    assert isinstance(heard, Event)
    assert (heard.kind, heard.body) == ("sang", {"song": [1, 2]})


def test_every_operation_and_every_server_frame_has_an_example() -> None:
    ops = {type(frame) for frame, _ in CLIENT}
    assert ops == set(get_args(ClientFrame))
    heard = {type(JSON.hear(JSON.unframed.encode(frame))) for frame, _ in SERVER}
    assert heard == set(get_args(Known))


def test_the_signals_are_the_operations_without_an_id() -> None:
    signals = {
        frame.__struct_config__.tag
        for frame in get_args(ClientFrame)
        if issubclass(frame, Signal)
    }
    assert signals == SIGNALS


def test_null_stands_for_an_absent_field_of_a_client() -> None:
    frame = {"op": "msg.send", "id": "1", "chat": "c", "text": "Hi", "macro": None}
    assert JSON.decode(JSON.unframed.encode(frame)) == MsgSend("1", ChatId("c"), "Hi")


def test_a_page_of_history_is_fifty_unless_asked_otherwise() -> None:
    asked = JSON.decode(b'{"op":"chat.history","id":"1","chat":"c","before":9}')
    assert asked == ChatHistory("1", ChatId("c"), Seq(9), 50)


@given(text=st.text(), id_=st.text(min_size=1, max_size=16))
def test_a_text_arrives_as_it_was_sent(text: str, id_: str) -> None:
    frame = MsgSend(id_, ChatId("c"), text)
    for codec in (JSON.unframed, MSGPACK.unframed):
        assert codec.decode(codec.encode(frame)) == frame
    packed = MSGPACK.unframed.encode(frame)
    assert msgpack.unpackb(packed) == {
        "op": "msg.send",
        "id": id_,
        "chat": "c",
        "text": text,
    }
