"""What agents have read in the last seconds: it is journaled only after a second (F12).

Tickets that are brought from the journal meanwhile would have dots that are gone.
"""

from collections.abc import Iterator

from actors.ids import AgentId, Millis

LASTS = Millis(3000)
"""Longer than cursors take to be durable, and short enough not to pile up."""


class Glances:
    """Kept from three to six seconds."""

    def __init__(self) -> None:
        self._newer: dict[tuple[int, AgentId], int] = {}
        self._older: dict[tuple[int, AgentId], int] = {}
        self._since = Millis(0)

    def __iter__(self) -> Iterator[tuple[int, AgentId, int]]:
        """Iterate over ticket, agent, and how far they read."""
        for kept in (self._older, self._newer):
            for (stream, agent), upto in kept.items():
                yield stream, agent, upto

    def note(self, stream: int, agent: AgentId, upto: int, now: Millis) -> None:
        """Keep one for a while."""
        if not self._since <= now < self._since + LASTS:
            fresh = now < self._since + 2 * LASTS
            self._older = self._newer if fresh else {}
            self._newer, self._since = {}, now
        self._newer[stream, agent] = upto
