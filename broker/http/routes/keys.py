"""`/v1/sites/{site}/keys`: what a shop's backend signs its shoppers' tokens with."""

from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from broker.gate import Identity
from broker.http.errors import granted, refusals
from broker.http.guards import BEARER, Guard, Guards, doer
from broker.office.keys import add_key, remove_key
from broker.office.requests import AddKey, KeyRemoved, KeyShown, RemoveKey
from broker.server import Broker
from storage import accounts


class KeyListed(msgspec.Struct, frozen=True):
    """A key, without what only its shop may know."""

    kid: str
    alg: str
    created_at: int


class SiteKeys(msgspec.Struct, frozen=True):
    """All keys that a site's tokens may be signed with, the oldest first."""

    keys: list[KeyListed]


PATH = "/v1/sites/{site:str}/keys"


def routes(broker: Broker, guards: Guards) -> list[HTTPRouteHandler]:
    """Return the handlers."""
    guard = guards.only("admin")
    return [_reader(broker, guard), *_writers(broker, guard)]


def _reader(broker: Broker, guard: Guard) -> HTTPRouteHandler:
    @get(PATH, guards=[guard], security=BEARER, responses=refusals(401, 403, 404))
    async def list_keys(site: FromPath[str]) -> SiteKeys:
        """Answer the keys of a site; their secrets were told when they were made."""
        keys = await broker.query(lambda db: accounts.keys_of(db, site))
        return SiteKeys([KeyListed(key.kid, key.alg, key.created_at) for key in keys])

    return list_keys


def _writers(broker: Broker, guard: Guard) -> list[HTTPRouteHandler]:
    responses = refusals(401, 403, 404, 409, 503)

    @post(PATH, guards=[guard], security=BEARER, responses=responses)
    async def make_key(
        request: Request[Any, Identity, Any], site: FromPath[str]
    ) -> KeyShown:
        """Add a key; those there are stay good. Its secret is told here alone."""
        return granted(await add_key(broker, AddKey(site=site), by=doer(request)))

    @delete(
        PATH + "/{kid:str}",
        guards=[guard],
        security=BEARER,
        responses=responses,
        status_code=200,
    )
    async def end_key(
        request: Request[Any, Identity, Any], site: FromPath[str], kid: FromPath[str]
    ) -> KeyRemoved:
        """Remove a key: its tokens are good for nothing any more.

        Sockets that were opened with one are closed within a minute.
        """
        ask = RemoveKey(site=site, kid=kid)
        return granted(await remove_key(broker, ask, by=doer(request)))

    return [make_key, end_key]
