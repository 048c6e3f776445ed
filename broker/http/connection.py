"""HTTP/1.1 on one accepted connection, by Hypercorn's trio worker.

Of its protocols only this one: a request that would turn the connection into HTTP/2 is
just a request. One that asks for a WebSocket ends HTTP on a connection, which proxies
use again for anybody: whoever has handed it over goes on with that. Three names of
Hypercorn's own are overridden; a test guards them.
"""

import logging
from collections.abc import Callable

import h11
import trio
from hypercorn.config import Config
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState

from broker.http.stream import Replaying

Host = tuple[str, int]
UPGRADE, SOCKET = b"upgrade", b"websocket"
KEEP_ALIVE_S = 15.0
"""Seconds between two requests of a connection, the second one's head included."""
REQUESTS = 1000
"""Answered on one connection before it is closed: a balancer gets to spread anew."""


def configured(head_bytes: int) -> Config:
    """Return how Hypercorn is to work."""
    config = Config()
    config.include_server_header = False
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.keep_alive_max_requests = REQUESTS
    config.h11_max_incomplete_size = head_bytes
    config.errorlog = logging.getLogger("hypercorn.error")
    config.accesslog = None
    return config


class SocketAsked(Exception):
    """A request behind others asks for a WebSocket."""

    def __init__(self, received: bytes) -> None:
        super().__init__("a WebSocket is asked for")
        self.received = received
        """Its head, as good as sent, and what has come behind it."""


class PlainProtocol(H11Protocol):
    """HTTP/1.1 and no other."""

    refused: Callable[[int], None]
    """Hears of the status that what is no HTTP is answered with."""

    async def _check_protocol(self, event: h11.Request) -> None:
        """Change to no other; leave a WebSocket to others.

        Raises:
            SocketAsked: `event` asks for one; all before it has been answered.
        """
        fields = event.headers.raw_items()
        if any(n.lower() == UPGRADE and SOCKET in v.lower() for n, v in fields):
            words = event.method, event.target, b"HTTP/" + event.http_version
            lines = [b" ".join(words), *(b"%s: %s" % field for field in fields)]
            head = b"\r\n".join([*lines, b"", b""])
            raise SocketAsked(head + self.connection.trailing_data[0])

    async def _send_error_response(self, status_code: int) -> None:
        _, has_ended = self.connection.trailing_data
        if not has_ended:  # who hangs up halfway hears of nothing
            self.refused(status_code)
        await super()._send_error_response(status_code)


class HttpConnection(TCPServer):
    """Serves one connection to its end, or until it is to become a socket."""

    refused: Callable[[int], None]
    asked: bytes | None = None
    """What has come of the request for that."""

    async def run(self) -> None:
        """Answer its requests."""
        sock = self.stream.socket
        try:
            _, port, *_ = sock.getpeername()
            client, server = (self.stream.address, port), _host(sock.getsockname())
        except OSError:
            return  # it left while it waited
        try:
            with self.stream.scope:
                await self._serve(client, server)
        finally:
            if self.asked is None:
                with trio.CancelScope(shield=True):
                    await self._close()

    async def _serve(self, client: Host, server: Host) -> None:
        async with TaskGroup() as task_group:
            self._task_group = task_group
            parts = (
                self.app,
                self.config,
                self.context,
                task_group,
                ConnectionState(self.state),
                self.stream.secure,
                client,
                server,
                self.protocol_send,
            )
            self.protocol = ProtocolWrapper(*parts)
            self.protocol.protocol = plain = PlainProtocol(*parts)
            plain.refused = self.refused
            await self.idle_task.restart(task_group, self._idle_timeout)
            try:
                await self._read_data()
            except SocketAsked as asked:
                self.asked = asked.received + self.stream.unread
            # Or it would wait for the next request on a closed connection.
            await self.idle_task.stop()


def _host(name: Host) -> Host:
    """Return host and port; IPv6 has more in its names."""
    return name[0], name[1]


async def serve(
    app: AppWrapper, config: Config, stream: Replaying, refused: Callable[[int], None]
) -> bytes | None:
    """Answer the requests on `stream`; `refused` hears of what is no HTTP.

    Returns what has come of one that asks for a socket; `stream` is open then.
    """
    context = WorkerContext(None)
    connection = HttpConnection(
        app,
        config,
        context,
        {},
        stream,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] # it asks for a stream with TLS, and takes any
    )
    connection.refused = refused
    await connection.run()
    return connection.asked
