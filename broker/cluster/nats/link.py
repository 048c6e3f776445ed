"""One connection to one NATS server, from its greeting to its end.

It is given up when it is silent for `SILENCE_S`, though nobody closed it: that is how a
server that was paused or cut off looks.
"""

import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import trio

from broker.cluster.nats import codec
from broker.cluster.nats.codec import Info, ProtocolError
from broker.cluster.nats.papers import Papers

PORT = 4222
PING_S = 1.0
"""Seconds between pings of ours; a server's own come every two minutes."""
SILENCE_S = 3.0
"""Seconds without a byte, pongs included, after which a connection is dead."""
MOST_UNSENT = 32 * 1024 * 1024
"""Bytes that wait to be sent, many times the largest message: beyond it publishing
fails, for a server that slow is as good as gone."""
READ = 256 * 1024


class NatsError(Exception):
    """The root."""


class Disconnected(NatsError):
    """There is no connection, or it was lost: what was asked may have been done."""


class TooLate(NatsError):
    """No answer came in time: what was asked may have been done."""


class NobodyThere(NatsError):
    """Nobody has subscribed to what was asked."""


class Denied(NatsError):
    """The server does not let us in, or not do that."""


class Server(NamedTuple):
    """Where a server is, and what to show it."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    token: str = ""
    secure: bool = False
    """Whether it has to speak TLS."""

    @classmethod
    def of(cls, url: str) -> "Server":
        """Return the server of `nats://[user:password@|token@]host[:port]`.

        Raises:
            ValueError: it is no such URL; the text says why.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"nats", "tls"}:
            raise ValueError(f"{url}: a server's URL begins with nats:// or tls://")
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(f"{url}: expected nats://host:port")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        token = user if user and not password else ""
        return cls(
            parts.hostname,
            parts.port or PORT,
            "" if token else user,
            password,
            token,
            secure=parts.scheme == "tls",
        )

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Link:
    """One connection to one server."""

    def __init__(
        self,
        tcp: trio.SocketStream,
        server: Server,
        heard: "Callable[[Link, codec.Said], None]",
    ) -> None:
        self._tcp, self.server = tcp, server
        self._stream: trio.abc.Stream = tcp
        self._heard = partial(heard, self)
        self._parser = codec.Parser()
        self._unsent = bytearray()
        self._wake = trio.Event()
        self._heard_at = 0.0
        self._scope = trio.CancelScope()
        self._why: Exception | None = None
        self.info = Info()

    async def greet(self, name: str, papers: Papers) -> None:
        """Be let in, as `name`, by what `papers` show.

        Raises:
            Denied: it does not let us.
            ProtocolError: it is no NATS server.
            trio.BrokenResourceError: it has hung up.
        """
        server = self.server
        said = await self._next()
        if not isinstance(said, Info):
            raise ProtocolError("it does not say first who it is")
        self.info = said
        if not said.headers:
            raise Denied(f"version {said.version} knows no headers; 2.12 is needed")
        if server.secure or papers.tls is not None or said.tls_required:
            if not (said.tls_required or said.tls_available):
                raise Denied("it does not speak TLS")
            context = papers.tls or ssl.create_default_context()
            self._stream = trio.SSLStream(
                self._tcp, context, server_hostname=server.host, https_compatible=True
            )
        who = _who(server, name) | papers.shown(said.nonce)
        try:
            await self._stream.send_all(codec.connect(who) + b"PING\r\n")
            while not isinstance(said := await self._next(), codec.Pong):
                if isinstance(said, codec.Failure):
                    raise Denied(said.reason)
        except trio.BrokenResourceError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise Denied(_distrust(error.__cause__)) from error
            raise

    async def _next(self) -> codec.Said:
        received = b""
        while True:
            for said in self._parser.feed(received):
                return said
            received = await self._read()

    async def _read(self) -> bytes:
        received = bytes(await self._stream.receive_some(READ))
        if not received:
            raise trio.BrokenResourceError("the server has closed the connection")
        return received

    async def run(self) -> None:
        """Read and write, until it ends.

        Raises:
            trio.BrokenResourceError: it has ended, or is silent for too long.
            ProtocolError: what comes is not the protocol.
        """
        self._heard_at = trio.current_time()
        with self._scope:
            async with trio.open_nursery() as nursery:
                for task in (self._hear, self._write, self._ping):
                    nursery.start_soon(self._do, task)
        if self._why is not None:
            raise self._why

    async def _do(self, task: Callable[[], Awaitable[None]]) -> None:
        """Let the first that fails end the others."""
        try:
            await task()
        except (trio.BrokenResourceError, Disconnected, ProtocolError) as error:
            self._why = self._why or error
            self._scope.cancel()

    async def _hear(self) -> None:
        while True:
            received = await self._read()
            self._heard_at = trio.current_time()
            for said in self._parser.feed(received):
                if isinstance(said, codec.Ping):
                    self.say(b"PONG\r\n")
                else:
                    self._heard(said)

    def say(self, said: bytes) -> None:
        """Send `said`, after what was said before.

        Raises:
            Disconnected: it takes nothing any more.
        """
        if len(self._unsent) > MOST_UNSENT:
            self.stop()
            raise Disconnected(f"{self.server} takes nothing any more")
        self._unsent += said
        self._wake.set()

    def stop(self) -> None:
        """End it; the client goes to another server."""
        self._scope.cancel()

    async def close(self) -> None:
        """Let go of the socket, also while being cancelled."""
        await trio.aclose_forcefully(self._tcp)

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake = trio.Event()
            unsent, self._unsent = self._unsent, bytearray()
            await self._stream.send_all(unsent)

    async def _ping(self) -> None:
        while True:
            await trio.sleep(PING_S)
            if trio.current_time() - self._heard_at > SILENCE_S:
                raise trio.BrokenResourceError(f"silent for {SILENCE_S:g} s")
            self.say(b"PING\r\n")


def _distrust(error: ssl.SSLError) -> str:
    """Return in words why TLS has failed: of our side, or in the server's word."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return (
        f"TLS with it fails: {(error.reason or str(error)).replace('_', ' ').lower()}"
    )


def _who(server: Server, name: str) -> dict[str, object]:
    options: dict[str, object] = {
        "verbose": False,
        "pedantic": False,
        "headers": True,
        "no_responders": True,
        "protocol": 1,
        "lang": "python-trio",
        "version": "1",
        "name": name,
    }
    if server.token:
        options["auth_token"] = server.token
    elif server.user:
        options |= {"user": server.user, "pass": server.password}
    return options
