import base64
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, RejectConnection, Request
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from broker.wire.codec import SUBPROTOCOLS
from broker.wire.upgrade import (
    HEAD_BYTES,
    Head,
    Refused,
    Upgraded,
    answer,
    parse_head,
    refused,
    upgrade,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HEADERS = {
    "Host": "127.0.0.1:8080",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "shopwire.v1.json",
}


def head(
    headers: Mapping[str, str | None] | None = None,
    *more: str,
    request: str = "GET /ws HTTP/1.1",
) -> bytes:
    fields = {**HEADERS, **(headers or {})}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([request, *lines, *more, "", ""]).encode("utf-8")


def status(asked: bytes) -> int:
    said = upgrade(asked, SUBPROTOCOLS)
    return said.status if isinstance(said, Refused) else 101


def judged_by_wsproto(asked: bytes) -> tuple[int, str | None]:
    """Return what wsproto answers by itself."""
    server = WSConnection(ConnectionType.SERVER)
    try:
        server.receive_data(asked)
        event = next(server.events(), None)
    except RemoteProtocolError as error:
        hint = error.event_hint
        return hint.status_code if isinstance(hint, RejectConnection) else 400, None
    except (UnicodeError, ValueError):
        return 400, None
    if not isinstance(event, Request):
        return 400, None
    for name in SUBPROTOCOLS:
        if name in event.subprotocols:
            try:
                server.send(AcceptConnection(subprotocol=name))
            except LocalProtocolError:
                return 400, None
            return 101, name
    return 400, None


def accepted_by_wsproto(said: Upgraded, key: str) -> bool:
    """Return whether a wsproto client that offered both takes the answer."""
    client = WSConnection(ConnectionType.CLIENT)
    sent = client.send(Request(host="h", target="/ws", subprotocols=[*SUBPROTOCOLS]))
    own_key = sent.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0].decode()
    again = upgrade(
        head(
            {"Sec-WebSocket-Key": own_key, "Sec-WebSocket-Protocol": said.subprotocol}
        ),
        SUBPROTOCOLS,
    )
    assert isinstance(again, Upgraded)
    client.receive_data(again.answer)
    events = list(client.events())
    assert key != own_key
    return events == [
        AcceptConnection(subprotocol=said.subprotocol, extensions=[], extra_headers=[])
    ]


def test_a_plain_upgrade_is_answered_as_the_rfc_shows() -> None:
    said = upgrade(head(), SUBPROTOCOLS)
    assert said == Upgraded(
        b"HTTP/1.1 101 Switching Protocols\r\n"
        b"Upgrade: websocket\r\n"
        b"Connection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        b"Sec-WebSocket-Protocol: shopwire.v1.json\r\n\r\n",
        "shopwire.v1.json",
    )


@pytest.mark.parametrize("name", SUBPROTOCOLS)
def test_a_wsproto_client_takes_the_answer(name: str) -> None:
    said = upgrade(head({"Sec-WebSocket-Protocol": name}), SUBPROTOCOLS)
    assert isinstance(said, Upgraded)
    assert accepted_by_wsproto(said, KEY)


def test_our_preference_decides_between_offers() -> None:
    offer = {"Sec-WebSocket-Protocol": "x, shopwire.v1.json ,shopwire.v1.msgpack"}
    said = upgrade(head(offer), SUBPROTOCOLS)
    assert isinstance(said, Upgraded)
    assert said.subprotocol == "shopwire.v1.msgpack"


def test_an_offer_may_come_in_several_lines() -> None:
    more = "Sec-WebSocket-Protocol: shopwire.v1.json"
    assert status(head({"Sec-WebSocket-Protocol": "other"}, more)) == 101


@pytest.mark.parametrize(
    "offer", [None, "", "other", "Shopwire.v1.json", "shopwire.v2"]
)
def test_neither_subprotocol_offered_is_a_bad_request(offer: str | None) -> None:
    assert status(head({"Sec-WebSocket-Protocol": offer})) == 400


@pytest.mark.parametrize("target", ["/", "/wss", "/ws/", "/WS", "http://h/ws", "*"])
def test_another_path_is_not_found(target: str) -> None:
    assert status(head(request=f"GET {target} HTTP/1.1")) == 404


def test_a_query_does_not_matter() -> None:
    assert status(head(request="GET /ws?tab=1 HTTP/1.1")) == 101


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"Host": None}, 400),
        ({"Upgrade": None}, 400),
        ({"Upgrade": "h2c"}, 400),
        ({"Connection": "close"}, 400),
        ({"Connection": None}, 400),
        ({"Sec-WebSocket-Key": None}, 400),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Version": None}, 400),
    ],
)
def test_what_an_upgrade_must_have(changed: dict[str, str | None], wanted: int) -> None:
    said = upgrade(head(changed), SUBPROTOCOLS)
    assert isinstance(said, Refused)
    assert said.status == wanted
    assert said.answer.startswith(b"HTTP/1.1 %d " % wanted)


def test_an_old_version_is_told_the_right_one() -> None:
    said = upgrade(head({"Sec-WebSocket-Version": "8"}), SUBPROTOCOLS)
    assert b"\r\nSec-Websocket-Version: 13\r\n" in said.answer


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"Connection": "keep-alive, Upgrade"}, "Firefox"),
        ({"Upgrade": "WebSocket"}, "capitals"),
        ({"Connection": "keep-alive,upgrade"}, "no space"),
        ({"Sec-WebSocket-Extensions": "permessage-deflate"}, "browsers"),
        ({"Host": "xn--bcher-kva.example"}, "punycode"),
        ({"Host": "[::1]:8080"}, "IPv6"),
        ({"Content-Length": "0"}, "an empty body"),
        ({"sec-websocket-key": KEY, "Sec-WebSocket-Key": None}, "lower case"),
        ({"Sec-WebSocket-Key": "short"}, "wsproto does not mind"),
        ({"Host": ""}, "nor does it here"),
        ({"X-Tab": "a\tb"}, "a tab"),
    ],
)
def test_odd_but_good_upgrades(changed: dict[str, str | None], why: str) -> None:
    assert status(head(changed)) == 101, why


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS"])
def test_only_get_upgrades(method: str) -> None:
    assert status(head(request=f"{method} /ws HTTP/1.1")) == 400


@pytest.mark.parametrize(
    "name", [*HEADERS, "Origin", "User-Agent", "Sec-WebSocket-Extensions"]
)
@pytest.mark.parametrize("bad", ["\x80", "ż", "\x00", "\x7f", "\x1b"])
def test_a_byte_that_is_not_printable_is_a_bad_request(name: str, bad: str) -> None:
    # One of these killed a whole server that left the head to wsproto.
    assert status(head({name: f"a{bad}b"})) == 400
    assert status(head({f"X{bad}": "1"})) == 400


@pytest.mark.parametrize("name", ["Host", "Sec-WebSocket-Key", "Origin"])
def test_what_must_be_said_once_must_not_be_said_twice(name: str) -> None:
    asked = head({"Origin": "https://shop.example"}, f"{name.lower()}: x")
    assert status(asked) == 400


@pytest.mark.parametrize(
    "asked",
    [
        b"",
        b"\r\n\r\n",
        b"GET /ws HTTP/1.1\r\n",
        b"GET /ws HTTP/1.1\r\n\r",
        b"GET /ws HTTP/1.0\r\n\r\n",
        b"GET /ws HTTP/2\r\n\r\n",
        b"GET  /ws HTTP/1.1\r\n\r\n",
        b"get /ws HTTP/1.1\r\n\r\n",
        b"GET /w s HTTP/1.1\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /ws HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
        b"GET /ws HTTP/1.1\r\n: x\r\n\r\n",
        b"GET /ws HTTP/1.1\nHost: x\n\n",
        b"GET /ws HTTP/1.1\r\nHost: x\ry\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_a_bad_one(asked: bytes) -> None:
    said = parse_head(asked)
    assert isinstance(said, Refused)
    assert said.status == 400


def test_a_head_has_a_limit() -> None:
    room = HEAD_BYTES - len(head({"X-Fill": ""}))
    assert status(head({"X-Fill": "x" * room})) == 101
    assert status(head({"X-Fill": "x" * (room + 1)})) == 431


def test_a_head_tells_where_a_request_goes_and_whence_it_came() -> None:
    asked = head(
        {"Origin": "https://shop.example", "X-Forwarded-For": "10.0.0.1"},
        "x-forwarded-for:10.0.0.2 ",
        request="GET /desk/?x=1 HTTP/1.1",
    )
    found = parse_head(asked)
    assert isinstance(found, Head)
    assert (found.method, found.target, found.path) == ("GET", "/desk/?x=1", "/desk/")
    assert found.wants_websocket
    assert found.headers["origin"] == "https://shop.example"
    assert found.headers["host"] == "127.0.0.1:8080"
    assert found.headers["x-forwarded-for"] == "10.0.0.1, 10.0.0.2"
    assert found.raw == asked
    assert answer(found, SUBPROTOCOLS).answer.startswith(b"HTTP/1.1 404 ")


def test_a_plain_request_wants_no_websocket() -> None:
    found = parse_head(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert isinstance(found, Head)
    assert not found.wants_websocket


def test_a_refusal_is_a_whole_answer() -> None:
    assert refused(503, "Full.", retry_after="5").answer == (
        b"HTTP/1.1 503 Service Unavailable\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Length: 6\r\n"
        b"Connection: close\r\n"
        b"Retry-After: 5\r\n\r\n"
        b"Full.\n"
    )


KEYS = st.binary(min_size=16, max_size=16).map(
    lambda raw: base64.b64encode(raw).decode()
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
NAMES = st.sampled_from(
    [*HEADERS, "Origin", "Content-Length", "Transfer-Encoding", "X-A", "host", "Expect"]
)


def head_of(
    changed: dict[str, str | None], more: Sequence[tuple[str, str]], request: str
) -> bytes:
    return head(changed, *(f"{name}: {value}" for name, value in more), request=request)


HEADS = st.builds(
    head_of,
    st.dictionaries(
        st.sampled_from([*HEADERS]),
        VALUES
        | st.none()
        | KEYS
        | st.sampled_from(["Upgrade", "websocket", "13", "keep-alive, upgrade", "h:1"])
        | st.sampled_from(SUBPROTOCOLS),
        max_size=2,
    ),
    st.lists(
        st.tuples(NAMES, VALUES | st.sampled_from(["0", "5", "chunked"])), max_size=2
    ),
    st.sampled_from(
        ["GET /ws HTTP/1.1"] * 4 + ["POST /ws HTTP/1.1", "GET /ws?a HTTP/1.1"]
    ),
)


@given(HEADS)
@example(head({"Host": "a" * 70}))
@example(head({"Host": "a..b"}))
@example(head({"Host": "xn--a"}))
@example(head({"Content-Length": "5"}))
@example(head({"Transfer-Encoding": "chunked"}))
@example(head({"Content-Length": "x"}))
@example(head({"Connection": "Upgrade,"}))
def test_wsproto_alone_would_answer_the_same(asked: bytes) -> None:
    said = upgrade(asked, SUBPROTOCOLS)
    theirs, chosen = judged_by_wsproto(asked)
    if isinstance(said, Upgraded):
        assert (theirs, chosen) == (101, said.subprotocol)
    elif said.status != theirs:
        # We are stricter only about what may be said once.
        names = [line.partition(b":")[0].lower() for line in asked.split(b"\r\n")]
        assert len(names) > len(set(names))
        assert said.status == 400


@given(st.binary(max_size=400))
def test_junk_is_refused_and_never_a_traceback(asked: bytes) -> None:
    assert status(asked) in (400, 404, 431)


@given(st.data())
def test_a_head_with_some_bytes_changed_is_never_a_traceback(
    data: st.DataObject,
) -> None:
    asked = bytearray(head({"Origin": "https://shop.example"}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(asked) - 1))
        asked[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    said = upgrade(bytes(asked), SUBPROTOCOLS)
    if isinstance(said, Upgraded):
        assert judged_by_wsproto(bytes(asked)) == (101, said.subprotocol)
