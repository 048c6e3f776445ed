"""What a broker is made of that comes in two sorts: plain, and traced.

Which it is to be is decided once, when it is made; the plain parts hear nothing of it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from broker.config import ConfigError, OtelConfig
from broker.hub import Hub
from broker.peer import Peer
from storage.journal import Journal

if TYPE_CHECKING:
    from broker.edge.reactor import Flushable
    from broker.house import House
    from broker.transport import Transport

MISSING = (
    "otel.enabled: OpenTelemetry is not installed."
    " Install `shopwire[otel]`, or remove the key."
)


class Makings(NamedTuple):
    """The sorts of a broker's parts."""

    hub: type[Hub]
    journal: type[Journal]
    peer: "Callable[[Transport, House], Peer]"
    meet: "Callable[[Hub, Journal, Callable[[Flushable], None]], None]"
    """Called once with the hub, the journal, and how to be told of a turn's end."""


def makings(config: OtelConfig) -> Makings:
    """Return what to make a broker of.

    Raises:
        ConfigError: it is to be traced, and what that takes is not installed.
    """
    if not config.enabled:
        return Makings(Hub, Journal, Peer, _strangers)
    try:
        from broker.tracing import traced  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ConfigError(MISSING) from error
    return traced()


def _strangers(*_: object) -> None:
    """Nobody has to know anybody."""
