"""`/v1/sites/{site}/webhooks`: who is told of what happens (spec F48)."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from actors.leaving import Message
from broker.gate import Identity
from broker.http.bodies import Strict
from broker.http.errors import Refusal, granted, refusals
from broker.http.guards import BEARER, Guard, Guards, doer
from broker.office.requests import Replayed, ReplayWebhook
from broker.office.webhooks import (
    add_webhook,
    find_webhook,
    ping,
    remove_webhook,
    replay_webhook,
)
from broker.outward.delivery import Failed
from broker.server import Broker
from broker.wire.errors import Code
from storage import webhooks
from storage.outgoing import Delivery
from storage.webhooks import Webhook

Target = Annotated[
    str, Meta(pattern=r"^https?://[^\s\x00-\x1f\x7f]+$(?!\n)", max_length=2048)
]
Kind = Annotated[str, Meta(pattern=r"^[a-z_]{1,32}$(?!\n)")]
Asked = Request[Any, Identity, Any]
MOST_DEAD = 1000
"""Listed at a time, the oldest."""
OK, REDIRECTS = 200, 300


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook that is to be."""

    url: Target
    kinds: Annotated[tuple[Kind, ...], Meta(max_length=64)] = ()
    """Of which events it is told; none means all."""

    def __repr__(self) -> str:
        """Show no URL, which may have a secret in it."""
        return "NewWebhook(...)"


class Shown(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A webhook, without its secret, and how it is doing."""

    id: str
    url: str
    kinds: tuple[str, ...]
    created_at: int
    pending: int
    """Events on their way to it; more may wait in the journal."""
    dead: int
    """Events that it was not told, and is not tried to be told any more."""
    ended_at: int | None = None
    """Since when it is told nothing, for it answered 410."""
    ended_why: str | None = None


class Made(msgspec.Struct, frozen=True):
    """A new webhook, with its secret, which is told here alone."""

    id: str
    url: str
    kinds: tuple[str, ...]
    created_at: int
    secret: str

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Made({self.id!r})"


class Listed(msgspec.Struct, frozen=True):
    """All webhooks of a site, the oldest first."""

    webhooks: list[Shown]


class Removed(msgspec.Struct, frozen=True):
    """A webhook that is no more."""

    id: str


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a ping."""

    ok: bool
    status: int | None = None
    reason: str | None = None
    """Why there was no answer."""


class DeadLetter(msgspec.Struct, frozen=True):
    """An event that a webhook was not told."""

    id: int
    """Replay it by this."""
    stream: int
    seq: int
    at: int
    attempts: int
    error: str | None


class DeadLetters(msgspec.Struct, frozen=True):
    """What was given up, the oldest first."""

    dead: list[DeadLetter]


class Again(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which dead letters to tell once more."""

    ids: Annotated[tuple[int, ...], Meta(max_length=MOST_DEAD)] = ()
    """None means all."""


PATH = "/v1/sites/{site:str}/webhooks"
ONE = PATH + "/{webhook:str}"


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard = guards.only("admin")
    return [
        *_readers(broker, guard),
        *_writers(broker, guard),
        *_doers(broker, guard),
    ]


def _readers(broker: Broker, guard: Guard) -> list[HTTPRouteHandler]:
    responses, bounded = refusals(401, 403, 404), refusals(400, 401, 403, 404)

    @get(PATH, guards=[guard], security=BEARER, responses=responses)
    async def list_webhooks(site: FromPath[str]) -> Listed:
        """Answer the webhooks of a site, without their secrets."""
        hooks = await broker.query(partial(webhooks.of_site, site=site))
        return Listed([await _shown(broker, hook) for hook in hooks])

    @get(ONE + "/dead", guards=[guard], security=BEARER, responses=bounded)
    async def list_dead(
        site: FromPath[str],
        webhook: FromPath[str],
        limit: Annotated[int, QueryParameter(ge=1, le=MOST_DEAD)] = 100,
    ) -> DeadLetters:
        """Answer what a webhook was not told, and will not be by itself."""
        hook = granted(await find_webhook(broker, site, webhook))
        read = partial(webhooks.dead, id_=hook.id, limit=limit)
        return DeadLetters([_dead(each) for each in await broker.query(read)])

    return [list_webhooks, list_dead]


def _writers(broker: Broker, guard: Guard) -> list[HTTPRouteHandler]:
    @post(
        PATH,
        guards=[guard],
        security=BEARER,
        responses=refusals(400, 401, 403, 404, 409, 413, 503),
        dto=Strict[NewWebhook],
        return_dto=None,
    )
    async def add(
        request: Asked, site: FromPath[str], data: JSONBody[NewWebhook]
    ) -> Made:
        """Tell a URL of what happens from now on. The secret is told here alone."""
        _check(data.url)
        by = doer(request)
        added = granted(await add_webhook(broker, site, data.url, data.kinds, by=by))
        kinds = msgspec.json.decode(added.kinds, type=tuple[str, ...])
        return Made(added.id, added.url, kinds, added.created_at, added.secret)

    @delete(
        ONE,
        guards=[guard],
        security=BEARER,
        responses=refusals(401, 403, 404, 503),
        status_code=200,
    )
    async def remove(
        request: Asked, site: FromPath[str], webhook: FromPath[str]
    ) -> Removed:
        """Tell a webhook nothing any more; what it was not told yet is forgotten."""
        refused = await remove_webhook(broker, site, webhook, by=doer(request))
        if refused is not None:
            granted(refused)
        return Removed(webhook)

    return [add, remove]


def _doers(broker: Broker, guard: Guard) -> list[HTTPRouteHandler]:
    @post(
        ONE + "/test",
        guards=[guard],
        security=BEARER,
        responses=refusals(401, 403, 404),
        status_code=200,
    )
    async def try_out(site: FromPath[str], webhook: FromPath[str]) -> Answered:
        """Send `{"id", "type": "ping", "at"}` now, once; answer what came of it."""
        hook = granted(await find_webhook(broker, site, webhook))
        answer = await ping(broker, hook)
        if isinstance(answer, Failed):
            return Answered(ok=False, reason=answer.reason)
        return Answered(ok=OK <= answer < REDIRECTS, status=answer)

    @post(
        ONE + "/replay",
        guards=[guard],
        security=BEARER,
        responses=refusals(400, 401, 403, 404, 409, 413, 503),
        status_code=200,
        dto=Strict[Again],
        return_dto=None,
    )
    async def replay(
        request: Asked,
        site: FromPath[str],
        webhook: FromPath[str],
        data: JSONBody[Again],
    ) -> Replayed:
        """Tell a webhook once more what was given up, all of it or some."""
        ask = ReplayWebhook(site=site, id=webhook, ids=data.ids)
        return granted(await replay_webhook(broker, ask, by=doer(request)))

    return [try_out, replay]


async def _shown(broker: Broker, hook: Webhook) -> Shown:
    left = await broker.query(partial(webhooks.backlog, id_=hook.id))
    return Shown(
        id=hook.id,
        url=hook.url,
        kinds=msgspec.json.decode(hook.kinds, type=tuple[str, ...]),
        created_at=hook.created_at,
        pending=left.pending,
        dead=left.dead,
        ended_at=hook.ended_at,
        ended_why=hook.ended_why,
    )


def _dead(delivery: Delivery) -> DeadLetter:
    where = msgspec.json.decode(delivery.payload, type=Message)
    return DeadLetter(
        delivery.id,
        where.stream,
        where.seq,
        delivery.at,
        delivery.attempts,
        delivery.error,
    )


def _check(url: str) -> None:
    """Refuse a URL that no request can be made of.

    Where it leads is looked at when it is called: names change.
    """
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        good = False
    if not good:
        why = "is no URL with a host and without a password"
        raise Refusal(Code.BAD_FRAME, path="$.url", reason=why)
