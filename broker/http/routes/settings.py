"""`/v1/sites/{site}/settings`: one versioned document, swapped whole."""

from typing import Any

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from actors.settings.document import Settings
from actors.settings.fields import Problem
from broker.gate import Identity
from broker.http.bodies import Strict
from broker.http.guards import Guards, doer
from broker.http.routes.versioned import NewVersion, Version, reading, saved, writing
from broker.office.documents import Wrong
from broker.office.settings import put_settings
from broker.server import Broker

PATH = "/v1/sites/{site:str}/settings"


class Versioned(msgspec.Struct, frozen=True):
    """The settings as they are; version 0 are the defaults of a fresh site."""

    version: int
    settings: Settings


class Put(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings as they shall be, if nobody has changed them meanwhile."""

    if_version: Version
    settings: Settings


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard = guards.only("admin")

    def versioned(site: str) -> Versioned:
        rules = broker.sites.rules_of(site)
        return Versioned(rules.version, rules.settings)

    @reading(PATH, guard)
    def read_settings(site: FromPath[str]) -> Versioned:
        """Answer the settings of a site."""
        return versioned(site)

    @writing(PATH, guard, Strict[Put])
    async def write_settings(
        request: Request[Any, Identity, Any], site: FromPath[str], data: JSONBody[Put]
    ) -> NewVersion:
        """Let other settings hold; all of them or none."""
        by = doer(request)
        outcome = await put_settings(
            broker, site, data.if_version, data.settings, by=by
        )
        if isinstance(outcome, Wrong):
            outcome = Wrong(tuple(_in_body(problem) for problem in outcome.problems))
        return saved(outcome, versioned(site))

    return [read_settings, write_settings]


def _in_body(problem: Problem) -> Problem:
    """Return where a problem of the settings is in the body they came in."""
    path = f"$.settings{problem.path.removeprefix('$')}"
    return Problem(path, problem.reason)
