"""As much of a server's frames as a run looks at, and nothing more is asked of them.

The broker's own client asks for whole frames and hides what was repeated or missing. A
load tester has to see just that, and to get along with a server that says the least.
"""

from collections.abc import Callable

import msgspec

from broker.wire.codec import JSON, Codec


class Body(msgspec.Struct, frozen=True, gc=False):
    """What happened, of those kinds that are looked at."""

    text: str | None = None
    who: str = ""
    upto: int = 0
    auto: str | None = None
    to: str | None = None
    state: str = ""
    since: int = 0
    count: int = 0


class Row(msgspec.Struct, frozen=True, gc=False):
    """A ticket in an agent's list."""

    chat: str
    status: str = "open"
    unread: bool = False
    assignee: str | None = None
    control: str = "humans"


class Heard(msgspec.Struct, gc=False):
    """Any frame of a server's."""

    t: str
    re: str = ""
    chat: str | None = None
    seq: int = 0
    prev: int | None = None
    by: str = ""
    kind: str = ""
    body: Body = Body()
    code: str | int = ""
    message: str = ""
    retry: bool = False
    retry_ms: float = 0
    head: int = 0
    upto: int = 0
    dup: bool = False
    existing: bool = False
    epoch: str | None = None
    session: str = ""
    who: str = ""
    reason: str = ""
    reconnect_after_ms: float = 0
    at: int = 0
    state: str = ""
    since: int = 0
    count: int = 0
    assignee: str | None = None
    rows: tuple[Row, ...] = ()
    badge: int | None = None
    n: int = 0
    ix: int = 0
    iprev: int = 0
    more: bool = False
    cursor: str | None = None
    config: object = None


class Garbled(ValueError):
    """It is no frame of this protocol."""


_json: Callable[[bytes], Heard] = msgspec.json.Decoder(Heard).decode
_msgpack: Callable[[bytes], Heard] = msgspec.msgpack.Decoder(Heard).decode


def heard(codec: Codec, payload: bytes) -> Heard:
    """Return the frame in `payload`.

    Raises:
        Garbled: there is none.
    """
    try:
        return _json(payload) if codec is JSON.unframed else _msgpack(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Garbled(str(error)) from error
