"""`/v1/sites/{site}/deeds`: who did what to the shop's settings, people and keys."""

from functools import partial
from typing import Annotated

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from broker.http.errors import refusals
from broker.http.guards import BEARER, Guards
from broker.server import Broker
from storage import deeds
from storage.deeds import NEWEST, Kept

MOST = 500
"""Deeds in one page."""


class Deeds(msgspec.Struct, frozen=True):
    """The last first; `more` if there are any before the first of them."""

    deeds: list[Kept]
    more: bool


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handler."""

    @get(
        "/v1/sites/{site:str}/deeds",
        guards=[guards.only("admin")],
        security=BEARER,
        responses=refusals(400, 401, 403, 404),
    )
    async def list_deeds(
        site: FromPath[str],
        before: Annotated[int, QueryParameter(ge=1, le=NEWEST)] = NEWEST,
        limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = 100,
    ) -> Deeds:
        """Answer who did what when, the last deed first.

        Ask with `before` = the last `id` of a page for what was done earlier.
        """
        read = partial(deeds.of_site, site=site, before=before, limit=limit + 1)
        kept = await broker.query(read)
        return Deeds(kept[:limit], len(kept) > limit)

    return [list_deeds]
