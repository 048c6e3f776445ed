"""`/v1/sites/{site}/shopify/token`: behind Shopify's app proxy, for its customers."""

from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from broker.gate import MAX_SUB
from broker.http.errors import Refusal, granted, refusals
from broker.office.keys import mint_token
from broker.office.requests import Minted, MintToken
from broker.server import Broker
from broker.shopify import customer
from broker.wire.errors import Code

TTL = 3600
"""Seconds that a token lasts; the page asks for another."""


def routes(broker: Broker) -> list[HTTPRouteHandler]:
    """Return the handler."""

    @get("/v1/sites/{site:str}/shopify/token", responses=refusals(401, 404))
    async def shopify_token(
        request: Request[Any, Any, Any], site: FromPath[str]
    ) -> Response[Minted]:
        """Answer a token for the customer who is signed in to the Shopify shop.

        To be asked through the shop's app proxy, which signs who it is.
        """
        query = request.scope["query_string"].decode("latin-1")
        now = broker.clock() / 1000
        sub = customer(broker.config.shopify, site, query, now)
        if sub is None or len(sub) > MAX_SUB:
            raise Refusal(Code.AUTH_FAILED)
        if not sub:
            raise Refusal(Code.LOGIN_REQUIRED)
        ask = MintToken(site=site, role="shopper", sub=sub, ttl=TTL)
        minted = granted(await mint_token(broker, ask))
        return Response(minted, headers={"Cache-Control": "no-store"})

    return [shopify_token]
