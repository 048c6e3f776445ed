"""How a broker is: the few numbers that a person looks at first.

Nothing here begins anew by being read, so that `shopwire top` and a monitor may both
look.
"""

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from broker.server import Broker


class Vitals(msgspec.Struct, frozen=True):
    """Numbers of now, and totals since the start from which rates come."""

    at: float
    """Seconds on a clock that only goes forward: what totals are divided by."""
    version: str
    connections: int
    http_connections: int
    agents_online: int
    chats: int
    """In memory; those that rest are on the disk alone."""
    unassigned: int
    overdue: int
    """Chats whose check-in was missed."""
    oldest_wait_s: float
    published: int
    delivered: int
    refused: int
    limited: int
    restarts: int
    slow_turns: int
    unsettled: int
    """Reads and writes that wait for the disk."""
    commits: int
    commit_s: float
    """Time spent in them all."""
    writable: bool
    overloaded: bool
    outgoing: int
    """What waits to leave the process."""


class Desks(NamedTuple):
    """What the desks of all sites count, together."""

    unassigned: int
    oldest_wait_s: float
    """Of a ticket that is nobody's."""
    online: int
    full: int


def taken(broker: "Broker") -> Vitals:
    """Return how `broker` is now."""
    stats, overload = broker.journal.stats(), broker.overload
    counts, tally = broker.hub.counts, broker.tally
    there = desks(broker)
    overdue, oldest = waiting(broker)
    leaving = broker.outward.counts().values()
    return Vitals(
        at=broker.monotonic(),
        version=broker.house.version,
        connections=len(broker.hub.peers),
        http_connections=broker.front.connections,
        agents_online=there.online,
        chats=len(broker.house.chats),
        unassigned=there.unassigned,
        overdue=overdue,
        oldest_wait_s=oldest,
        published=counts.published,
        delivered=counts.delivered,
        refused=tally.refused.total() + tally.turned_away.total(),
        limited=tally.limited.total(),
        restarts=broker.system.restarts,
        slow_turns=broker.slow.slow_turns,
        unsettled=broker.journal.unsettled,
        commits=stats.commits,
        commit_s=stats.commit_s,
        writable=broker.journal.writable,
        overloaded=overload.there,
        outgoing=sum(each.pending for counted in leaving for each in counted),
    )


def desks(broker: "Broker") -> Desks:
    """Return what the desks of all sites count, together."""
    now = broker.clock()
    unassigned, oldest, online, full = 0, now, 0, 0
    for desk in broker.house.desks:
        router = desk.router
        unassigned += router.ledger.waiting
        oldest = min(oldest, router.ledger.oldest or now)
        there = [who for who, seen in router.present.items() if seen == "online"]
        online += len(there)
        full += sum(router.load(who) >= router.room for who in there)
    return Desks(unassigned, (now - oldest) / 1000, online, full)


def waiting(broker: "Broker") -> tuple[int, float]:
    """Return how many wait beyond their check-in, and the longest wait in seconds."""
    now = broker.clock()
    overdue, oldest = 0, now
    for desk in broker.house.desks:
        # Nobody's tickets: after a restart most are in no chat's memory yet.
        oldest = min(oldest, desk.router.ledger.oldest or now)
    # Some 3 ms for ten thousand chats.
    for chat in broker.house.chats:
        ball = chat.state.ball
        if ball is not None and chat.state.status == "open":
            overdue += ball.missed > 0
            oldest = min(oldest, ball.taken)
    return overdue, (now - oldest) / 1000
