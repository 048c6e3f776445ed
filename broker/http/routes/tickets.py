"""`/v1/sites/{site}/tickets` and `/v1/tickets/{chat}`: reading without a socket."""

from typing import Annotated, Any, Literal

from litestar import Request, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from broker.gate import Identity
from broker.http.errors import Refusal, refusals
from broker.http.guards import BEARER, Guards
from broker.server import Broker
from broker.tickets import Filter, Tickets, listed, single
from broker.wire.errors import Code
from broker.wire.frames import Ticket

MOST = 200
"""Tickets in a page, as on the socket."""
MOST_FOUND = 50
"""Likewise of those that were searched for."""
MAX_QUERY = 200
"""Characters that are looked for."""
MAX_CURSOR = 64

Asked = Request[Any, Identity, Any]
Status = Annotated[Literal["open", "snoozed", "closed"] | None, QueryParameter()]
Channel = Annotated[Literal["chat", "sms"] | None, QueryParameter()]
Assignee = Annotated[str | None, QueryParameter(min_length=1, max_length=64)]
Words = Annotated[str | None, QueryParameter(max_length=MAX_QUERY)]
Cursor = Annotated[str | None, QueryParameter(max_length=MAX_CURSOR)]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST)]


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard = guards.only("agent", "admin")

    @get(
        "/v1/sites/{site:str}/tickets",
        guards=[guard],
        security=BEARER,
        responses=refusals(400, 401, 403, 404, 503),
        dependencies={"wanted": Provide(_filter, sync_to_thread=False)},
    )
    async def list_tickets(
        request: Asked,
        site: FromPath[str],
        wanted: NamedDependency[Filter],
        cursor: Cursor = None,
    ) -> Tickets:
        """Answer a page of tickets, those opened last first; closed ones as they ended.

        Without a `status`, those that are open. `assignee` is an agent's id, or `-` for
        nobody. With `q`, tickets of any status in which these words were said, those
        said last first: one in which they stand twice may be on two pages, and a page
        with a `cursor` may have fewer than `limit`.
        """
        del site  # the guard has seen to it
        found = await listed(broker, request.auth, wanted, cursor)
        if found is Code.BAD_FRAME:
            raise Refusal(found, path="$.cursor", reason="is of no use here")
        if isinstance(found, Code):
            raise Refusal(found)
        return found

    @get(
        "/v1/tickets/{chat:str}",
        guards=[guard],
        security=BEARER,
        responses=refusals(401, 403, 404),
    )
    async def read_ticket(request: Asked, chat: FromPath[str]) -> Ticket:
        """Answer one ticket, as a row of the inbox."""
        found = await single(broker, request.auth, chat)
        if found is None:
            raise Refusal(Code.NOT_FOUND)
        return found

    return [list_tickets, read_ticket]


def _filter(
    status: Status = None,
    channel: Channel = None,
    assignee: Assignee = None,
    q: Words = None,
    limit: Limit = 50,
) -> Filter:
    most = limit if q is None else min(limit, MOST_FOUND)
    return Filter(status, channel, assignee, q, most)
