"""Telling the watchers of an inbox what has changed, once a turn.

A ticket that changed several times within a turn is told of once, as it is at the end.
"""

import msgspec

from actors.cells.watching import Watcher
from actors.desk.inbox import Inbox
from actors.desk.listing import Listing
from actors.desk.views import Standing, View, hidden_from
from actors.ids import AgentId
from actors.settings.rules import Rules


class Watch(msgspec.Struct):
    """One watcher, and what it sees of the inbox."""

    watcher: Watcher
    view: View
    hidden: frozenset[str]
    badge: int
    """What it was told last."""
    shown: dict[Standing, bool] = msgspec.field(default_factory=dict)
    """What the view has said of each way to stand."""

    def shows(self, standing: Standing) -> bool:
        """Return whether the agent sees tickets that stand like this."""
        shown = self.shown.get(standing)
        if shown is None:
            shown = self.view.shows(standing, self.hidden)
            self.shown[standing] = shown
        return shown


class Dirt(msgspec.Struct):
    """What is to be told of one ticket."""

    before: Standing | None
    """How it stood when it was last told of; `None`: as a closed one, or unknown."""
    everyone: bool = False
    agents: set[str] = msgspec.field(default_factory=set)
    """Who sees a change, if not everyone does."""


class Telling:
    """All watchers of one inbox, and what they are to be told."""

    def __init__(self) -> None:
        self.surface = False
        """Whether closed tickets may have a dot."""
        self._watches: dict[int, Watch] = {}
        """By the identity of the watcher: each watches one view."""
        self._dirty: dict[int, Dirt] = {}
        self._rules: Rules | None = None

    def __len__(self) -> int:
        """Return how many watch."""
        return len(self._watches)

    def admit(self, watch: Watch) -> None:
        """Tell a watcher of its view from now on, and of no other."""
        self._watches[id(watch.watcher)] = watch

    def dismiss(self, watcher: Watcher) -> bool:
        """Tell a watcher nothing more; return whether it was told anything."""
        return self._watches.pop(id(watcher), None) is not None

    def dismiss_all(self) -> None:
        """Send all watchers away: what they have can no longer be kept up to date."""
        watches, self._watches = self._watches, {}
        self._dirty.clear()
        for watch in watches.values():
            watch.watcher.lost()

    def note(
        self, stream: int, before: Standing | None, agent: AgentId | None = None
    ) -> bool:
        """Note that a ticket has changed: for everyone, or for `agent` alone.

        Return whether it is the first since the last flush.
        """
        first = not self._dirty
        # At the end, for that is where its newest change is.
        dirt = self._dirty.pop(stream, None) or Dirt(before)
        self._dirty[stream] = dirt
        if agent is None:
            dirt.everyone = True
        else:
            dirt.agents.add(agent)
        return first

    def flush(self, inbox: Inbox, rules: Rules) -> None:
        """Tell everyone what they are to be told."""
        self._follow(rules)
        dirty, self._dirty = self._dirty, {}
        watches = tuple(self._watches.values())
        if not dirty or not watches:
            return
        for stream, dirt in dirty.items():
            listing, agents = inbox.latest(stream), dirt.agents
            for watch in watches:
                if dirt.everyone or watch.view.agent in agents:
                    self.tell(watch, inbox, listing, dirt.before)
        for watch in watches:
            number = inbox.dots.badge(watch.view.agent, watch.hidden)
            if number != watch.badge:
                watch.badge = number
                watch.watcher.badge(number)

    def tell(
        self, watch: Watch, inbox: Inbox, listing: Listing, before: Standing | None
    ) -> None:
        """Tell one watcher of one ticket."""
        if watch.shows(listing.standing):
            unread = inbox.unread(watch.view.agent, listing, surface=self.surface)
            watch.watcher.changed(listing.ix, listing, unread=unread)
        elif before is not None and watch.shows(before):
            watch.watcher.gone(listing.ix, listing)

    def _follow(self, rules: Rules) -> None:
        """Send those away who may see more now, or less: they open the inbox anew."""
        if rules is self._rules:
            return
        self._rules = rules
        self.surface = rules.settings.inbox.surface_closed_events
        for key, watch in tuple(self._watches.items()):
            if hidden_from(watch.view.agent, rules) != watch.hidden:
                del self._watches[key]
                watch.watcher.lost()
