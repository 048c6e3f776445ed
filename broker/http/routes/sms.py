"""`/v1/sites/{site}/sms/…`: what a provider tells of text messages (spec F21).

Twilio signs with our account's token what it says; for the loopback an admin speaks.
"""

import re
from importlib import import_module
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
import trio
from litestar import MediaType, Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Meta

from actors.cells.ports import Accepted
from actors.cells.texter import UNWANTED
from actors.ids import ChatId, Seq
from actors.leaving import Message
from actors.person import Moment
from actors.refusals import Refused
from broker.http.bodies import decoded
from broker.http.description import answering, taking
from broker.http.errors import Refusal, refusals
from broker.http.guards import Guards
from broker.outward.sms import TWILIO, find, take_in
from broker.outward.waiter import NotTold
from broker.server import Broker
from broker.wire.errors import Code

PATH = "/v1/sites/{site:str}/sms"
BODY_BYTES = 64 * 1024
"""Of what a provider tells: some twenty short fields, and 1,600 characters."""
FIELDS = 200
"""In one form."""
NUMBER = re.compile(r"\+?[0-9]{3,15}")
"""Whom one can answer: with a plus in all the world, without one at home."""
ID = re.compile(r"[A-Za-z0-9_-]{1,60}")
PLACE = re.compile(r"([0-9]{1,19})-([0-9]{1,10})")
LOST = {"failed", "undelivered"}
SENT = {"sent", "delivered", "read"}
PICTURE = "[image]"
"""Stands for pictures that came alone: somebody should ask what was in them."""
FORM = "application/x-www-form-urlencoded"
NOTHING = "<Response/>"
"""To say nothing back, in Twilio's words."""

RESPONSES = refusals(400, 401, 403, 404, 413, 503)

SmsRequest = Request[Any, Any, Any]
Form = list[tuple[str, str]]


class Incoming(msgspec.Struct, frozen=True, rename={"number": "from"}):
    """A message, as told to the loopback."""

    provider_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,60}$(?!\n)")]
    """The same id a second time is the same message."""
    number: Annotated[str, Meta(pattern=r"^\+?[0-9]{3,15}$(?!\n)")]
    text: str
    at: Moment | None = None
    """When it was written; in the ticket stands when it came."""


class Taken(msgspec.Struct, frozen=True):
    """Where the message stands."""

    chat: ChatId
    seq: Seq | None
    dup: bool


class Signed:
    """Reads what Twilio has signed."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def form(self, request: SmsRequest) -> Form:
        """Return the fields of a form.

        Raises:
            Refusal: it is none, or is not signed with our token.
        """
        token = self._broker.config.sms.auth_token
        body = await request.body()
        try:
            form = parse_qsl(
                body.decode(),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=FIELDS,
            )
        except UnicodeDecodeError as error:
            raise Refusal(Code.BAD_UTF8, path="$") from error
        except ValueError as error:
            raise Refusal(Code.BAD_FRAME, path="$", reason="is no form") from error
        given = request.headers.get("x-twilio-signature")
        if token is None or given is None:
            raise Refusal(Code.FORBIDDEN)
        # Late: few shops use it.
        twilio = await trio.to_thread.run_sync(import_module, TWILIO)
        if not twilio.is_signed(given, token, self._urls(request), form):
            raise Refusal(Code.FORBIDDEN)
        return form

    def _urls(self, request: SmsRequest) -> tuple[str, ...]:
        """Return what Twilio may have called us: of a port it is not always told."""
        server = self._broker.config.server
        host = request.headers.get("host", "")
        base = server.public_url or f"{server.scheme}://{host}"
        path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        query: bytes = request.scope["query_string"]
        rest = path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        return base + rest, re.sub(r":[0-9]+$", "", base) + rest


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    signed = Signed(broker)
    return [_inbound(broker, guards, signed), _status(broker, signed)]


def _inbound(broker: Broker, guards: Guards, signed: Signed) -> HTTPRouteHandler:
    admin = guards.only("admin")

    @post(
        f"{PATH}/inbound",
        responses=RESPONSES,
        request_max_body_size=BODY_BYTES,
        status_code=200,
        opt=taking(FORM, MediaType.JSON) | answering(MediaType.XML, MediaType.JSON),
    )
    async def inbound(request: SmsRequest, site: FromPath[str]) -> Response[Any]:
        """Take in a message; the answer says that it is durable."""
        sms = broker.sites.rules_of(site).settings.sms
        if sms.provider == "loopback":
            admin.check(request)
            said = decoded(await request.body(), Incoming)
            taken = _taken(
                await take_in(broker, site, said.number, said.provider_id, said.text)
            )
            return Response(Taken(taken.chat, taken.seq, taken.dup))
        form = dict(await signed.form(request))
        if form.get("To") != sms.number:
            raise Refusal(Code.NOT_FOUND, path="$.To")
        number = _fitting(NUMBER, form, "From")
        id_ = _fitting(ID, form, "MessageSid")
        text = form.get("Body", "")
        if not text.strip() and form.get("NumMedia", "0") != "0":
            text = PICTURE
        if text.strip():
            answer = await take_in(broker, site, number, id_, text)
            if answer != UNWANTED:
                # The provider did its part, whomever the shop has blocked.
                _taken(answer)
        return Response(NOTHING, media_type=MediaType.XML)

    return inbound


def _status(broker: Broker, signed: Signed) -> HTTPRouteHandler:
    @post(
        f"{PATH}/status",
        responses=RESPONSES,
        request_max_body_size=BODY_BYTES,
        status_code=204,
        opt=taking(FORM),
    )
    async def status(request: SmsRequest, site: FromPath[str]) -> None:
        """Learn what became of a message that was sent."""
        if broker.sites.rules_of(site).settings.sms.provider == "loopback":
            raise Refusal(Code.NOT_FOUND)
        form = dict(await signed.form(request))
        state = form.get("MessageStatus", "")
        if state in LOST:
            why = f"{state}: error {form.get('ErrorCode', 'unknown')[:16]}"
            await _report(broker, site, request, why)
        elif state in SENT:
            await _report(broker, site, request, None)

    return status


def _taken(answer: Accepted | Refused) -> Accepted:
    if isinstance(answer, Refused):
        code, why = Code(answer.reason), answer.why
        raise Refusal(code, path=answer.path, reason=why, limit=answer.limit)
    return answer


def _fitting(pattern: re.Pattern[str], form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if pattern.fullmatch(value) is None:
        raise Refusal(Code.BAD_FRAME, path=f"$.{name}")
    return value


async def _report(
    broker: Broker, site: str, request: SmsRequest, failed: str | None
) -> None:
    place = PLACE.fullmatch(request.query_params.get("of", ""))
    if place is None:
        raise Refusal(Code.NOT_FOUND)
    where = Message(int(place[1]), int(place[2]))
    if where.stream >> 63:
        raise Refusal(Code.NOT_FOUND)
    found = await broker.query(lambda db: find(db, where))
    if found is None or found.site != site:
        raise Refusal(Code.NOT_FOUND)
    try:
        await broker.outward.sms.report(found.chat, found.site, where.seq, failed)
    except NotTold as error:
        raise Refusal(Code.UNAVAILABLE) from error
