"""How a ticket stands in the inbox, and which of those a view shows (F18)."""

from typing import Literal, NamedTuple

import msgspec

from actors.chat.teams import keeps_out
from actors.ids import AgentId, Millis
from actors.settings.rules import Rules

ViewName = Literal["all", "mine", "unassigned", "bot", "team"]


class Standing(NamedTuple):
    """All that decides who has the ticket in a list: few, shared by many tickets."""

    status: str
    holder: str | None
    """The agent whose it is."""
    team: str | None
    channel: str
    bot: bool
    """Whether a bot has control: then nobody's list but the bots' shows it."""


class Key(NamedTuple):
    """A ticket's rank in a list; of two the smaller one comes first."""

    answered: bool
    """Whether nobody waits: those who do come before all others."""
    since: Millis
    """When the wait began, or when something was last said."""
    stream: int


class View(msgspec.Struct, frozen=True):
    """What one agent wants to see."""

    name: ViewName
    status: str
    agent: AgentId
    team: str | None = None
    channel: str | None = None

    def shows(self, standing: Standing, hidden: frozenset[str]) -> bool:
        """Return whether tickets that stand like this are in this view.

        `hidden` are the teams whose tickets this agent may not open.
        """
        if standing.status != self.status or standing.bot != (self.name == "bot"):
            return False
        if self.channel not in (None, standing.channel):
            return False
        if standing.team in hidden and standing.holder != self.agent:
            return False
        match self.name:
            case "mine":
                return standing.holder == self.agent
            case "unassigned":
                return standing.holder is None
            case "team":
                return standing.team == self.team
            case "all" | "bot":
                return True


def hidden_from(agent: AgentId, rules: Rules) -> frozenset[str]:
    """Return the teams whose tickets `agent` may not open, unless they hold them."""
    teams = rules.settings.assignment.teams
    return frozenset(team.id for team in teams if keeps_out(team, agent, rules))
