"""How a connection begins at a node that does not own.

With TLS, if the node does it; then with the first bytes, which say whether it is the
node itself that is asked, for its figures. Everything else is the owner's, and begins
with the same bytes there.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import trio

from broker.addresses import Addresses
from broker.config import Config
from broker.edge.opening import HEAD_END
from broker.edge.tls import Tls
from broker.edge.watched import Carrier, hang_up
from broker.metrics import MEDIA_TYPE, may_read
from broker.wire.proxied import V1, V2
from broker.wire.upgrade import Head, Refused, parse_head, refused

FIGURES = (b"GET /metrics ", b"GET /metrics?")
"""How a request for them begins."""
LINGER_S = 1.0
"""Seconds for a peer to read what it is told, and to hang up."""


class Begun(NamedTuple):
    """A connection that is for the owner."""

    carrier: Carrier
    received: bytes
    """What has come of it, which is not to be lost."""
    told: bool
    """Whether a proxy of ours has said in it for whom it connects."""


class Entrance:
    """Of one node.

    Raises:
        BadCertificate: the configured one cannot be used.
    """

    def __init__(self, config: Config, figures: Callable[[], bytes]) -> None:
        """Answer with `figures` who may read them, by `config`."""
        self._config = config
        self._figures = figures
        self._addresses = Addresses(config)
        tls = config.server.tls
        self._tls = None if tls is None else Tls(Path(tls.cert), Path(tls.key))

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self._tls is not None

    def reload(self) -> None:
        """Read the certificate again, if there is one.

        Raises:
            BadCertificate: it cannot be used; the old one goes on being used.
        """
        if self._tls is not None:
            self._tls.reload()

    async def meet(self, client: trio.SocketStream) -> Begun | None:
        """Return what is for the owner; `None`: it has been answered, or said nothing.

        Raises:
            trio.BrokenResourceError: it has gone, or does not speak TLS.
        """
        carrier: Carrier = client
        answer = refused(408).answer
        with trio.move_on_after(self._config.limits.head_s):
            if self._tls is not None:
                carrier = self._tls.secure(client)
                await carrier.do_handshake()
            received = await _first(carrier)
            address = str(client.socket.getpeername()[0])
            # What a proxy asks for, it may ask for others: the owner knows whom.
            proxied = self._addresses.is_proxy(address)
            if proxied or not received.startswith(FIGURES):
                told = proxied and received.startswith((V1, V2))
                return Begun(carrier, received, told) if received else None
            answer = self._answer(address, await self._rest(carrier, received))
        await say(carrier, answer)
        return None

    async def _rest(self, carrier: Carrier, received: bytes) -> bytes:
        """Return the request's head, or as much of it as there may be."""
        most = self._config.limits.head_bytes
        while HEAD_END not in received and len(received) < most:
            more = bytes(await carrier.receive_some(most))
            if not more:
                break
            received += more
        # Without an end it is no head, and is told so.
        return received[: received.find(HEAD_END) + len(HEAD_END)]

    def _answer(self, address: str, received: bytes) -> bytes:
        head = parse_head(received)
        if isinstance(head, Refused):
            return head.answer
        caller = self._addresses.caller(address, head.headers)
        if not may_read(self._config, caller, _shown(head)):
            return refused(403).answer
        body = self._figures()
        return (
            f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA_TYPE}; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode() + body


async def say(carrier: Carrier, answer: bytes) -> None:
    """Say `answer`, and hang up when it is read, or has been for long enough."""
    with (
        suppress(trio.BrokenResourceError, trio.ClosedResourceError, OSError),
        trio.move_on_after(LINGER_S),
    ):
        await carrier.send_all(answer)
        await hang_up(carrier)


async def _first(carrier: Carrier) -> bytes:
    """Return what comes, as soon as it says what it begins."""
    received, forms = b"", (*FIGURES, V1, V2)
    while any(form.startswith(received) and form != received for form in forms):
        more = bytes(await carrier.receive_some(1 << 16))
        if not more:
            break
        received += more
    return received


def _shown(head: Head) -> str:
    return head.headers.get("authorization", "")
