"""Who may come in, as numbers: of one address, of those nobody knows yet, of all.

An address is counted from the moment at which it is known: behind a proxy that is when
the head of the request has come. A socket for which no token has vouched counts twice,
so that an office of agents is not held to what is enough for visitors (F57).
"""

import resource
import socket
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from broker.addresses import Addresses, Caller
from broker.config import Config
from broker.limits import Meters, Rate, Tally
from broker.wire.upgrade import refused

SHARE = 0.8
"""Of all descriptors: the journal, commands and those on their way out need some."""
NEW_BURST = 10
"""Seconds of new connections that may come at once: 300 at 30 a second (F57)."""
LEAVING_SHARE = 8
"""One in so many may be on its way out: the peer is to read why before it is cut."""
MOST_LEAVING = 256
BUSY = refused(503, "Too many connections; try again.", retry_after="5")
"""The answer to one for whom there is no room."""
NO_HEADERS: Mapping[str, str] = {}


class Place(msgspec.Struct, gc=False):
    """What one connection takes up, from being accepted to its end."""

    admission: "Admission"
    household: str = ""
    """Whose it is; none while that is not known, and where nobody counts."""
    unknown: bool = False
    """Whether it is a socket that no token has vouched for."""

    def vouched(self) -> None:
        """Hear that a token has said who it is."""
        if self.unknown:
            self.unknown = False
            self.admission.unknown.take_one(self.household)

    def leave(self) -> None:
        """Give it up."""
        self.vouched()
        self.admission.open -= 1
        self.admission.households.take_one(self.household)


class Visit(NamedTuple):
    """Who has come, with a request that is no upgrade."""

    address: str
    """Of the peer, or of the one for whom a proxy says that it has connected."""
    place: Place
    take_back: Callable[[socket.socket, bytes], None] | None = None
    """Goes on with a connection that has become free for a socket, and with what has
    come of the request for it; none where whoever has let it in waits for that."""


class Counts:
    """Numbers by address; those at zero are forgotten."""

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __getitem__(self, household: str) -> int:
        """Return how many there are; nobody has none."""
        return self._numbers.get(household, 0)

    def __len__(self) -> int:
        """Return of how many addresses there are any."""
        return len(self._numbers)

    def add_one(self, household: str) -> None:
        """Count one more, unless it is nobody's."""
        if household:
            self._numbers[household] = self._numbers.get(household, 0) + 1

    def take_one(self, household: str) -> None:
        """Count one less."""
        left = self._numbers.pop(household, 0) - 1
        if left > 0:
            self._numbers[household] = left


class Admission:
    """Keeps count for all doors of a broker."""

    def __init__(self, config: Config, addresses: Addresses, tally: Tally) -> None:
        self.addresses = addresses
        self.open = 0
        """Connections there are, whatever they are for."""
        self.unauthenticated = 0
        """Sockets that owe a hello."""
        self.households = Counts()
        self.unknown = Counts()
        self._limits = limits = config.limits
        self._tally = tally
        self.total = limits.total or int(descriptors() * SHARE)
        self.most_leaving = max(1, min(self.total // LEAVING_SHARE, MOST_LEAVING))
        rate = Rate(limits.per_ip_new, limits.per_ip_new * NEW_BURST)
        self._new = Meters(rate)

    def enter(self, address: str, now: float) -> Place | None:
        """Return a place for a connection from `address`, or `None` if there is none.

        One from a proxy is nobody's until `belongs` says whose.
        """
        caller = self.addresses.caller(address, NO_HEADERS)
        if self.open >= self.total and not self.addresses.trusts(caller):
            self.met("total")
            return None
        place = Place(self)
        self.open += 1
        if self.addresses.may_tell(address) or self.belongs(place, caller, now):
            return place
        place.leave()
        return None

    def belongs(self, place: Place, caller: Caller, now: float) -> bool:
        """Learn whose `place` is; return whether they may have one more."""
        household = self.addresses.counted_as(caller)
        if household:
            if self.households[household] >= self._limits.per_ip:
                return self._refused("per_ip")
            if self._new.take(household, now):
                return self._refused("per_ip_new")
            place.household = household
            self.households.add_one(household)
        return True

    def upgrade(self, place: Place, caller: Caller, now: float) -> bool:
        """Return whether it may become a socket, which then owes a hello."""
        if not place.household and not self.belongs(place, caller, now):
            return False
        household = place.household
        if not self.addresses.trusts(caller):
            if self.unauthenticated >= self._limits.unauthenticated:
                return self._refused("unauthenticated")
            if self.unknown[household] >= self._limits.per_ip_visitors:
                return self._refused("per_ip_visitors")
        self.unauthenticated += 1
        place.unknown = True
        self.unknown.add_one(household)
        return True

    def greeted(self) -> None:
        """Hear that a socket owes no hello any more: it came, or never will."""
        self.unauthenticated -= 1

    def sweep(self, now: float) -> None:
        """Forget the addresses from which nobody has come for a while."""
        self._new.sweep(now)

    def met(self, limit: str) -> None:
        """Count one who met a limit of the door's own."""
        self._tally.limited[limit] += 1

    def turned_away(self, status: int) -> None:
        """Count an answer that is no upgrade."""
        self._tally.turns_away(status)

    def _refused(self, limit: str) -> bool:
        self.met(limit)
        return False


def descriptors() -> int:
    """Return how many descriptors this process may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft
