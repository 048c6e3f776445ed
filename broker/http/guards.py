"""Who may use a route: the token decides, as on the socket."""

from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from broker.gate import Identity
from broker.http.errors import Refusal
from broker.http.pages import Pages
from broker.server import Broker
from broker.wire.errors import Code

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], None]
BEARER = [{"bearer": list[str]()}]
"""How routes with a guard are described."""
SCHEME = "bearer "
VISITOR = "anon:"


class Guards:
    """Made once for the application; each guard leaves the identity in `auth`."""

    def __init__(self, broker: Broker, pages: Pages) -> None:
        self._broker = broker
        self._pages = pages

    def only(self, *roles: str, visitors: Code = Code.FORBIDDEN) -> Guard:
        """Return a guard that lets in who has one of `roles` at the route's site.

        Who has not signed in hears `visitors`.
        """

        def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
            identity = self._identify(connection, visitors)
            site = connection.path_params.get("site", identity.site)
            if site != identity.site:
                # Whether there is such a site is nobody's business elsewhere.
                raise Refusal(Code.NOT_FOUND)
            if identity.role not in roles:
                raise Refusal(Code.FORBIDDEN)
            connection.scope["auth"] = identity

        return guard

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
