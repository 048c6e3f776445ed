"""Which addresses a shop may have us call: none that only this machine can reach.

Whoever may write a URL into a shop's settings must not be able to talk through us to
what stands behind our firewall (server-side request forgery). So a name is resolved
here, each address is looked at, and the connection is made to one that was looked at:
a name that means something else a moment later is of no use.
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import trio

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 behind a NAT64: the last 32 bits say where it ends up."""
COMPATIBLE = ip_network("::/96")
"""IPv4 as it was once written in IPv6, and the unspecified address and loopback."""

SPECIAL = (
    # Assigned to protocols; some clouds keep their metadata there.
    ip_network("192.0.0.0/24"),
    ip_network("192.88.99.0/24"),
    # Once what 10.0.0.0/8 is: older Pythons think it is public.
    ip_network("fec0::/10"),
)


class NotReachable(Exception):
    """A host has no address, or none that may be called; the text says which."""


class Networks:
    """What may be called: everything public, and what the operator names."""

    def __init__(self, private: tuple[str, ...] = ()) -> None:
        """Allow `private` networks, in CIDR, beside the public ones."""
        self._private = [ip_network(network) for network in private]

    def allow(self, address: Address) -> bool:
        """Return whether a connection to `address` may be made."""
        inner = _within(address)
        return is_public(address) or any(
            each in network for network in self._private for each in (address, inner)
        )

    async def find(self, host: str, port: int) -> list[str]:
        """Return the addresses of `host` that may be called, the best first.

        Raises:
            NotReachable: there are none.
        """
        try:
            found = await trio.socket.getaddrinfo(
                host, port, type=trio.socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise NotReachable("the name has no address") from error
        # A scope names one of our own interfaces: nothing public has one.
        told = dict.fromkeys(str(at[0]) for *_, at in found)
        allowed = [
            address
            for address in told
            if "%" not in address and self.allow(ip_address(address))
        ]
        if not allowed:
            raise NotReachable("the address is private")
        return allowed


def is_public(address: Address) -> bool:
    """Return whether `address` is one of the Internet's, wherever it ends up."""
    inner = _within(address)
    if inner is not address:
        return is_public(inner)
    reserved = address.is_multicast or address.is_reserved
    special = any(address in network for network in SPECIAL)
    return address.is_global and not (reserved or special)


def _within(address: Address) -> Address:
    """Return the IPv4 address that one of IPv6 stands for, or `address` itself."""
    if isinstance(address, IPv4Address):
        return address
    teredo = address.teredo
    if teredo is not None:
        return teredo[1]
    if address in TRANSLATED or address in COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
