"""`/v1/sites/{site}/settings/versions`, and those of faq, macros and knowledge.

Every version stays, with who made it and when: a chat's events name the settings that
they were made under, and what was changed can be found out and put back.
"""

import re
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from broker.founding import SETTINGS
from broker.http.errors import Refusal, refusals
from broker.http.guards import BEARER, Guard, Guards
from broker.server import Broker
from broker.wire.errors import Code
from storage import documents
from storage.documents import Version

PATH = "/v1/sites/{site:str}/"
NEWEST = 2**53
NUMBER = re.compile("[0-9]{1,15}")
"""What a version in a path looks like; SQLite could not hold much more."""

Before = Annotated[int, QueryParameter(ge=1, le=NEWEST)]
Limit = Annotated[int, QueryParameter(ge=1, le=200)]


class Versions(msgspec.Struct, frozen=True):
    """The newest first; `more` if there are any before the last."""

    versions: list[Version]
    more: bool


class Kept(msgspec.Struct, frozen=True):
    """A version as it was put: settings that are newer than it are not in it."""

    version: int
    at: int
    by: str
    document: dict[str, Any] | list[Any]
    """The settings, or the items."""


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    admin, staff = guards.only("admin"), guards.only("agent", "admin")
    found: list[HTTPRouteHandler] = []
    for name in (SETTINGS, "faq", "macros", "knowledge"):
        found += _of(broker, name, admin if name == SETTINGS else staff)
    return found


def _of(broker: Broker, name: str, guard: Guard) -> list[HTTPRouteHandler]:
    @get(
        f"{PATH}{name}/versions",
        guards=[guard],
        security=BEARER,
        responses=refusals(400, 401, 403, 404),
        operation_id=f"list_{name}_versions",
    )
    async def list_versions(
        site: FromPath[str], before: Before = NEWEST, limit: Limit = 50
    ) -> Versions:
        """Answer who has changed this document and when, the last change first."""
        read = partial(
            documents.versions, site=site, name=name, before=before, limit=limit + 1
        )
        kept = await broker.query(read)
        return Versions(kept[:limit], len(kept) > limit)

    @get(
        f"{PATH}{name}/versions/{{version:str}}",
        guards=[guard],
        security=BEARER,
        responses=refusals(401, 403, 404),
        operation_id=f"read_{name}_version",
    )
    async def read_version(site: FromPath[str], version: FromPath[str]) -> Kept:
        """Answer this document as it was in one version."""
        if NUMBER.fullmatch(version) is None:
            raise Refusal(Code.NOT_FOUND)
        wanted = partial(
            documents.at_version, site=site, name=name, version=int(version)
        )
        kept = await broker.query(wanted)
        if kept is None:
            raise Refusal(Code.NOT_FOUND)
        document = msgspec.json.decode(kept.document)
        return Kept(kept.version, kept.at, kept.by, document)

    return [list_versions, read_version]
