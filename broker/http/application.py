"""The HTTP application: everything but `/ws`, which never comes here.

Imported in a thread when the broker listens already; so nothing else imports this.
"""

import logging
from functools import partial
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.exceptions import InternalServerException
from litestar.status_codes import HTTP_500_INTERNAL_SERVER_ERROR

from broker.asyncapi import document
from broker.http import connection
from broker.http.built import Built, dist, serving_built
from broker.http.description import description
from broker.http.errors import answer
from broker.http.files import PUBLIC, folder, on_demand, serving
from broker.http.front import Front
from broker.http.guards import Guards
from broker.http.options import answering_options
from broker.http.pages import Pages
from broker.http.routes import (
    agents,
    blobs,
    deeds,
    demo,
    feed,
    health,
    history,
    keys,
    library,
    login,
    people,
    reports,
    settings,
    shopify,
    sms,
    tickets,
    transcripts,
    webhooks,
)
from broker.http.shell import Shell
from broker.http.stream import Replaying
from broker.images.gallery import Gallery
from broker.limits import Tally
from broker.server import Broker

BODY_BYTES = 1024 * 1024
"""Of a request in JSON: a site's knowledge is the largest document."""

log = logging.getLogger(__name__)


class HttpApplication:
    """Serves connections, one at a time and any number beside each other."""

    def __init__(
        self, shell: Shell, head_bytes: int, gallery: Gallery, tally: Tally
    ) -> None:
        self._shell = shell
        self._tally = tally
        self._config = connection.configured(head_bytes)
        self.gallery = gallery

    async def serve(self, stream: Replaying) -> bytes | None:
        """Answer the requests of one connection, until one asks for a socket."""
        refused = self._tally.turns_away
        return await connection.serve(self._shell, self._config, stream, refused)

    async def run(self) -> None:
        """Do the chores, until cancelled."""
        await self.gallery.run()


def build(broker: Broker, front: Front) -> HttpApplication:
    """Return the application of `broker`."""
    pages = Pages(broker.config.server, broker.addresses, broker.sites)
    guards = Guards(broker, pages)
    house = broker.house
    gallery = Gallery(broker.stock, broker.books, house.ids, broker.clock)
    handlers = [
        *health.routes(broker),
        *login.routes(broker),
        *settings.routes(broker, guards),
        *library.routes(broker, guards),
        *history.routes(broker, guards),
        *people.routes(broker, guards),
        *deeds.routes(broker, guards),
        *agents.routes(broker, guards),
        *sms.routes(broker, guards),
        *keys.routes(broker, guards),
        *shopify.routes(broker),
        *webhooks.routes(broker, guards),
        *feed.routes(broker, guards),
        *blobs.routes(broker, guards, gallery),
        *tickets.routes(broker, guards),
        *reports.routes(broker, guards),
        *transcripts.routes(broker, guards),
        *demo.routes(broker),
        serving(folder(PUBLIC)),
        serving_built(broker, Built(dist())),
    ]
    version, described = broker.house.version, tuple(handlers)
    handlers += [
        on_demand("/schema/openapi.json", partial(description, described, version)),
        on_demand(
            "/schema/asyncapi.json", lambda: msgspec.json.encode(document(version))
        ),
    ]
    app = Litestar(
        [*answering_options(handlers), *handlers],
        # It would be built anew for each who asks.
        openapi_config=None,
        exception_handlers={Exception: _answer},
        request_max_body_size=BODY_BYTES,
        # Ours are set up; Litestar's would start a thread.
        logging_config=None,
    )
    log_access = broker.config.log.access
    shell = Shell(app, front, pages, broker.tally, log_access=log_access)
    head_bytes = broker.config.limits.head_bytes
    return HttpApplication(shell, head_bytes, gallery, broker.tally)


def _answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    response = answer(request, error)
    # Litestar's own is of a client that left before it had sent its request.
    left = isinstance(error, InternalServerException)
    if response.status_code == HTTP_500_INTERNAL_SERVER_ERROR and not left:
        log.error("%s failed", request.route_handler, exc_info=error)
    return response
