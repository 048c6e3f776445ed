"""Who of a site's agents is there: pushed as one list, not one by one (F27)."""

import msgspec

from actors.agent.commands import Presence
from actors.ids import AgentId, Millis

APART = Millis(2000)
"""At most one push in this time, however often agents come and go."""


class Board(msgspec.Struct, gc=False):
    """One site's agents by presence; those offline are not kept."""

    present: dict[AgentId, Presence] = msgspec.field(default_factory=dict)
    changed: dict[AgentId, Presence] = msgspec.field(default_factory=dict)
    pushed_at: Millis = Millis(-APART)

    def note(self, agent: AgentId, presence: Presence) -> None:
        """Note that `agent` is now seen as `presence`."""
        if presence == "offline":
            self.present.pop(agent, None)
        else:
            self.present[agent] = presence
        self.changed[agent] = presence

    def take(self, now: Millis) -> dict[AgentId, Presence]:
        """Return what to push now: all changes, or nothing if it is too soon."""
        if not self.changed or self._too_soon(now):
            return {}
        changed, self.changed = self.changed, {}
        self.pushed_at = now
        return changed

    def next_push(self, now: Millis) -> Millis | None:
        """Return when there is something to push, if there is."""
        if not self.changed:
            return None
        return Millis(self.pushed_at + APART) if self._too_soon(now) else now

    def _too_soon(self, now: Millis) -> bool:
        # A clock that was set back is no reason to be silent until it has caught up.
        return self.pushed_at <= now < self.pushed_at + APART
