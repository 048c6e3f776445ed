"""What all connections of the fast path share, and who hears them."""

import socket
from collections.abc import Callable
from typing import Protocol

import msgspec

from broker.edge.intake import IntakeRate
from broker.edge.keepalive import Keepalive
from broker.edge.reactor import Reactor
from broker.limits import Tally
from broker.wire.codec import BY_NAME, Codecs
from broker.wire.errors import Close

STALL = 10.0
"""Seconds that what is to be sent may stand still (F52)."""
LINGER = 2
"""Seconds for the peer to take a last frame and hang up; an early close would make the
kernel drop what it has not sent."""
SLOW_LINGER = 30
"""The same for a slow peer, which has all that the kernel holds to read before it; the
broker itself keeps a last frame for it and nothing more."""


def linger_of(code: Close) -> int:
    """Return the seconds for a peer that is sent away with `code`."""
    return SLOW_LINGER if code is Close.SLOW else LINGER


class Listener(Protocol):
    """Who hears what comes in."""

    def take(self, payload: bytes) -> None:
        """Act on one message; must not raise."""

    def gone(self) -> None:
        """Hear that the connection has ended."""


class Edge(msgspec.Struct, frozen=True):
    """What all connections share."""

    reactor: Reactor
    keepalive: Keepalive
    outbox_bytes: int
    frame_bytes: int
    fragments: int
    reconnect_after: Callable[[], int]
    """Milliseconds that a client which is sent away should wait: jittered."""
    either: bool = False
    """Whether text and binary messages are both taken: for an endpoint without a
    subprotocol, as conformance is tested with."""
    stall_s: float = STALL
    intake: IntakeRate | None = None
    """What may be read of one of them in a second."""
    tally: Tally = msgspec.field(default_factory=Tally)
    codecs: Codecs = msgspec.field(default_factory=lambda: BY_NAME)


def shut_down_writing(fd: int) -> None:
    """Let the peer of the socket `fd` read to the end.

    Raises:
        OSError: it is gone already.
    """
    peer = socket.socket(fileno=fd)
    try:
        peer.shutdown(socket.SHUT_WR)
    finally:
        peer.detach()
