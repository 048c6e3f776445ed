import pytest

from actors.ids import ChatId
from broker.wire.codec import JSON, MSGPACK, Codec
from broker.wire.errors import Broken, Close, Code
from broker.wire.frames import Bye, ChatOpen, Err, FromClient, Hello, MsgSend, Typing
from broker.wire.session import ServerSession

BOTH = pytest.mark.parametrize("codec", [JSON, MSGPACK])
C = ChatId("c")


def greeted(codec: Codec = JSON) -> ServerSession:
    session = ServerSession(codec)
    session.receive(codec.unframed.encode(Hello("h")))
    session.welcomed("shopper")
    return session


def broken(session: ServerSession, payload: bytes) -> Broken:
    with pytest.raises(Broken) as raised:
        session.receive(payload)
    return raised.value


@BOTH
def test_a_hello_is_handed_up_and_then_everything_else(codec: Codec) -> None:
    session = ServerSession(codec)
    for frame in (Hello("h", token="t"), Bye("1"), MsgSend("2", C, "Hi")):
        assert session.receive(codec.unframed.encode(frame)) == frame


def test_a_client_need_not_wait_for_its_welcome() -> None:
    session = ServerSession(JSON)
    session.receive(JSON.unframed.encode(Hello("h")))
    opened = ChatOpen("1", C)
    assert session.receive(JSON.unframed.encode(opened)) == opened
    assert session.role == ""
    session.welcomed("agent")
    assert session.role == "agent"


@BOTH
@pytest.mark.parametrize("first", [Bye("1"), MsgSend("1", C, "Hi")])
def test_the_first_frame_must_be_a_hello(codec: Codec, first: FromClient) -> None:
    end = broken(ServerSession(codec), codec.unframed.encode(first))
    assert end.code is Close.AUTH
    assert isinstance(end.err, Err)
    assert (end.err.re, end.err.code) == ("1", Code.HELLO_TIMEOUT)


@pytest.mark.parametrize(
    "first",
    [
        JSON.unframed.encode(Typing(C, on=True)),
        b'{"op":"typing"}',
    ],
)
def test_to_a_signal_before_hello_nothing_can_be_said(first: bytes) -> None:
    end = broken(ServerSession(JSON), first)
    assert (end.code, end.err) == (Close.AUTH, None)


def test_an_unknown_operation_before_hello_is_no_hello_either() -> None:
    end = broken(ServerSession(JSON), b'{"op":"dance","id":"1"}')
    assert end.code is Close.AUTH
    assert isinstance(end.err, Err)
    assert end.err.code == Code.HELLO_TIMEOUT


def test_a_hello_with_a_bad_field_may_be_said_again() -> None:
    session = ServerSession(JSON)
    err = session.receive(b'{"op":"hello","id":"1","token":5}')
    assert isinstance(err, Err)
    assert (err.code, err.path) == (Code.BAD_FRAME, "$.token")
    assert session.receive(b'{"op":"hello","id":"2"}') == Hello("2")


def test_junk_before_hello_breaks_the_protocol() -> None:
    assert broken(ServerSession(JSON), b"[]").code is Close.BROKEN


def test_a_second_hello_is_refused() -> None:
    err = greeted().receive(JSON.unframed.encode(Hello("again")))
    assert isinstance(err, Err)
    assert (err.re, err.code) == ("again", Code.FORBIDDEN)


def test_bad_frames_are_answered_and_bad_signals_are_not() -> None:
    session = greeted()
    err = session.receive(b'{"op":"dance","id":"1"}')
    assert isinstance(err, Err)
    assert err.code == Code.BAD_FRAME
    assert session.receive(b'{"op":"typing","chat":5}') is None
    assert session.receive(JSON.unframed.encode(Bye("2"))) == Bye("2")


def test_a_session_is_small() -> None:
    assert not hasattr(greeted(), "__dict__")
