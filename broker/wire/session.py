"""What a client may say when. No sockets, no clock: payloads in, checked frames out.

A connection begins with a hello. The session hands it up, since only its owner knows
tokens, and is told who came of it. Time limits are the owner's too.
"""

from typing import Final

from broker.wire.codec import Codec
from broker.wire.errors import Broken, Close, Code, refuse
from broker.wire.frames import ClientFrame, Err, Hello


class ServerSession:
    """The broker's side of one connection."""

    __slots__ = ("_greeted", "codec", "role")

    def __init__(self, codec: Codec) -> None:
        self.codec: Final = codec
        self.role = ""
        """The person's, once welcome; a visitor may become a shopper later."""
        self._greeted = False

    def welcomed(self, role: str) -> None:
        """Learn that the peer is welcome as `role`, by its hello or by `identify`."""
        self.role = role

    def receive(self, payload: bytes) -> ClientFrame | Err | None:
        """Return the frame to act on, the answer to a bad one, or `None` for nothing.

        After a hello was returned, more may follow before its owner has said
        `welcomed`: clients need not wait, and who reads a token elsewhere must not read
        on meanwhile.

        Raises:
            Broken: no such frame, or no hello first. The connection is over.
        """
        said = self.codec.decode(payload)
        if not self._greeted:
            return self._greet(said, payload)
        if type(said) is Hello:
            return refuse(said.id, Code.FORBIDDEN, reason="hello was said before")
        return said

    def _greet(
        self, said: ClientFrame | Err | None, payload: bytes
    ) -> ClientFrame | Err:
        if type(said) is Hello:
            self._greeted = True
            return said
        if isinstance(said, Err):
            if self.codec.op_of(payload) == "hello":
                # It may try again until its time is up.
                return said
            raise Broken(Close.AUTH, refuse(said.re, Code.HELLO_TIMEOUT))
        if said is None or not said.id:
            raise Broken(Close.AUTH)
        raise Broken(Close.AUTH, refuse(said.id, Code.HELLO_TIMEOUT))
