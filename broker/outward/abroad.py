"""An HTTP client for URLs that shops have given us.

It connects to addresses that `networks` has looked at and to no other, asks no proxy,
follows no redirect, and bounds how long an answer may take and how much of it is read.

Imported when it is first needed: what it is built on takes longer to import than all
of a start.
"""

import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import httpcore
import httpx
import msgspec
import trio

from broker.outward.networks import Networks, NotReachable

CONNECT_S, PART_S, WHOLE_S = 5.0, 10.0, 15.0
"""Seconds for a connection, for a part of an answer, and for all of it."""
ANSWER_BYTES = 64 * 1024
"""Read of an answer, its head included; more is not taken from the socket."""
IDLE_S = 30.0
"""Seconds for which a connection is kept for the next request."""
MOST_IDLE = 32
"""Connections kept for that. How many there are is for the callers to bound: in a pool
with a bound those who are slow would keep all others out."""

log = logging.getLogger(__name__)

# The first tells each address that is called, which may hold a secret.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)


class Answer(msgspec.Struct, frozen=True):
    """What the other side said."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """As much of it as is read."""


class Unanswered(Exception):
    """There is no answer; the text says why, and nothing of the URL."""


class TooLong(Exception):
    """An answer is longer than what is read of one; the connection is closed."""


class Abroad:
    """Calls others for all sites."""

    def __init__(self, networks: Networks) -> None:
        """Read the certificates that are trusted: not for the loop's thread."""
        self.client = client(networks)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return what the other side answers to `body`.

        Raises:
            Unanswered: it cannot be reached, or did not answer in time.
        """
        try:
            with trio.fail_after(WHOLE_S):
                return await self._post(url, body, headers)
        except (trio.TooSlowError, httpx.TimeoutException) as error:
            raise Unanswered("no answer in time") from error
        except NotReachable as error:
            raise Unanswered(str(error)) from error
        except TooLong as error:
            raise Unanswered("the answer does not end") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = f"it cannot be reached ({type(error).__name__})"
            raise Unanswered(why) from error

    async def close(self) -> None:
        """Close its connections."""
        await self.client.aclose()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        # Packed answers could unpack to anything.
        plain = {"Accept-Encoding": "identity", **headers}
        async with self.client.stream(
            "POST", url, content=body, headers=plain
        ) as answer:
            kept = b""
            try:
                async for piece in answer.aiter_raw():
                    kept += piece
            except TooLong:
                # How it went stands in the head.
                log.debug("an answer was longer than %d bytes", ANSWER_BYTES)
            return Answer(answer.status_code, answer.headers, kept)


def client(networks: Networks, most: int = ANSWER_BYTES) -> httpx.AsyncClient:
    """Return a client that calls what `networks` allow, and reads `most` of an answer.

    A longer one raises `TooLong`, where it is forbidden `NotReachable`. How long the
    whole of it may take is for the caller to bound.

    Reads the certificates that are trusted: not for the loop's thread.
    """
    return httpx.AsyncClient(
        transport=Guarded(networks, most),
        timeout=httpx.Timeout(PART_S, connect=CONNECT_S),
        follow_redirects=False,
        trust_env=False,
    )


class Guarded(httpx.AsyncBaseTransport):
    """Carries requests to where it is allowed, and raises `NotReachable` elsewhere."""

    def __init__(self, networks: Networks, most: int) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=None,
            max_keepalive_connections=MOST_IDLE,
            keepalive_expiry=IDLE_S,
            network_backend=Pinned(networks, most),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, its body yet to be read."""
        stream = request.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("the body of a request is read by asynchronous code")
        asked = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=stream,
            extensions=request.extensions,
        )
        async with _translated():
            answer = await self._pool.handle_async_request(asked)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=Body(answer)
        )

    async def aclose(self) -> None:
        """Close its connections."""
        await self._pool.aclose()


class Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield it in parts."""
        async with _translated():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._answer.aclose()


class Pinned(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at; TLS still asks for the name."""

    def __init__(self, networks: Networks, most: int) -> None:
        self._networks = networks
        self._network: httpcore.AsyncNetworkBackend = httpcore.TrioBackend()  # pyright: ignore[reportAttributeAccessIssue]  # its stand-in where trio is missing
        self._most = most

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of `host` that takes us."""
        del local_address, socket_options
        seconds = CONNECT_S if timeout is None else timeout
        try:
            with trio.fail_after(seconds):
                addresses = await self._networks.find(host, port)
        except trio.TooSlowError as error:
            raise httpcore.ConnectTimeout from error
        for address in addresses[:-1]:
            try:
                return await self._connect(address, port, seconds / len(addresses))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._connect(addresses[-1], port, seconds)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to nothing: what has a path is on this machine."""
        del path, timeout, socket_options
        raise NotReachable("the address is private")

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts of the pool's."""
        await trio.sleep(seconds)

    async def _connect(
        self, address: str, port: int, seconds: float
    ) -> httpcore.AsyncNetworkStream:
        made = await self._network.connect_tcp(address, port, timeout=seconds)
        return Bounded(made, self._most)


class Bounded(httpcore.AsyncNetworkStream):
    """A connection on which so much is read for each request."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, most: int) -> None:
        self._stream = stream
        self._most = self._left = most

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
    ) -> bytes:
        """Return some bytes, none at the end.

        Raises:
            TooLong: there were as many as may be.
        """
        if not self._left:
            raise TooLong
        data = await self._stream.read(min(max_bytes, self._left), timeout)
        self._left -= len(data)
        return data

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
    ) -> None:
        """Send a part of a request."""
        self._left = self._most
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Return the same, in secret."""
        made = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return Bounded(made, self._most)

    def get_extra_info(self, info: str) -> object:
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


@asynccontextmanager
async def _translated() -> AsyncGenerator[None]:
    """Say in httpx's words what goes wrong below it."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error)) from error
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise httpx.TransportError(f"{type(error).__name__}") from error
