"""How the process is: for monitors, without a token."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, route
from litestar.handlers import HTTPRouteHandler
from msgspec import UNSET, UnsetType

from broker import metrics
from broker.http.errors import Refusal
from broker.server import Broker
from broker.wire.errors import TABLE, Code


class Health(msgspec.Struct, frozen=True):
    """The process lives."""

    alive: bool = True


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the broker can accept writes; if not, in the form of an error too."""

    ready: bool
    durability: str
    """`relaxed`: the last moments may be lost in a power cut."""
    code: Code | UnsetType = UNSET
    message: str | UnsetType = UNSET
    """Why it cannot."""
    retry: bool | UnsetType = UNSET


class Version(msgspec.Struct, frozen=True):
    """Which program this is."""

    name: str
    version: str


def routes(broker: Broker) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    collected = metrics.registry(broker)

    @route("/healthz", http_method=["GET", "HEAD"], sync_to_thread=False)
    def healthz() -> Health:
        """Answer while the process lives."""
        return Health()

    @route("/readyz", http_method=["GET", "HEAD"], sync_to_thread=False)
    def readyz() -> Response[Readiness]:
        """Answer whether writes are accepted."""
        readiness = _readiness(broker)
        return Response(readiness, status_code=200 if readiness.ready else 503)

    @get("/version", sync_to_thread=False)
    def version() -> Version:
        """Answer which program this is."""
        return Version("shopwire", broker.house.version)

    @get("/metrics", media_type=MediaType.TEXT, sync_to_thread=False)
    def read_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Answer how much of everything there is and was."""
        client = request.client
        addresses = broker.addresses
        caller = addresses.caller(client.host if client else "", request.headers)
        shown = request.headers.get("authorization", "")
        if not metrics.may_read(broker.config, caller, shown):
            raise Refusal(Code.FORBIDDEN)
        return Response(metrics.written(collected), media_type=metrics.MEDIA_TYPE)

    return [healthz, readyz, version, read_metrics]


def _readiness(broker: Broker) -> Readiness:
    durability = broker.config.storage.durability
    code = None
    if not broker.serving:
        code = Code.SHUTTING_DOWN
    elif not broker.journal.writable:
        code = Code.UNAVAILABLE
    if code is None:
        return Readiness(ready=True, durability=durability)
    return Readiness(
        ready=False,
        durability=durability,
        code=code,
        message=TABLE[code].text,
        retry=TABLE[code].retry,
    )
