"""How agents stand: who is there, and who has room for a ticket (F24, F27, F29).

The desk knows, but by mail. Whoever was welcomed a moment ago is there already.
"""

from typing import TYPE_CHECKING

import msgspec

from actors.agent.commands import Presence
from actors.ids import AgentId, SiteId

if TYPE_CHECKING:
    from broker.house import House


class Standing(msgspec.Struct, frozen=True):
    """Whether an agent is there, and how much they have in hand."""

    presence: Presence
    tickets: int
    """Open ones that are theirs, or on their way to them."""


def standing_of(house: "House", site: SiteId, agent: AgentId) -> Standing:
    """Return how `agent` stands, as their site's desk counts it."""
    desk = house.desks.get(site)
    # A desk that rests has neither an agent nor a ticket.
    tickets = 0 if desk is None else desk.router.load(agent)
    if any(peer.sub == agent for peer in house.hub.staff(site)):
        return Standing(_of_connected(house, site, agent), tickets)
    away: Presence = "offline"
    # Within their grace those who have just left are there still.
    seen = away if desk is None else desk.router.present.get(agent, away)
    return Standing(seen, tickets)


def online_at(house: "House", site: SiteId) -> frozenset[AgentId]:
    """Return the agents of a site who are there, and not away."""
    desk = house.desks.get(site)
    seen = {} if desk is None else dict(desk.router.present)
    for peer in house.hub.staff(site):
        agent = AgentId(peer.sub)
        seen[agent] = _of_connected(house, site, agent)
    return frozenset(agent for agent, presence in seen.items() if presence == "online")


def _of_connected(house: "House", site: SiteId, agent: AgentId) -> Presence:
    known = house.agents.get(f"{site}/{agent}")
    return "online" if known is None else known.state.chosen or "online"
