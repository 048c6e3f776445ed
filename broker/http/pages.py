"""Which web pages may ask: the same lists as on the socket."""

from collections.abc import Mapping

from broker.addresses import Addresses
from broker.config import ServerConfig
from broker.sites import Sites

METHODS = "GET, POST, PUT, PATCH, DELETE"
HEADERS = "Authorization, Content-Type, X-Filename"
MAX_AGE_S = "600"
"""Seconds a browser may remember the answer to its preflight."""


class Pages:
    """Knows our own origin and those of the shops."""

    def __init__(
        self, server: ServerConfig, addresses: Addresses, sites: Sites
    ) -> None:
        self._server = server
        self._addresses = addresses
        self._sites = sites

    def may_ask(
        self, peer: str, headers: Mapping[str, str], site: str | None = None
    ) -> bool:
        """Return whether the page that asks may: at `site`, or at any.

        `peer` is who has connected.
        """
        origin = headers.get("origin")
        if origin is None:
            return True
        own = self._addresses.own_page(peer, headers)
        return origin == own or self._sites.allows(origin, site)

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by HTTPS alone."""
        return (self._server.public_url or self._server.scheme).startswith("https")


def granted(origin: str) -> dict[str, str]:
    """Return the headers that let a page of `origin` see the answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }


def preflight(origin: str) -> dict[str, str]:
    """Return the headers that let it ask in the first place."""
    return granted(origin) | {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": MAX_AGE_S,
    }
