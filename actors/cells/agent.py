"""The actor of one agent: connections, and how they are seen.

What tickets are theirs is the desk's to know.
"""

from actors.agent.commands import AnyCommand, Look
from actors.agent.rules import carry_out, next_deadline
from actors.agent.state import AgentState
from actors.cells.desk import DeskCell, Seen
from actors.cells.fittings import Fittings
from actors.ids import AgentId, SiteId
from actors.runtime.actor import Actor
from actors.runtime.system import Kind
from actors.runtime.timers import Timer


class AgentCell(Actor):
    """One agent; the key is site and id, with a slash between."""

    __slots__ = ("_agent", "_desks", "_fittings", "_grace", "_site", "state")

    def __init__(
        self,
        kind: Kind["AgentCell"],
        key: str,
        *,
        desks: Kind[DeskCell],
        fittings: Fittings,
    ) -> None:
        super().__init__(kind, key)
        site, _, agent = key.partition("/")
        self._site, self._agent = SiteId(site), AgentId(agent)
        self._desks = desks
        self._fittings = fittings
        self._grace = Timer(self._look)
        self.state = AgentState()

    def on_receive(self, message: object) -> None:
        """Carry out any of the agent's commands."""
        if not isinstance(message, AnyCommand):
            return
        presence = carry_out(self.state, message)
        if presence is not None:
            self._desks.tell(self._site, Seen(self._agent, presence))
        deadline = next_deadline(self.state)
        if deadline is not None:
            wait = max(0, deadline - self._fittings.clock())
            self._fittings.timers.arm(self._grace, wait / 1000)

    def may_rest(self) -> bool:
        """Return whether the agent is gone."""
        return self.state.presence == "offline" and not self.state.connections

    def _look(self) -> None:
        self.kind.tell(self.key, Look(self._fittings.clock()))
