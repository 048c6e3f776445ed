"""The HTTP request before a connection: what it asks for, and the answer to an upgrade.

wsproto and h11 take 130-199 us for a handshake, which a thousand clients coming back at
once would wait for in line, and wsproto fails with a traceback on a byte that is not
ASCII. So heads are taken apart here, more strictly than HTTP asks, and a plain upgrade
is answered here; one that is odd but readable is left to wsproto.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha1
from http import HTTPStatus
from typing import NamedTuple

from wsproto import ConnectionType, WSConnection
from wsproto.events import RejectConnection, Request
from wsproto.utilities import RemoteProtocolError

PATH = "/ws"
HEAD_BYTES = 16 * 1024
"""What a head may measure; nobody's cookies for a chat server are longer."""

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""
_ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: %s\r\n"
    b"Sec-WebSocket-Protocol: %s\r\n\r\n"
)
_KEY_CHARS = 24
"""16 bytes in base64."""
_UPGRADE_REQUIRED = 426
_PRINTABLE = bytes([*range(0x20, 0x7F), *b"\t\r\n"])
_REQUEST = re.compile(r"([A-Z]+) ([!-~]+) HTTP/1\.1\r\n")
_HOST = re.compile(
    r"(?!.*xn--)(?=[^:]{1,63}(:|\Z))[-0-9A-Za-z]+(\.[-0-9A-Za-z]+)*(:[0-9]{1,5})?",
    re.IGNORECASE,
)
"""A host that is surely one for wsproto, which decodes it as an international name."""
_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_FIELDS = re.compile(rf"(?:{_NAME}:[^\r\n]*+\r\n)*+\r\n")
_FIELD = re.compile(rf"({_NAME}):[ \t]*([^\r\n]*)\r\n")
_ONCE = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "origin",
        "sec-websocket-key",
        "sec-websocket-version",
        "upgrade",
    }
)
"""Headers of which a second one is an attempt to be read in two ways."""


class Head(NamedTuple):
    """A readable request."""

    method: str
    target: str
    """As sent: path and query."""
    headers: dict[str, str]
    """By lower-case name; repeated ones are joined by `, `."""
    raw: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def wants_websocket(self) -> bool:
        """Whether it asks to go on with another protocol than HTTP."""
        return "websocket" in self.headers.get("upgrade", "").lower()


class Upgraded(NamedTuple):
    """The WebSocket begins when `answer` is sent."""

    answer: bytes
    subprotocol: str


class Refused(NamedTuple):
    """The connection ends when `answer` is sent."""

    status: int
    answer: bytes


def refused(status: int, text: str = "", **headers: str) -> Refused:
    """Return an HTTP error with `text` for people; `retry_after` is `Retry-After`."""
    phrase = HTTPStatus(status).phrase
    body = f"{text or phrase}\n".encode()
    fields = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **{name.replace("_", "-").title(): headers[name] for name in headers},
    }
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{k}: {v}" for k, v in fields.items())]
    return Refused(status, "\r\n".join([*lines, "", ""]).encode() + body)


def parse_head(head: bytes) -> Head | Refused:
    """Return the request whose head is `head`, its empty last line included."""
    if len(head) > HEAD_BYTES:
        return refused(431)
    if head.translate(None, _PRINTABLE):
        return refused(400, "Only printable ASCII, please.")
    text = head.decode("ascii")
    request = _REQUEST.match(text)
    if request is None or not _FIELDS.fullmatch(text, request.end()):
        return refused(400)
    headers: dict[str, str] = {}
    for name, value in _FIELD.findall(text, request.end()):
        key = name.lower()
        if key not in headers:
            headers[key] = value.rstrip(" \t")
        elif key in _ONCE:
            return refused(400, f"More than one {name}.")
        else:
            headers[key] += ", " + value.rstrip(" \t")
    return Head(request[1], request[2], headers, head)


def upgrade(head: bytes, supported: Sequence[str]) -> Upgraded | Refused:
    """Return the answer to an upgrade request; see `answer`."""
    parsed = parse_head(head)
    return answer(parsed, supported) if isinstance(parsed, Head) else parsed


def answer(head: Head, supported: Sequence[str]) -> Upgraded | Refused:
    """Return the answer to an upgrade request; `supported` is in order of preference.

    Who is asking, and from where, is for the caller to judge before.
    """
    if head.path != PATH:
        return refused(404)
    if not _is_plain(head.headers) or head.method != "GET":
        refusal = _judged_by_wsproto(head)
        if refusal is not None:
            return refusal
    asked = _listed(head.headers, "sec-websocket-protocol")
    for name in supported:
        if name in asked:
            key = head.headers["sec-websocket-key"].encode()
            accept = b64encode(sha1(key + _GUID).digest())  # noqa: S324, the RFC's choice
            return Upgraded(_ACCEPTED % (accept, name.encode()), name)
    return refused(400, f"Offer one of the subprotocols {', '.join(supported)}.")


def _listed(headers: dict[str, str], name: str) -> list[str]:
    return [item.strip(" \t") for item in headers.get(name, "").split(",")]


def _is_plain(headers: dict[str, str]) -> bool:
    """Return whether this is how browsers and libraries ask; wsproto would agree."""
    return (
        headers.get("upgrade", "").lower() == "websocket"
        and "upgrade" in headers.get("connection", "").lower().split(", ")
        and headers.get("sec-websocket-version") == "13"
        and len(headers.get("sec-websocket-key", "")) == _KEY_CHARS
        and _HOST.fullmatch(headers.get("host", "")) is not None
        and "content-length" not in headers
        and "transfer-encoding" not in headers
    )


def _judged_by_wsproto(head: Head) -> Refused | None:
    """Return what wsproto has against an odd request, if anything."""
    server = WSConnection(ConnectionType.SERVER)
    try:
        server.receive_data(head.raw)
        event = next(server.events(), None)
    except RemoteProtocolError as error:
        hint = error.event_hint
        status = hint.status_code if isinstance(hint, RejectConnection) else 400
        more = {"sec_websocket_version": "13"} if status == _UPGRADE_REQUIRED else {}
        return refused(status, str(error), **more)
    except UnicodeError:
        # A host name that is none, as a label of more than 63 characters.
        return refused(400)
    return None if isinstance(event, Request) else refused(400)
