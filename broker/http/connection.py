"""HTTP/1.1 on one accepted connection, by Hypercorn's trio worker.

Of its protocols only this one: a request that would turn the connection into HTTP/2 is
just a request. Two names of Hypercorn's own are overridden; a test guards them.
"""

import logging

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


class PlainProtocol(H11Protocol):
    """HTTP/1.1 and no other."""

    async def _check_protocol(self, event: object) -> None:
        """Change to no other."""
        del event


class HttpConnection(TCPServer):
    """Serves one connection to its end."""

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
            self.protocol.protocol = PlainProtocol(*parts)
            await self.idle_task.restart(task_group, self._idle_timeout)
            await self._read_data()
            # Or it would wait for the next request on a closed connection.
            await self.idle_task.stop()


def _host(name: Host) -> Host:
    """Return host and port; IPv6 has more in its names."""
    return name[0], name[1]


async def serve(app: AppWrapper, config: Config, stream: Replaying) -> None:
    """Answer the requests on `stream`."""
    context = WorkerContext(None)
    await HttpConnection(
        app,
        config,
        context,
        {},
        stream,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] # it asks for a stream with TLS, and takes any
    )
