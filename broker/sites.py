"""The sites of this broker, in memory: their settings, texts and agents' accounts.

Everything here was read from the journal, or has just been committed to it.
"""

from collections.abc import Callable, Iterator

import msgspec

from actors.cells.ports import Clock
from actors.chat.limits import ChatLimits
from actors.ids import SiteId
from actors.library import EMPTY, NAMES, Collection, Library
from actors.settings.document import Settings
from actors.settings.rules import Rules
from broker.calendar import hours_at
from broker.gate import Identity
from storage.accounts import Agent

DEFAULT_SITE = SiteId("default")
NO_RULES = Rules()
"""Of a site that is not there: its chats, if any, run by the defaults."""


class Site(msgspec.Struct, frozen=True):
    """One shop."""

    id: SiteId
    name: str
    rules: Rules = NO_RULES
    library: Library = EMPTY


class Sites:
    """All sites and their agents, by id."""

    def __init__(self, limits: ChatLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._no_rules = msgspec.structs.replace(NO_RULES, limits=limits)
        self._sites: dict[str, Site] = {}
        self._agents: dict[tuple[str, str], Agent] = {}
        self.changed: Callable[[SiteId], None] = _nothing
        """Called when the rules of a site are new."""

    def __contains__(self, site: str) -> bool:
        """Return whether there is such a site."""
        return site in self._sites

    def __iter__(self) -> Iterator[Site]:
        """Iterate over the sites, as of now."""
        return iter(tuple(self._sites.values()))

    def add(self, site: Site) -> None:
        """Know `site`, or know it anew."""
        self._hold(msgspec.structs.replace(site, rules=self._fitted(site.rules)))
        self._note_admins(site.id)

    def rules_of(self, site: str) -> Rules:
        """Return the rules by which the chats of `site` run now."""
        known = self._sites.get(site)
        return self._no_rules if known is None else known.rules

    def apply(self, site: str, version: int, settings: Settings) -> None:
        """Let `settings` hold from now on, whole."""
        known = self._sites[site]
        rules = msgspec.structs.replace(known.rules, version=version, settings=settings)
        self._hold(msgspec.structs.replace(known, rules=self._fitted(rules)))

    def attend(self, site: str, *, staffed: bool, crowded: bool) -> None:
        """Know whether somebody is there at `site`, and as many wait as may."""
        known = self._sites.get(site)
        if known is not None:
            rules = msgspec.structs.replace(
                known.rules, staffed=staffed, crowded=crowded
            )
            self._sites[site] = msgspec.structs.replace(known, rules=rules)

    def renew(self, site: str) -> None:
        """Know the hours of `site` as far ahead as they can matter from now on."""
        known = self._sites[site]
        self._hold(msgspec.structs.replace(known, rules=self._fitted(known.rules)))

    def library_of(self, site: str) -> Library:
        """Return what `site` has ready to say now."""
        known = self._sites.get(site)
        return EMPTY if known is None else known.library

    def shelve(self, site: str, new: Collection) -> None:
        """Let `new` be that collection of `site` from now on."""
        known = self._sites[site]
        library = msgspec.structs.replace(known.library, **{NAMES[type(new)]: new})
        self._sites[site] = msgspec.structs.replace(known, library=library)

    def name_of(self, site: str) -> str:
        """Return what `site` is called."""
        known = self._sites.get(site)
        return "" if known is None else known.name

    def allows(self, origin: str, site: str | None = None) -> bool:
        """Return whether pages of `origin` may connect: to `site`, or to any."""
        asked = self if site is None else (s for s in self if s.id == site)
        return any(
            origin in known.rules.settings.chat.allowed_origins for known in asked
        )

    def set_agent(self, agent: Agent) -> None:
        """Know an account, or know it anew."""
        self._agents[agent.site, agent.id] = agent
        self._note_admins(agent.site)

    def agent(self, site: str, id_: str) -> Agent | None:
        """Return the account of an agent."""
        return self._agents.get((site, id_))

    def accepts(self, identity: Identity) -> bool:
        """Return whether there is the site, and for staff an account that may do this.

        A token lasts for hours: what its account has lost since, it may no more.
        """
        if not identity.insider:
            return identity.site in self
        agent = self.agent(identity.site, identity.sub)
        if agent is None or agent.disabled_at is not None:
            return False
        if agent.token_version != identity.ver:
            return False
        return agent.role in {identity.role, "admin"}

    def agents(self, site: str) -> list[Agent]:
        """Return all accounts of a site."""
        return [agent for agent in self._agents.values() if agent.site == site]

    def _note_admins(self, site: str) -> None:
        known = self._sites.get(site)
        if known is None:
            return
        admins = frozenset(a.id for a in self.agents(site) if a.role == "admin")
        if admins != known.rules.admins:
            rules = msgspec.structs.replace(known.rules, admins=admins)
            self._sites[site] = msgspec.structs.replace(known, rules=rules)

    def _fitted(self, rules: Rules) -> Rules:
        """Return `rules` with what settings alone do not say."""
        hours = hours_at(rules.settings.hours, self._clock())
        return msgspec.structs.replace(rules, limits=self._limits, hours=hours)

    def _hold(self, site: Site) -> None:
        self._sites[site.id] = site
        self.changed(site.id)


def _nothing(_site: SiteId) -> None:
    """Nobody wants to know yet."""
