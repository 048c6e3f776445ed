"""The two subprotocols: the same frames in different bytes.

A typed decoder makes a frame cheap to take and dear to abuse: it builds nothing that a
frame has no field for, and refuses a megabyte of open brackets in 0.3 ms where an
untyped one takes 392 ms and 72 MB. Only what it will not have is looked at once more.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import msgspec

from broker.wire.doubts import MAX_DEPTH, UNREADABLE, Doubts, in_json, in_msgpack
from broker.wire.errors import Broken, Close
from broker.wire.fields import MAX_ID
from broker.wire.frames import ClientFrame, Err, FromClient, FromServer
from broker.wire.framing import BINARY, TEXT, frame
from broker.wire.heard import Fields, Heard, Known, Unknown


class Codec:
    """One subprotocol on one kind of transport. Compared by identity: there are few.

    A framed one encodes whole WebSocket frames, ready for any number of sockets; its
    unframed twin encodes payloads, for transports that frame by themselves.
    """

    def __init__(
        self, name: str, module: ModuleType, doubts: Doubts, *, framed: bool = True
    ) -> None:
        self.name = name
        """The subprotocol's."""
        self.opcode = TEXT if module is msgspec.json else BINARY
        self.unframed = Codec(name, module, doubts, framed=False) if framed else self
        self._framed = framed
        self._doubts = doubts
        self._payload: Callable[[FromServer | FromClient | Fields], bytes]
        self._payload = module.Encoder().encode
        self._request: Callable[[bytes], ClientFrame]
        self._request = module.Decoder(ClientFrame).decode
        self._known: Callable[[bytes], Known] = module.Decoder(Known).decode
        self._unknown: Callable[[bytes], Unknown] = module.Decoder(Unknown).decode
        self._fields: Callable[[bytes], Fields]
        self._fields = module.Decoder(dict[str, Any]).decode

    def encode(self, said: FromServer | FromClient | Fields) -> bytes:
        """Return the bytes to send; `Fields` are for frames that are not known here."""
        payload = self._payload(said)
        return frame(self.opcode, payload) if self._framed else payload

    def decode(self, payload: bytes) -> ClientFrame | Err | None:
        """Return the frame in a client's `payload`, or what to answer to a bad one.

        `None` stands for a bad signal: nobody is to hear of it.

        Raises:
            Broken: it is no frame at all, or none that could be answered.
        """
        try:
            said = self._request(payload)
        except UNREADABLE as error:
            return self._doubts.judge(payload, error)
        doubts = self._doubts
        if doubts.openers(payload) > doubts.depth and doubts.is_deep(payload):
            return doubts.judge(payload, None)
        if not said.id.isascii() and len(said.id.encode()) > MAX_ID:
            raise Broken(Close.BROKEN)
        return said

    def op_of(self, payload: bytes) -> str:
        """Return the operation of a payload that `decode` had an answer to."""
        return self._doubts.op_of(payload)

    def hear(self, payload: bytes) -> Heard:
        """Return the frame in a server's `payload`.

        Raises:
            Broken: it is no frame of this protocol.
        """
        try:
            return self._known(payload)
        except UNREADABLE as error:
            if str(error).endswith("at `$.t`"):
                return self._newer(payload)
            raise Broken(Close.BROKEN) from error

    def _newer(self, payload: bytes) -> Unknown:
        try:
            return self._unknown(payload)
        except UNREADABLE as error:
            raise Broken(Close.BROKEN) from error

    def fields(self, payload: bytes) -> Fields:
        """Return all that a server's `payload` says, also what `hear` has no field for.

        Raises:
            Broken: it is no map.
        """
        try:
            return self._fields(payload)
        except UNREADABLE as error:
            raise Broken(Close.BROKEN) from error


Codecs = Mapping[str, Codec]
"""By subprotocol, in order of preference."""


def codecs(depth: int) -> Codecs:
    """Return the codecs of a broker that takes so many containers in one another."""
    # msgpack first: it is shorter, and cheaper on both sides.
    return {
        "shopwire.v1.msgpack": Codec(
            "shopwire.v1.msgpack", msgspec.msgpack, in_msgpack(depth)
        ),
        "shopwire.v1.json": Codec("shopwire.v1.json", msgspec.json, in_json(depth)),
    }


BY_NAME = codecs(MAX_DEPTH)
MSGPACK, JSON = BY_NAME.values()
SUBPROTOCOLS = tuple(BY_NAME)
