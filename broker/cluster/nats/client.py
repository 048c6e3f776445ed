"""A NATS connection that mends itself: publish, subscribe, request; at most once.

What is asked while there is no connection fails at once, and what was asked of one that
is lost fails then: whether it was done is for the caller to find out. Subscriptions are
made anew with each connection. A connection that is silent for `SILENCE_S` is given up,
though nobody closed it: that is how a server that was paused or cut off looks.
"""

import logging
import random
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import trio

from broker.cluster.nats import codec
from broker.cluster.nats.codec import Info, Message, ProtocolError

log = logging.getLogger(__name__)

PORT = 4222
PING_S = 1.0
"""Seconds between pings of ours; a server's own come every two minutes."""
SILENCE_S = 3.0
"""Seconds without a byte, pongs included, after which a connection is dead."""
CONNECT_S = 3.0
"""Seconds in which a server has to welcome us."""
RETRY_S = (0.05, 2.0)
"""Seconds between rounds through the servers, the first and the longest."""
MOST_UNSENT = 32 * 1024 * 1024
"""Bytes that wait to be sent, of which the largest copy is cut into many: beyond it
publishing fails, for a server that slow is as good as gone."""
MOST_SERVERS = 32
"""Addresses kept, the configured ones and those the servers tell us of."""
READ = 256 * 1024
NOBODY = 503


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


Deliver = Callable[[Message], None]


class Subscription:
    """Ends with `end`, and with the client."""

    def __init__(self, client: "NatsClient", sid: int) -> None:
        self._client, self._sid = client, sid

    def end(self) -> None:
        """Hear nothing more; may be called again."""
        self._client.forget(self._sid)


class _Asked:
    """A request under way."""

    __slots__ = ("answer", "done")

    def __init__(self) -> None:
        self.answer: Message | None = None
        self.done = trio.Event()


class NatsClient:
    """All methods belong to the loop's thread; made by `connected`."""

    def __init__(
        self, servers: Sequence[Server], name: str, tls: ssl.SSLContext | None = None
    ) -> None:
        """Talk to any of `servers`, which are one cluster, as `name`."""
        self._servers = list(servers)
        self._name, self._tls = name, tls
        self._link: _Link | None = None
        self._sids = self._ids = 0
        self._subjects: dict[int, tuple[str, Deliver]] = {}
        self._asked: dict[str, _Asked] = {}
        self._chance = random.SystemRandom()
        self._inbox = f"_INBOX.{self._chance.getrandbits(96):024x}"
        self._on_connect: list[Callable[[], None]] = []
        self._connected = trio.Event()
        self.connects = 0
        """How often a connection was made."""
        self.refused = ""
        """What the last server that did not let us in said."""
        self.info = Info()
        """What the server says of itself."""
        self.subscribe(f"{self._inbox}.*", self._answered)

    @property
    def connected(self) -> bool:
        """Whether there is a connection just now."""
        return self._link is not None

    async def wait_connected(self, seconds: float) -> None:
        """Wait for a connection.

        Raises:
            Denied: servers can be reached, but do not let us in.
            Disconnected: there was none in time.
        """
        with trio.move_on_after(seconds):
            await self._connected.wait()
        if not self.connected:
            names = ", ".join(str(server) for server in self._servers)
            if self.refused:
                raise Denied(f"{names}: {self.refused}")
            raise Disconnected(f"none of {names} answers")

    def add(self, server: Server) -> None:
        """Talk to `server` too, if others fail; unless there are many already."""
        known = {(each.host, each.port) for each in self._servers}
        if server[:2] not in known and len(self._servers) < MOST_SERVERS:
            self._servers.append(server)

    def when_connected(self, then: Callable[[], None]) -> None:
        """Have `then` called after each connection, once subscriptions are made."""
        self._on_connect.append(then)

    def publish(
        self,
        subject: str,
        data: bytes,
        reply: str = "",
        headers: Mapping[str, str] = codec.NO_HEADERS,
    ) -> None:
        """Send a message, without knowing whether anybody gets it.

        Raises:
            Disconnected: there is no connection, or it takes nothing any more.
        """
        self._say(codec.publish(subject, data, reply, headers))

    def subscribe(self, subject: str, deliver: Deliver) -> Subscription:
        """Have `deliver` called with each message to `subject`, wildcards allowed.

        It is called between two reads of the connection: it neither waits nor fails.
        """
        self._sids += 1
        sid = self._sids
        self._subjects[sid] = subject, deliver
        if self._link is not None:
            self._link.say(codec.subscribe(subject, sid))
        return Subscription(self, sid)

    def forget(self, sid: int) -> None:
        """End a subscription; `Subscription.end` calls this."""
        if self._subjects.pop(sid, None) and self._link is not None:
            self._link.say(codec.unsubscribe(sid))

    def inbox(self) -> str:
        """Return a subject that nobody else has."""
        self._ids += 1
        return f"{self._inbox}-{self._ids}"

    async def request(
        self,
        subject: str,
        data: bytes = b"",
        headers: Mapping[str, str] = codec.NO_HEADERS,
        *,
        seconds: float = 2.0,
    ) -> Message:
        """Return the first answer to a message.

        Raises:
            Disconnected: the connection is not there, or was lost meanwhile.
            NobodyThere: nobody listens to `subject`.
            TooLate: no answer came within `seconds`.
        """
        self._ids += 1
        key, asked = str(self._ids), _Asked()
        self._asked[key] = asked
        try:
            self.publish(subject, data, f"{self._inbox}.{key}", headers)
            with trio.move_on_after(seconds) as scope:
                await asked.done.wait()
        finally:
            self._asked.pop(key, None)
        if scope.cancelled_caught:
            raise TooLate(f"no answer from {subject} within {seconds:g} s")
        if asked.answer is None:
            raise Disconnected(f"the connection was lost while {subject} was asked")
        if asked.answer.status == NOBODY:
            raise NobodyThere(subject)
        return asked.answer

    async def run(self) -> None:
        """Keep a connection, until cancelled."""
        pause = RETRY_S[0]
        while True:
            # A copy: servers tell us of others meanwhile.
            for server in self._chance.sample(self._servers, len(self._servers)):
                if await self._visit(server):
                    pause = RETRY_S[0]
            await trio.sleep(pause * self._chance.uniform(0.5, 1.5))
            pause = min(2 * pause, RETRY_S[1])

    async def _visit(self, server: Server) -> bool:
        """Use `server` for as long as it lasts; return whether it let us in."""
        link: _Link | None = None
        welcomed = False
        try:
            with trio.fail_after(CONNECT_S):
                tcp = await trio.open_tcp_stream(server.host, server.port)
                link = _Link(tcp, server, self._heard)
                await link.greet(self._name, self._tls)
            welcomed = True
            self.refused = ""
            self._begin(link)
            await link.run()
        except (OSError, trio.BrokenResourceError, Disconnected) as error:
            log.info("nats %s: %s", server, error)
        except trio.TooSlowError:
            log.info("nats %s: no welcome within %g s", server, CONNECT_S)
        except ProtocolError as error:
            log.warning("nats %s: %s", server, error)
        except Denied as error:
            self.refused = str(error)
            log.warning("nats %s: %s", server, error)
        finally:
            if link is not None:
                self._end(link)
                await link.close()
        return welcomed

    def _begin(self, link: "_Link") -> None:
        self.info = link.info
        for sid, (subject, _) in self._subjects.items():
            link.say(codec.subscribe(subject, sid))
        self._link = link
        self._connected.set()
        self.connects += 1
        self._learn(link)
        for then in self._on_connect:
            then()

    def _end(self, link: "_Link") -> None:
        if self._link is not link:
            return
        self._link, self._connected = None, trio.Event()
        asked, self._asked = self._asked, {}
        for each in asked.values():
            each.done.set()

    def _learn(self, link: "_Link") -> None:
        """Remember where else the cluster can be reached."""
        for address in link.info.connect_urls:
            host, _, port = address.rpartition(":")
            if host and port.isdigit():
                here = link.server._replace(host=host.strip("[]"), port=int(port))
                self.add(here)

    def _heard(self, link: "_Link", said: codec.Said) -> None:
        if isinstance(said, Message):
            _, deliver = self._subjects.get(said.sid, ("", None))
            if deliver is not None:
                deliver(said)
        elif isinstance(said, Info):
            link.info = self.info = said
            self._learn(link)
            if said.ldm and len(self._servers) > 1:
                link.stop()
        elif isinstance(said, codec.Failure):
            log.warning("nats %s: %s", link.server, said.reason)

    def _answered(self, message: Message) -> None:
        asked = self._asked.get(message.subject[len(self._inbox) + 1 :])
        if asked is not None and not asked.done.is_set():
            asked.answer = message
            asked.done.set()

    def _say(self, said: bytes) -> None:
        if self._link is None:
            raise Disconnected("no server of the cluster can be reached")
        self._link.say(said)


class _Link:
    """One connection to one server."""

    def __init__(
        self,
        tcp: trio.SocketStream,
        server: Server,
        heard: "Callable[[_Link, codec.Said], None]",
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

    async def greet(self, name: str, tls: ssl.SSLContext | None) -> None:
        """Be let in.

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
        if server.secure or tls is not None or said.tls_required:
            context = tls or ssl.create_default_context()
            self._stream = trio.SSLStream(
                self._tcp, context, server_hostname=server.host, https_compatible=True
            )
        await self._stream.send_all(codec.connect(_who(server, name)) + b"PING\r\n")
        while not isinstance(said := await self._next(), codec.Pong):
            if isinstance(said, codec.Failure):
                raise Denied(said.reason)

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


def _who(server: Server, name: str) -> Mapping[str, object]:
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


@asynccontextmanager
async def connected(
    servers: Sequence[Server], name: str, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[NatsClient]:
    """Yield a client that keeps a connection, and may have none yet."""
    client = NatsClient(servers, name, tls)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run)
        yield client
        nursery.cancel_scope.cancel()
