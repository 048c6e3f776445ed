"""Keeping a client session on a connection: connect, say hello, come back.

A line knows WebSockets and waiting, and nothing of what is said over it.
"""

from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from random import Random, SystemRandom
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    wrap_client_stream,
)

from broker.wire.client import ClientSession, Hail
from broker.wire.codec import JSON
from broker.wire.errors import FINAL, Broken
from broker.wire.frames import Closing, Identify
from broker.wire.happened import Happened, Postponed, Refused
from broker.wire.heard import Greeting

FIRST_S, LONGEST_S = 0.5, 30.0
"""Bounds of the wait before a new connection; the upper one doubles between them."""
SETTLED_S = 30.0
"""A connection that lasted so long starts the waits anew."""
CONNECT_S = 10.0
"""Seconds for the connection, and as many for the upgrade and the welcome."""
PING_S, PONG_S = 20.0, 25.0
"""A server that does not answer a ping is gone, though TCP has not noticed."""
AGAIN_S = 0.5
"""Wait before what was refused for now is tried again, if the server names none."""
RENEW_AT = 0.8
"""Part of a token's life after which a fresh one is fetched."""
LARGEST = 1024 * 1024
"""Bytes of a server's frame; a page of history has at most 256 KiB."""
QUEUED = 64
"""Messages read ahead: without any, each costs two more task switches."""

_PASSING = frozenset({408, 425, 429})
"""HTTP refusals below 500 that pass by themselves."""
_SERVERS_FAULT = 500
_GONE = 1006
"""Stands for a connection that ended without a word."""

Token = str | Callable[[], str | Awaitable[str]] | None
"""A token, or what fetches a fresh one; that may raise `OSError` to be asked again."""
Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]
OpenStream = Callable[[], Awaitable[Stream]]


class Cut(NamedTuple):
    """The connection has ended; unless it is `final` there will be another."""

    code: int
    """The close code, an HTTP status, or 1006 if there was none."""
    reason: str
    final: bool = False


class LinkClosed(Exception):
    """It is over for good; what was not answered may or may not have happened.

    After `code` 4001, 4003 and 4009, and refusals of the upgrade such as 403, coming
    back would change nothing. 1000: its owner closed it.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class Address(NamedTuple):
    """Where a broker is, and who asks for what there."""

    url: str
    hail: Hail
    token: Token = None


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a line needs of the world, and a test replaces."""

    rng: Random = msgspec.field(default_factory=SystemRandom)
    """For the waits, which must differ between the clients of a broker."""
    open_stream: OpenStream | None = None
    """Connects to the server; by default TCP, with TLS for `wss:`."""


class Line:
    """One session's connections, one after the other."""

    def __init__(
        self,
        session: ClientSession,
        address: Address,
        hear: Callable[[Happened | Cut], None],
        surroundings: Surroundings,
    ) -> None:
        self.token = address.token
        """For the next connection."""
        self._session = session
        self._address = address
        self._hear = hear
        self._rng = surroundings.rng
        self._open_stream = surroundings.open_stream or tcp_to(address.url)
        self._more = trio.Event()
        self._welcome = False
        """Whether this server has ever welcomed us."""
        self._said: str | None = None
        """The token of the last hello or identify."""
        self._refusal = ""
        self._after_ms = 0
        self._retrying = False

    def wake(self) -> None:
        """Send what the session has to send."""
        self._more.set()

    async def run(self) -> LinkClosed:
        """Be connected, again and again; return why that is over.

        Either there is no point in coming back, or the first try has failed: nobody
        welcomed us, nor said when to come back.
        """
        attempt = 0
        while True:
            began = trio.current_time()
            cut = await self._connection()
            self._session.lost()
            if cut.final or not (self._welcome or self._after_ms):
                return LinkClosed(cut.code, cut.reason)
            self._hear(cut)
            if trio.current_time() - began >= SETTLED_S:
                attempt = 0
            await trio.sleep(self._wait(attempt))
            attempt += 1

    def _wait(self, attempt: int) -> float:
        """Return how many seconds to wait: what the server asked for, or full jitter.

        Up to a bound that doubles, so that a thousand clients come back one by one.
        """
        if self._after_ms:
            return self._after_ms / 1000
        return self._rng.uniform(0, min(LONGEST_S, FIRST_S * 2.0 ** min(attempt, 10)))

    async def _connection(self) -> Cut:
        """Return why a connection ended, or could not be made."""
        self._refusal, self._after_ms, self._retrying = "", 0, False
        cut = Cut(_GONE, "gone")
        try:
            async with trio.open_nursery() as nursery:
                await self._connected(nursery)
        # Several may have happened at once: the last of these clauses knows best.
        except* (trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError):
            cut = Cut(_GONE, "no answer")
        except* OSError as group:
            cut = Cut(_GONE, str(first_of(group)))
        except* Broken:
            cut = Cut(_GONE, "the server does not speak this protocol")
        except* ConnectionRejected as group:
            cut = _rejected(first_of(group))
        except* ConnectionClosed as group:
            cut = self._closed(first_of(group))
        return cut

    async def _connected(self, nursery: trio.Nursery) -> None:
        """Serve one connection until an exception ends it."""
        token = self._said = await _fetched(self.token)
        with trio.fail_after(CONNECT_S):
            stream = await self._open_stream()
        try:
            with trio.fail_after(CONNECT_S):
                ws = await self._upgraded(nursery, stream)
                self._session.hello(self._address.hail._replace(token=token))
                await self._send(ws)
                while not self._session.connected:
                    await self._take(ws, nursery)
            nursery.start_soon(self._keep_sending, ws)
            nursery.start_soon(_keep_pinging, ws)
            while True:
                await self._take(ws, nursery)
        finally:
            # A close handshake would wait for a server that may be gone.
            await trio.aclose_forcefully(stream)

    async def _upgraded(
        self, nursery: trio.Nursery, stream: Stream
    ) -> WebSocketConnection:
        to = urlsplit(self._address.url)
        return await wrap_client_stream(
            nursery,
            stream,
            to.netloc.rpartition("@")[2],
            f"{to.path or '/ws'}{'?' if to.query else ''}{to.query}",
            subprotocols=[self._session.codec.name],
            message_queue_size=QUEUED,
            max_message_size=LARGEST,
        )

    async def _take(self, ws: WebSocketConnection, nursery: trio.Nursery) -> None:
        """Hear what the next message means."""
        message = await ws.get_message()
        payload = message.encode() if isinstance(message, str) else message
        for happened in self._session.receive(payload):
            if isinstance(happened, Closing):
                self._refusal = self._refusal or happened.reason
                self._after_ms = happened.reconnect_after_ms
            elif isinstance(happened, Postponed):
                if not self._retrying:
                    self._retrying = True
                    nursery.start_soon(self._retry, happened)
            else:
                if isinstance(happened, Greeting):
                    self._welcome = True
                    nursery.start_soon(self._keep_identified, happened)
                elif isinstance(happened, Refused) and not self._session.connected:
                    self._refusal = happened.refusal.code
                self._hear(happened)
        self.wake()

    async def _send(self, ws: WebSocketConnection) -> None:
        text = self._session.codec is JSON.unframed
        for payload in self._session.sends():
            await ws.send_message(payload.decode() if text else payload)

    async def _keep_sending(self, ws: WebSocketConnection) -> None:
        while True:
            self._more = trio.Event()
            await self._send(ws)
            await self._more.wait()

    async def _retry(self, postponed: Postponed) -> None:
        """Try again what was refused for now, after as long as the server asks for."""
        asked = postponed.refusal.retry_ms
        await trio.sleep(asked / 1000 if isinstance(asked, int) else AGAIN_S)
        self._retrying = False
        self._session.retry()
        self.wake()

    async def _keep_identified(self, greeting: Greeting) -> None:
        """Renew the token before it expires, if there is a way to get a fresh one."""
        now = greeting.now / 1000
        began = trio.current_time()
        token = self._said
        while callable(self.token):
            left = seconds_left(token or "", now + trio.current_time() - began)
            if left is None:
                return
            await trio.sleep(max(left * RENEW_AT, AGAIN_S))
            token = await _fetched(self.token)
            id_ = self._session.ask(Identify(self._session.new_id(), token or ""))
            # The next connection says so in its hello.
            self._session.forget(id_)
            self.wake()

    def _closed(self, error: BaseException) -> Cut:
        """Return what a close means; the frames before it say more than its reason."""
        reason = error.reason if isinstance(error, ConnectionClosed) else None
        if reason is None:
            return Cut(_GONE, self._refusal)
        said = self._refusal or reason.reason or ""
        return Cut(reason.code, said, final=reason.code in FINAL)


def _rejected(error: BaseException) -> Cut:
    """Return what an HTTP answer to the upgrade means."""
    if not isinstance(error, ConnectionRejected):
        return Cut(_GONE, "no upgrade")
    status = error.status_code
    body = (error.body or b"").decode(errors="replace").strip()
    passing = status in _PASSING or status >= _SERVERS_FAULT
    return Cut(status, body, final=not passing)


def seconds_left(token: str, now: float) -> float | None:
    """Return how long a JWT is good for, or `None` if it does not say.

    It is the reader's own, and only read to know when to ask for another.
    """
    try:
        payload = token.split(".")[1]
        claims = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return msgspec.json.decode(claims, type=_Claims).exp - now
    except (IndexError, ValueError):
        return None


class _Claims(msgspec.Struct):
    exp: float


async def _fetched(token: Token) -> str | None:
    if not callable(token):
        return token
    fetched = token()
    return await fetched if isawaitable(fetched) else fetched


async def _keep_pinging(ws: WebSocketConnection) -> None:
    while True:
        await trio.sleep(PING_S)
        with trio.fail_after(PONG_S):
            await ws.ping()


def tcp_to(url: str) -> OpenStream:
    """Return what connects to the server of a `ws:` or `wss:` URL.

    Raises:
        ValueError: it is neither.
    """
    to = urlsplit(url)
    host = to.hostname
    if host is None or to.scheme not in ("ws", "wss"):
        raise ValueError(f"{url!r} is no ws:// or wss:// URL")

    async def open_stream() -> Stream:
        if to.scheme == "ws":
            return await trio.open_tcp_stream(host, to.port or 80)
        return await trio.open_ssl_over_tcp_stream(
            host, to.port or 443, https_compatible=True
        )

    return open_stream


def first_of(error: BaseException) -> BaseException:
    """Return the first error in a group that is no group itself."""
    inside: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return first_of(inside[0]) if inside else error
