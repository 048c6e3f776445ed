"""How an agent stands when somebody wants to give them a ticket (F24, F29)."""

import msgspec

from actors.agent.commands import Presence
from actors.cells.desk import DeskCell
from actors.ids import AgentId
from actors.runtime.system import Kind


class Standing(msgspec.Struct, frozen=True):
    """Whether an agent is there, and how much they have in hand."""

    presence: Presence
    tickets: int
    """Open ones that are theirs, or on their way to them."""


def standing_of(desks: Kind[DeskCell], site: str, agent: str) -> Standing:
    """Return how `agent` stands, as their site's desk counts it."""
    desk = desks.get(site)
    if desk is None:
        # It rests: nobody is there, and there is no ticket.
        return Standing("offline", 0)
    router, who = desk.router, AgentId(agent)
    return Standing(router.present.get(who, "offline"), router.load(who))
