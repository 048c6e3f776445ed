"""Who may use a route: the token decides, as on the socket."""

from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from actors.ids import AGENT, Person
from broker.gate import Identity
from broker.http.errors import Refusal
from broker.http.pages import Pages
from broker.server import Broker
from broker.wire.errors import Code

Connection = ASGIConnection[Any, Any, Any, Any]
Identify = Callable[[Connection, Code], Identity]
BEARER = [{"bearer": list[str]()}]
"""How routes with a guard are described."""
SCHEME = "bearer "
VISITOR = "anon:"


class Guard:
    """Lets in who has one of `roles` at the route's site; leaves the identity."""

    def __init__(
        self, identify: Identify, roles: frozenset[str], visitors: Code
    ) -> None:
        self._identify = identify
        self.roles = roles
        self.visitors = visitors
        """What who has not signed in hears."""

    async def __call__(
        self, connection: Connection, _handler: BaseRouteHandler
    ) -> None:
        """Check the request: on the loop, where what is known of people changes."""
        self.check(connection)

    def check(self, connection: Connection) -> None:
        """Let the request pass, with the identity in `auth`.

        Raises:
            Refusal: it may not.
        """
        identity = self._identify(connection, self.visitors)
        site = connection.path_params.get("site", identity.site)
        if site != identity.site:
            # Whether there is such a site is nobody's business elsewhere.
            raise Refusal(Code.NOT_FOUND)
        if identity.role not in self.roles:
            raise Refusal(Code.FORBIDDEN)
        connection.scope["auth"] = identity


def doer(request: Request[Any, Identity, Any]) -> Person:
    """Return who asks, who is one of the shop's own people."""
    return Person(AGENT + request.auth.sub)


class Guards:
    """Made once for the application."""

    def __init__(self, broker: Broker, pages: Pages) -> None:
        self._broker = broker
        self._pages = pages

    def only(self, *roles: str, visitors: Code = Code.FORBIDDEN) -> Guard:
        """Return a guard that lets in who has one of `roles`, for others `visitors`."""
        return Guard(self._identify, frozenset(roles), visitors)

    def _identify(self, connection: Connection, visitors: Code) -> Identity:
        header = connection.headers.get("authorization", "")
        if header[: len(SCHEME)].lower() != SCHEME:
            raise Refusal(Code.AUTH_FAILED)
        token = header[len(SCHEME) :].strip()
        if token.startswith(VISITOR):
            raise Refusal(visitors)
        identity = self._broker.gate.verify(token)
        if identity is None or not self._broker.sites.accepts(identity):
            raise Refusal(Code.AUTH_FAILED)
        peer = connection.client.host if connection.client else ""
        if not self._pages.may_ask(peer, connection.headers, identity.site):
            raise Refusal(Code.FORBIDDEN)
        return identity
