"""The actor of one site's desk: tells its agents who of them is there."""

from typing import Protocol

import msgspec

from actors.agent.commands import Presence
from actors.cells.ports import Clock
from actors.desk.board import Board
from actors.ids import AgentId, SiteId
from actors.runtime.actor import Actor
from actors.runtime.system import Kind
from actors.runtime.timers import Timer, Timers


class Staff(Protocol):
    """All agents of all sites, as the desk sees them."""

    def presence(self, site: SiteId, agents: dict[AgentId, Presence]) -> None:
        """Push to all agents of `site` how these are seen now."""


class Colleague(Protocol):
    """One connection of an agent."""

    def presence(self, agents: dict[AgentId, Presence]) -> None:
        """Take the whole list, on arriving."""


class Seen(msgspec.Struct, frozen=True):
    """An agent is now seen as `presence`."""

    agent: AgentId
    presence: Presence


class Enter(msgspec.Struct, frozen=True):
    """A connection of an agent wants to know who is there."""

    colleague: Colleague


class DeskCell(Actor):
    """One site's desk; the key is the site."""

    __slots__ = ("_board", "_clock", "_staff", "_timer", "_timers")

    def __init__(
        self,
        kind: Kind["DeskCell"],
        key: str,
        *,
        staff: Staff,
        timers: Timers,
        clock: Clock,
    ) -> None:
        super().__init__(kind, key)
        self._staff = staff
        self._timers = timers
        self._clock = clock
        self._board = Board()
        self._timer = Timer(self.guarded(self._push))

    def on_receive(self, message: object) -> None:
        """Take a `Seen` or an `Enter`."""
        if isinstance(message, Seen):
            self._board.note(message.agent, message.presence)
            self._push()
        elif isinstance(message, Enter) and self._board.present:
            message.colleague.presence(dict(self._board.present))

    def may_rest(self) -> bool:
        """Return whether no agent is there."""
        return not self._board.present and not self._board.changed

    def _push(self) -> None:
        now = self._clock()
        changed = self._board.take(now)
        if changed:
            self._staff.presence(SiteId(self.key), changed)
        elif (later := self._board.next_push(now)) is not None:
            self._timers.arm(self._timer, (later - now) / 1000)
