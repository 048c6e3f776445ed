"""Two ways in, and which one it is to be.

The fast path serves plain sockets in turns of the reactor. The portable one, on trio's
streams, is for TLS in the process and for systems without epoll.
"""

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from broker.config import ConfigError, ServerConfig
from broker.edge.intake import IntakeRate
from broker.edge.listener import Door
from broker.edge.opening import HeadLimits
from broker.edge.portable import PortableDoor
from broker.edge.reactor import AVAILABLE, Reactor
from broker.edge.shared import Edge
from broker.edge.streamed import Surroundings
from broker.edge.tls import Tls
from broker.loop import TaskLoop
from broker.wire.codec import codecs

if TYPE_CHECKING:
    from broker.server import Broker


def portable(server: ServerConfig) -> bool:
    """Return whether it is to be the portable one.

    Raises:
        ConfigError: the fast one is asked for, and cannot be had.
    """
    if server.path != "fast":
        return server.path == "portable" or server.tls is not None or not AVAILABLE
    if server.tls is not None:
        why = "server.path: the fast path has no TLS. Remove it, or remove server.tls."
        raise ConfigError(why)
    if not AVAILABLE:
        why = "server.path: this system has no fast path. Remove it: auto knows."
        raise ConfigError(why)
    return False


def loop_for(server: ServerConfig, *, virtual: bool) -> Reactor | TaskLoop:
    """Return what takes the broker's turns; in virtual time there are no sockets.

    Raises:
        ConfigError: the fast path is asked for, and cannot be had.
    """
    return TaskLoop() if virtual or portable(server) else Reactor()


def open_door(
    broker: "Broker", listener: socket.socket, nursery: trio.Nursery, *, inner: bool
) -> Door | PortableDoor:
    """Let connections in; a portable door does it in tasks of `nursery`.

    Who comes to an `inner` one speaks no TLS: another node has done that for it.

    Raises:
        BadCertificate: the configured one cannot be used.
    """
    limits, loop = broker.config.limits, broker.loop
    heads = HeadLimits(
        limits.head_bytes, limits.head_s, limits.hello_s, broker.admission
    )
    intake = IntakeRate(limits.conn_frames, limits.conn_bytes)
    if isinstance(loop, Reactor):
        edge = Edge(
            reactor=loop,
            keepalive=broker.keepalive,
            outbox_bytes=limits.outbox_bytes,
            frame_bytes=limits.frame_bytes,
            fragments=limits.fragments,
            intake=intake,
            tally=broker.tally,
            stall_s=limits.stall_s,
            codecs=codecs(limits.depth),
            reconnect_after=broker.overload.returns.after,
        )
        return Door(listener, broker, edge=edge, timers=broker.timers, limits=heads)
    around = Surroundings(
        loop=loop,
        keepalive=broker.keepalive,
        timers=broker.timers,
        outbox_bytes=limits.outbox_bytes,
        frame_bytes=limits.frame_bytes,
        fragments=limits.fragments,
        intake=intake,
        tally=broker.tally,
        stall_s=limits.stall_s,
        codecs=codecs(limits.depth),
        reconnect_after=broker.overload.returns.after,
    )
    tls = None if inner else broker.config.server.tls
    door = PortableDoor(
        broker,
        # Connections outlive the door: they are to hear why it is closed.
        broker.nursery,
        around=around,
        limits=heads,
        tls=None if tls is None else Tls(Path(tls.cert), Path(tls.key)),
    )
    nursery.start_soon(door.run, listener)
    return door


def in_url(host: str) -> str:
    """Return how an address is written in a URL."""
    return f"[{host}]" if ":" in host else host
