"""Where a request comes from."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

from broker.config import Config

Address = IPv4Address | IPv6Address
NOBODY = ip_address("0.0.0.0")  # noqa: S104  # an address that nobody has
MOST_KNOWN = 1024
"""Callers worked out and remembered, of a third of a KiB each: one is asked for twice
with each connection, and working it out takes 4 us. Not what a proxy says: strangers
write that, as long as they like."""
HOUSEHOLD_BITS = 64
"""An IPv6 client has that many addresses to itself: they count as one."""


class Caller(NamedTuple):
    """Who asks."""

    address: Address
    forwarded: bool
    """Whether a proxy says so, or says anything about it."""
    trusted: bool
    """Whether it is of a network for which limits do not hold."""

    @property
    def is_this_machine(self) -> bool:
        """Whether it surely is no one beyond it: a proxy here speaks for others."""
        return self.address.is_loopback and not self.forwarded

    @property
    def household(self) -> str:
        """What is counted together."""
        if isinstance(self.address, IPv6Address) and not self.address.ipv4_mapped:
            return str(ip_network((int(self.address), HOUSEHOLD_BITS), strict=False))
        return str(self.address)


class Addresses:
    """Knows which proxies to believe, and whom not to limit."""

    def __init__(self, config: Config) -> None:
        self._server, cluster = config.server, config.cluster
        self._proxies = [ip_network(n) for n in config.server.trusted_proxies]
        nodes = cluster.networks if cluster.nats is not None else ()
        # A node says with which address somebody has come to it. What they say of
        # others is another matter: it is a proxy for the first line, not for headers.
        self._nodes = [ip_network(n) for n in nodes]
        self._trusted = [ip_network(n) for n in config.limits.trusted_networks]
        self._known = lru_cache(MOST_KNOWN)(self._caller)

    def caller(self, peer: str, headers: Mapping[str, str]) -> Caller:
        """Return who asks, as far as the headers can be believed."""
        told = headers.get("x-forwarded-for", "")
        forwarded = bool(told) or "forwarded" in headers
        if told:
            return self._caller(peer, told, forwarded=True)
        return self._known(peer, told, forwarded=forwarded)

    def _caller(self, peer: str, told: str, *, forwarded: bool) -> Caller:
        address = _parsed(peer)
        # From the nearest proxy outwards, as far as they are ours.
        for hop in reversed(told.split(",")) if told else ():
            if not self._is_proxy(address):
                break
            address = _parsed(hop.strip())
        trusted = any(address in network for network in self._trusted)
        return Caller(address, forwarded, trusted)

    def trusts(self, caller: Caller) -> bool:
        """Return whether limits on numbers and rates do not hold for `caller`."""
        return caller.trusted

    def speaks_for_many(self, caller: Caller) -> bool:
        """Return whether it may be a proxy, or is to be treated like one."""
        address = caller.address
        return self._is_proxy(address) or address.is_loopback or self.trusts(caller)

    def is_proxy(self, peer: str) -> bool:
        """Return whether a connection from `peer` is one of our proxies'."""
        return bool(self._proxies) and self._is_proxy(_parsed(peer))

    def may_tell(self, peer: str) -> bool:
        """Return whether a connection from `peer` may begin with whose it is."""
        address = _parsed(peer) if self._nodes or self._proxies else NOBODY
        nodes = any(address in network for network in self._nodes)
        return nodes or self._is_proxy(address)

    def counted_as(self, caller: Caller) -> str:
        """Return whose connections it is counted with; nobody's if it speaks for many.

        Loopback counts like any other: a proxy there is one that is not configured.
        """
        if self._is_proxy(caller.address) or self.trusts(caller):
            return ""
        return caller.household

    def own_page(self, peer: str, headers: Mapping[str, str]) -> str:
        """Return the origin of our own pages, as `peer` asks for them."""
        if self._server.public_url is not None:
            return self._server.public_url
        scheme = self._server.scheme
        if self.is_proxy(peer):
            told = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip()
            scheme = told if told in {"http", "https"} else scheme
        return f"{scheme}://{headers.get('host')}"

    def _is_proxy(self, address: Address) -> bool:
        return any(address in proxy for proxy in self._proxies)


def _parsed(text: str) -> Address:
    try:
        address = ip_address(text)
    except ValueError:
        return NOBODY
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
