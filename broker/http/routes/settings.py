"""`/v1/sites/{site}/settings`: one versioned document, swapped whole."""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from actors.settings import Settings
from broker.gate import Identity
from broker.http.bodies import Strict
from broker.http.errors import Refusal, refusals
from broker.http.guards import BEARER, Guards
from broker.office.settings import Wrong, put_settings
from broker.server import Broker
from broker.wire.errors import Code


class Versioned(msgspec.Struct, frozen=True):
    """The settings as they are; version 0 are the defaults of a fresh site."""

    version: int
    settings: Settings


class Put(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings as they shall be, if nobody has changed them meanwhile."""

    if_version: Annotated[int, Meta(ge=0, le=2**53)]
    settings: Settings


class NewVersion(msgspec.Struct, frozen=True):
    """What the settings are now called."""

    version: int


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    path, guard = "/v1/sites/{site:str}/settings", [guards.only("admin")]

    @get(
        path,
        guards=guard,
        security=BEARER,
        responses=refusals(401, 403, 404),
        sync_to_thread=False,
    )
    def read_settings(site: FromPath[str]) -> Versioned:
        """Answer the settings of a site."""
        return _versioned(broker, site)

    @put(
        path,
        guards=guard,
        security=BEARER,
        responses=refusals(400, 401, 403, 404, 409, 413),
        dto=Strict[Put],
        return_dto=None,
    )
    async def write_settings(
        request: Request[Any, Identity, Any], site: FromPath[str], data: JSONBody[Put]
    ) -> NewVersion:
        """Let other settings hold; all of them or none."""
        by = f"agent:{request.auth.sub}"
        outcome = await put_settings(
            broker, site, data.if_version, data.settings, by=by
        )
        if isinstance(outcome, int):
            return NewVersion(outcome)
        if isinstance(outcome, Wrong):
            first = outcome.problems[0]
            path = f"$.settings{first.path.removeprefix('$')}"
            raise Refusal(Code.BAD_FRAME, path=path, reason=first.reason)
        now = _versioned(broker, site)
        raise Refusal(Code.CONFLICT, version=now.version, settings=now.settings)

    return [read_settings, write_settings]


def _versioned(broker: Broker, site: str) -> Versioned:
    rules = broker.sites.rules_of(site)
    return Versioned(rules.version, rules.settings)
