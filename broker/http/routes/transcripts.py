"""`/v1/tickets/{chat}/transcript`: a chat as a document."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from actors import codec
from actors.cells.names import called
from actors.chat.events import seen_by_shopper
from actors.ids import ChatId, Millis
from broker.gate import Identity
from broker.http.description import answering
from broker.http.errors import Refusal, refusals
from broker.http.guards import BEARER, Guards
from broker.reach import ticket_within_reach
from broker.server import Broker
from broker.transcripts import MEDIA, POLICY, WRITERS, Format, Heading, Writer
from broker.wire.errors import Code
from storage import accounts, erasing, queries
from storage.records import TicketRow


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handler."""

    @get(
        "/v1/tickets/{chat:str}/transcript",
        guards=[guards.only("shopper", "agent", "admin", visitors=Code.NOT_FOUND)],
        security=BEARER,
        responses=refusals(400, 401, 404, 410),
        opt=answering(*(media for media, _ in MEDIA.values())),
    )
    async def transcript(
        request: Request[Any, Identity, Any],
        chat: FromPath[str],
        form: Annotated[Format, QueryParameter(name="format")] = "text",
    ) -> Stream:
        """Answer what was said in a chat, to those who take part in it."""
        identity = request.auth
        rules = broker.sites.rules_of(identity.site)
        find = partial(ticket_within_reach, identity=identity, chat=chat, rules=rules)
        ticket = await broker.query(find)
        if ticket is None:
            raise Refusal(Code.NOT_FOUND)
        if await broker.query(partial(erasing.is_erased, stream=ticket.stream)):
            raise Refusal(Code.ERASED)
        heading = await _heading(broker, ticket, insider=identity.insider)
        media, ending = MEDIA[form]
        headers = {
            "Content-Security-Policy": POLICY,
            "Content-Disposition": f'inline; filename="{ticket.chat}.{ending}"',
        }
        pieces = _pieces(broker, ticket, heading, WRITERS[form](heading))
        return Stream(pieces, headers=headers, media_type=media)

    return [transcript]


async def _heading(broker: Broker, ticket: TicketRow, *, insider: bool) -> Heading:
    find = partial(accounts.profile, site=ticket.site, id_=ticket.profile)
    profile = await broker.query(find)

    def agent_name(agent: str) -> str:
        account = broker.sites.agent(ticket.site, agent)
        if insider:
            return f"{account.name} ({agent})" if account else agent
        # Some shops have e-mail addresses for names.
        return account.name if account and "@" not in account.name else "Agent"

    return Heading(
        ChatId(ticket.chat),
        ticket.site,
        called(profile) if profile else "",
        broker.sites.rules_of(ticket.site).settings.hours.zone,
        Millis(ticket.opened_at),
        insider,
        agent_name,
    )


async def _pieces(
    broker: Broker, ticket: TicketRow, heading: Heading, writer: Writer
) -> AsyncIterator[str]:
    """Yield the document page by page, up to where the chat is now."""
    yield writer.begin()
    after = 0
    while after < ticket.seq:
        read = partial(queries.page, stream=ticket.stream, after=after)
        page = await broker.query(read)
        if not page:
            break
        written: list[str] = []
        for record in page:
            event = codec.from_record(record)
            seen = heading.insider or seen_by_shopper(event.body)
            if record.seq <= ticket.seq and seen:
                written.append(writer.event(record.seq, event))
        after = page[-1].seq
        yield "".join(written)
    yield writer.end()
