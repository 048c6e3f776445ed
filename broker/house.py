"""What all peers share: the actors, the hub, the sites and what time it is."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import msgspec

from actors.cells.agent import AgentCell
from actors.cells.alarms import Alarms
from actors.cells.chat import ChatCell, Shop
from actors.cells.desk import DeskCell, Workplace
from actors.cells.fittings import Fittings, NewChats
from actors.cells.idmaker import IdMaker
from actors.cells.inbox import Ground, InboxCell
from actors.cells.ports import Clock
from actors.cells.profile import ProfileCell
from actors.cells.texter import TexterCell
from actors.cells.visitor import VisitorCell
from actors.ids import AgentId, Millis, SiteId
from actors.runtime.system import Kind, System
from actors.runtime.timers import Timers
from broker.blocked import Blocked
from broker.config import LimitsConfig
from broker.finder import Finder
from broker.gate import Gate
from broker.hub import Hub
from broker.limits import Talk, Tally
from broker.overload import Overload
from broker.profiles import Profiles
from broker.questions import Questions
from broker.reception import Reception
from broker.resumes import Resumes
from broker.sites import Sites
from broker.standing import Standing, standing_of
from broker.trails import Trails
from storage.journal import Journal

HOUR = 3600 * 1000
HEARTBEAT_S = 20
"""Seconds between the server's pings (protocol section 3)."""

TOLD = (
    "hello_s",
    "frame_bytes",
    "fragments",
    "depth",
    "text_bytes",
    "shopper_rate",
    "shopper_burst",
    "agent_rate",
    "agent_burst",
    "conn_frames",
    "conn_bytes",
    "new_chats",
    "new_chats_h",
    "per_person",
    "chat_events",
    "outbox_bytes",
    "stall_s",
)
"""Limits that clients are told: what they can keep to. The others are for attackers."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a house is built of."""

    journal: Journal
    system: System
    hub: Hub
    sites: Sites
    gate: Gate
    ids: IdMaker
    alarms: Alarms
    timers: Timers
    clock: Clock
    tally: Tally
    overload: Overload
    profiles: Profiles


class House(msgspec.Struct, frozen=True, kw_only=True):
    """Handed to every peer; nothing in it belongs to one."""

    hub: Hub
    reception: Reception
    chats: Kind[ChatCell]
    people: Kind[ProfileCell]
    visitors: Kind[VisitorCell]
    texters: Kind[TexterCell]
    agents: Kind[AgentCell]
    desks: Kind[DeskCell]
    inboxes: Kind[InboxCell]
    sites: Sites
    gate: Gate
    ids: IdMaker
    clock: Clock
    monotonic: Callable[[], float]
    epoch: str
    version: str
    talk: Talk
    tally: Tally
    overload: Overload
    resumes: Resumes
    finder: Finder
    profiles: Profiles
    blocked: Blocked
    trails: Trails
    questions: Questions
    limits: dict[str, float]
    """What clients are told of the limits, by their names in the configuration."""

    @property
    def kinds(self) -> tuple[Kind[Any], ...]:
        """All kinds of actors."""
        people = (self.people, self.visitors, self.texters, self.agents)
        return self.chats, *people, self.desks, self.inboxes

    def standing(self, site: SiteId, agent: AgentId) -> Standing:
        """Return whether an agent is there, and how much they have in hand."""
        return standing_of(self, site, agent)


def build(parts: Parts, limits: LimitsConfig) -> House:
    """Return a house with an actor system in it, in which nobody lives yet."""
    system, journal, hub = parts.system, parts.journal, parts.hub
    timers, clock = parts.timers, parts.clock
    rules_of = parts.sites.rules_of
    shop = Shop(journal, hub, parts.alarms, timers, clock, rules_of)
    within = Millis(int(limits.new_chats_h * HOUR))
    new_chats = NewChats(limits.new_chats, within)
    fittings = Fittings(journal, timers, clock, rules_of, new_chats)
    chats: Kind[ChatCell] = Kind(system, "chat", partial(ChatCell, shop=shop))
    people, visitors, texters = _outside(system, chats, parts.ids, fittings)
    reception = Reception(hub, parts.sites, clock)
    workplace = Workplace(reception, chats, parts.sites.rules_of, fittings)
    desks: Kind[DeskCell] = Kind(system, "desk", partial(DeskCell, workplace=workplace))
    agents: Kind[AgentCell] = Kind(
        system, "agent", partial(AgentCell, desks=desks, fittings=fittings)
    )
    inboxes: Kind[InboxCell] = Kind(
        system,
        "inbox",
        partial(InboxCell, ground=Ground(hub, parts.sites.rules_of, fittings)),
    )
    hub.meet(chats, desks, inboxes, parts.sites.rules_of)
    return House(
        hub=hub,
        reception=reception,
        chats=chats,
        people=people,
        visitors=visitors,
        texters=texters,
        agents=agents,
        desks=desks,
        inboxes=inboxes,
        sites=parts.sites,
        gate=parts.gate,
        ids=parts.ids,
        clock=clock,
        monotonic=timers.now,
        epoch=journal.epoch,
        version=version("shopwire"),
        talk=Talk(limits),
        tally=parts.tally,
        overload=parts.overload,
        resumes=Resumes(chats, timers.now),
        finder=Finder(journal),
        profiles=parts.profiles,
        blocked=Blocked(),
        trails=Trails(timers.now),
        questions=Questions(),
        limits={name: getattr(limits, name) for name in TOLD},
    )


def _outside(
    system: System, chats: Kind[ChatCell], ids: IdMaker, fittings: Fittings
) -> tuple[Kind[ProfileCell], Kind[VisitorCell], Kind[TexterCell]]:
    """Return those who begin chats: who signs in, who does not, telephone numbers."""
    profile = partial(ProfileCell, chats=chats, ids=ids, fittings=fittings)
    visitor = partial(VisitorCell, chats=chats, ids=ids, fittings=fittings)
    texter = partial(TexterCell, chats=chats, ids=ids, fittings=fittings)
    return (
        Kind(system, "profile", profile),
        Kind(system, "visitor", visitor),
        Kind(system, "texter", texter),
    )
