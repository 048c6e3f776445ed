"""`/demo/people`: who may sign in at the demo shop. A real shop signs its own tokens.

There in `shopwire demo` alone: whoever asks gets the tokens.
"""

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from broker.demo.opening import token
from broker.demo.people import CUSTOMERS
from broker.server import Broker


class Visitor(msgspec.Struct, frozen=True):
    """One whom a visitor of the demo may be."""

    sub: str
    name: str
    token: str


def routes(broker: Broker) -> list[HTTPRouteHandler]:
    """Return the handlers."""

    @get("/demo/people", include_in_schema=False)
    async def people() -> list[Visitor]:
        """Answer with the demo's customers, each with a fresh token."""
        if not broker.demo:
            raise NotFoundException
        return [
            Visitor(
                one.sub, one.name, await token(broker, "shopper", one.sub, one.name)
            )
            for one in CUSTOMERS
        ]

    return [people]
