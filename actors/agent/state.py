"""What is known of one agent: not journaled, it follows from what is there."""

import msgspec

from actors.agent.commands import Presence
from actors.ids import Millis


class AgentState(msgspec.Struct, gc=False):
    """Owned by one actor and changed in place."""

    connections: int = 0
    chosen: Presence | None = None
    left_at: Millis | None = None
    """Since when the last connection has been gone, within the grace."""
    presence: Presence = "offline"
