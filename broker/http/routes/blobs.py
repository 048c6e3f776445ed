"""`…/blobs`: images, up and down (spec F10)."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from actors.ids import Person
from broker.gate import Identity
from broker.http.attempts import Attempts
from broker.http.description import answering, taking
from broker.http.errors import Refusal, refusals
from broker.http.guards import BEARER, Guards
from broker.http.persons import person_of
from broker.images.gallery import MOST_BYTES, Busy, Gallery, Unfit
from broker.images.names import ENDINGS, disposition
from broker.reach import place_in, within_reach
from broker.server import Broker
from broker.wire.errors import Code
from storage.blobs import Blob, Place

UPLOADS = 60
UPLOADS_S = 600.0
"""So many of one person in so many seconds: what nobody sends is kept for an hour."""
BUSY_MS = 1000
"""After which one who sends too many at a time may try again."""
CHUNK = 1 << 16
PARTIES = ("shopper", "agent", "admin")
AS_IT_IS = {
    # Should a browser ever take it for a page, it may do nothing there.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Asked for again each time, with a token: a person may lose the right to it.
    "Cache-Control": "private, no-cache",
    "Vary": "Authorization, Origin",
}
ImageRequest = Request[Any, Identity, Any]


class Uploaded(msgspec.Struct, frozen=True):
    """An image that a message may name now, within the hour."""

    blob: str
    mime: str
    size: int
    width: int
    height: int


class Uploads:
    """Takes what comes, as much of it as is bearable."""

    def __init__(self, broker: Broker, gallery: Gallery) -> None:
        self._broker = broker
        self._gallery = gallery
        self._attempts = Attempts(UPLOADS, UPLOADS_S)

    async def take(self, request: ImageRequest, place: Place) -> Uploaded:
        """Return what the body has become.

        Raises:
            Refusal: it is no image, too large, or one of too many.
        """
        self._count(request, place)
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > MOST_BYTES:
            raise Refusal(Code.TOO_BIG, limit=MOST_BYTES)
        name = request.headers.get("x-filename", "")
        try:
            async with aclosing(request.stream()) as body:
                taken = await self._gallery.take(place, name, body)
        except Busy as busy:
            code = Code.RATE_LIMITED if busy.own else Code.UNAVAILABLE
            raise Refusal(code, retry_ms=BUSY_MS) from busy
        except OSError as error:
            raise Refusal(Code.UNAVAILABLE) from error
        if isinstance(taken, Unfit):
            raise Refusal(taken.code, reason=taken.reason, limit=taken.limit)
        return Uploaded(taken.id, taken.mime, taken.size, taken.width, taken.height)

    def _count(self, request: ImageRequest, place: Place) -> None:
        client, broker = request.client, self._broker
        if broker.house.blocked.stops(Person(place.owner)):
            raise Refusal(Code.FORBIDDEN)
        addresses = broker.addresses
        caller = addresses.caller(client.host if client else "", request.headers)
        if not addresses.trusts(caller):
            who = f"{place.site}/{place.owner}"
            wait = self._attempts.wait(who, broker.monotonic())
            if wait > 0:
                broker.tally.limited["uploads"] += 1
                raise Refusal(Code.RATE_LIMITED, retry_ms=int(wait * 1000) + 1)


def routes(broker: Broker, guards: Guards, gallery: Gallery) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    uploads = Uploads(broker, gallery)
    return [*_takers(broker, guards, uploads), _giver(broker, guards, gallery)]


def _takers(broker: Broker, guards: Guards, uploads: Uploads) -> list[HTTPRouteHandler]:
    responses = refusals(400, 401, 403, 404, 413, 429, 503)

    @post(
        "/v1/chats/{chat:str}/blobs",
        guards=[guards.only(*PARTIES, visitors=Code.NOT_FOUND)],
        security=BEARER,
        responses=responses,
        request_max_body_size=None,
        opt=taking(*ENDINGS),
    )
    async def upload_to_chat(request: ImageRequest, chat: FromPath[str]) -> Uploaded:
        """Take an image that a message of this chat is to show.

        The body is the image, `X-Filename` what it is called, percent-encoded.
        """
        rules = broker.sites.rules_of(request.auth.site)
        find = partial(place_in, identity=request.auth, chat=chat, rules=rules)
        place = await broker.query(find)
        if isinstance(place, Code):
            raise Refusal(place)
        return await uploads.take(request, place)

    @post(
        "/v1/sites/{site:str}/blobs",
        guards=[guards.only(*PARTIES, visitors=Code.LOGIN_REQUIRED)],
        security=BEARER,
        responses=responses,
        request_max_body_size=None,
        opt=taking(*ENDINGS),
    )
    async def upload(request: ImageRequest, site: FromPath[str]) -> Uploaded:
        """Take an image that the first message of a chat is to show."""
        if not broker.sites.rules_of(site).settings.chat.enabled:
            raise Refusal(Code.CHAT_DISABLED)
        owner = await person_of(broker, request.auth)
        return await uploads.take(request, Place(site, None, None, owner))

    return [upload_to_chat, upload]


def _giver(broker: Broker, guards: Guards, gallery: Gallery) -> HTTPRouteHandler:
    @get(
        "/v1/blobs/{blob:str}",
        guards=[guards.only(*PARTIES, visitors=Code.NOT_FOUND)],
        security=BEARER,
        responses=refusals(401, 404, 410, 503),
        opt=answering(*ENDINGS),
    )
    async def download(request: ImageRequest, blob: FromPath[str]) -> Response[Any]:
        """Answer an image, to those who take part in its chat."""
        rules = broker.sites.rules_of(request.auth.site)
        find = partial(within_reach, identity=request.auth, id_=blob, rules=rules)
        found = await broker.query(find)
        if found is None:
            raise Refusal(Code.NOT_FOUND)
        if not found.digest:
            raise Refusal(Code.ERASED)
        headers = {**AS_IT_IS, "ETag": f'"{found.digest}"'}
        if _is_known(request, found):
            return Response(None, status_code=304, headers=headers)
        try:
            path = await gallery.file(found.digest)
        except OSError as error:
            raise Refusal(Code.UNAVAILABLE) from error
        if path is None:
            raise Refusal(Code.NOT_FOUND)
        headers["Content-Disposition"] = disposition(found.name)
        headers["Content-Length"] = str(found.size)
        return Stream(_pieces(path), headers=headers, media_type=found.mime)

    return download


def _is_known(request: ImageRequest, blob: Blob) -> bool:
    return f'"{blob.digest}"' in request.headers.get("if-none-match", "")


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    async with await trio.open_file(path, "rb") as file:
        while piece := await file.read(CHUNK):
            yield piece
