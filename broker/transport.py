"""What carries a peer's frames: a socket, a trio stream, or memory."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from broker.wire.codec import Codec
from broker.wire.errors import Close


class Origin(NamedTuple):
    """Which page a connection was opened from."""

    page: str | None
    """Scheme, host and port, as the browser says; other clients say nothing."""
    own: bool
    """Whether it needs nobody's leave: it is the broker's own, or no page at all."""


NO_PAGE = Origin(None, own=True)


class Transport(Protocol):
    """One connection, seen from the peer that speaks over it."""

    codec: Codec
    origin: Origin
    trusted: bool
    """Whether limits on numbers and rates do not hold for it: a load test's."""
    heard: int
    """When it last said something; only to be compared with others of its kind."""

    @property
    def low(self) -> bool:
        """Whether there is room for much more."""
        ...

    def offer(self, frame: bytes) -> None:
        """Send `frame`; who does not take it in time is cut off."""

    def signal(self, key: object, frame: bytes) -> bool:
        """Send `frame` in place of one with the same key; return whether it will be."""
        ...

    def when_drained(self, then: Callable[[], None]) -> None:
        """Call `then` when there is room for much more; never, once closed."""

    def greeted(self) -> None:
        """Hear that the hello came in time."""

    def vouched(self) -> None:
        """Hear that a token has said who it is."""

    def pause(self) -> None:
        """Hand up nothing more until `resume`."""

    def resume(self) -> None:
        """Go on handing up."""

    def close(self, code: Close, *, after: int | None = None) -> None:
        """Say why and close; a client may come back in `after` milliseconds."""
