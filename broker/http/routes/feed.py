"""`/v1/sites/{site}/feed`: everything that happens, to be pulled (spec F48)."""

import logging
from functools import partial
from typing import Annotated

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from actors.codec import UnreadableRecordError
from broker.http.errors import refusals
from broker.http.guards import BEARER, Guards
from broker.outward.webhooks.told import Told, told
from broker.server import Broker
from storage import webhooks

MOST = 500
"""Events in one page."""
PAGE_BYTES = 1024 * 1024
"""Of bodies in one page, which has one event at least."""

log = logging.getLogger(__name__)


class Page(msgspec.Struct, frozen=True):
    """Events of a site in the order in which they were committed."""

    epoch: str
    """Another one: a back-up was restored, begin again at 0."""
    events: list[Told]
    cursor: int
    """Ask with `after` = this for what follows."""
    more: bool
    """Whether there is something to ask for already."""


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""

    @get(
        "/v1/sites/{site:str}/feed",
        guards=[guards.only("admin")],
        security=BEARER,
        responses=refusals(400, 401, 403, 404, 503),
    )
    async def read_feed(
        site: FromPath[str],
        after: Annotated[int, QueryParameter(ge=0, le=2**62)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=MOST)] = 100,
    ) -> Page:
        """Answer events after a cursor, as agents see them; a page may be empty."""
        read = partial(webhooks.feed, site=site, after=after, limit=limit)
        entries, cursor, more = await broker.query(read)
        size, events, last = 0, list[Told](), after
        for entry in entries:
            size += len(entry.record.body)
            if events and size > PAGE_BYTES:
                return Page(broker.journal.epoch, events, last, more=True)
            last = entry.gseq
            try:
                events.append(told(entry, broker.journal.epoch))
            except UnreadableRecordError:
                # What nobody can read must not keep all that follows back.
                log.exception("event %d is left out of the feed", last)
        return Page(broker.journal.epoch, events, cursor, more)

    return [read_feed]
