"""What the desks say, to agents, shoppers and widgets."""

from typing import TYPE_CHECKING

from msgspec import UNSET

from actors.agent.commands import Presence
from actors.cells.ports import Clock
from actors.ids import AgentId, ChatId, Person, SiteId
from actors.person import Facts
from broker import welcoming
from broker.backroom import Backroom, backroom
from broker.hub import Hub
from broker.sites import Sites
from broker.speech import (
    AttentionPush,
    Colleague,
    ConfigPush,
    DeskPush,
    PresencePush,
    QueuePush,
)
from broker.storefront import (
    FirstWords,
    Staffing,
    Storefront,
    questions,
    storefront,
)
from broker.welcoming import NOBODY
from broker.wire.codec import Codec
from broker.wire.errors import Code

if TYPE_CHECKING:
    from broker.peer import Peer


class Reception:
    """The staff of all sites, seen from their desks; and what widgets are shown."""

    def __init__(self, hub: Hub, sites: Sites, clock: Clock) -> None:
        self._hub = hub
        self._sites = sites
        self._clock = clock
        self._online: set[str] = set()
        self._first_reply: dict[str, int] = {}
        """In how many seconds a first answer usually comes, where that is known."""

    # From the desks.

    def presence(self, site: SiteId, agents: dict[AgentId, Presence]) -> None:
        """Push to all agents of `site` how these are seen now."""
        listed = tuple(Colleague(agent, state) for agent, state in agents.items())
        self._hub.push(self._hub.staff(site), PresencePush("presence", agents=listed))

    def staffed(self, site: SiteId, *, online: bool, first_reply: int | None) -> None:
        """Let the widgets of `site` know whether anybody is there, and how soon."""
        if online:
            self._online.add(site)
        else:
            self._online.discard(site)
        if first_reply is None:
            self._first_reply.pop(site, None)
        else:
            self._first_reply[site] = first_reply
        self.push_config(site)

    def queued(self, positions: dict[ChatId, int]) -> None:
        """Tell these chats' shoppers how far they are; 0 is to wait no more."""
        for chat, position in positions.items():
            listening = self._hub.shoppers_in(chat)
            if listening:
                ahead = max(0, position - 1)
                said = QueuePush("queue", chat, position=position, ahead=ahead)
                self._hub.push(listening, said)

    def attended(self, site: SiteId, *, staffed: bool, crowded: bool) -> None:
        """Let the chats of `site` know whether somebody will answer them soon."""
        self._sites.attend(site, staffed=staffed, crowded=crowded)

    def overloaded(self, site: SiteId, chat: ChatId, agent: AgentId) -> None:
        """Tell an agent and the supervisors that there is no room for this ticket."""
        who = Person(f"agent:{agent}")
        peers = [p for p in self._hub.staff(site) if p.who == who or p.role == "admin"]
        said = AttentionPush("attention", chat, why="over_capacity", agent=agent)
        self._hub.push(peers, said)

    def crowded(self, site: SiteId) -> None:
        """Tell the supervisors that as many wait as may."""
        peers = [peer for peer in self._hub.staff(site) if peer.role == "admin"]
        self._hub.push(peers, AttentionPush("attention", why="queue_full"))

    # To the desks.

    def backroom(self, site: str) -> Backroom:
        """Return what an agent of the shop works with now."""
        sites = self._sites
        return backroom(sites.name_of(site), sites.rules_of(site), sites.agents(site))

    def push_backroom(self, site: str) -> None:
        """Tell all agents of `site`."""
        push = DeskPush("desk", desk=self.backroom(site))
        self._hub.push(self._hub.staff(SiteId(site)), push)

    # To the widgets.

    def closed_to(self, peer: "Peer") -> Code | None:
        """Return why a shopper or visitor may begin nothing here, if so (F1)."""
        chat = self._sites.rules_of(peer.site).settings.chat
        if not chat.enabled:
            return Code.CHAT_DISABLED
        hidden = peer.role == "visitor" and chat.login_status == "hide_logged_out"
        return Code.TAB_HIDDEN if hidden else None

    def shown(self, site: str, role: str, facts: Facts | None = None) -> Storefront:
        """Return what one with this role, of whom `facts` are known, sees now."""
        staffing = Staffing(site in self._online, self._first_reply.get(site, UNSET))
        sites, now = self._sites, self._clock()
        first = FirstWords(
            questions(sites.library_of(site)),
            welcoming.welcome(sites, site, facts or NOBODY, now).text,
        )
        return storefront(sites.rules_of(site), role, now, staffing, first)

    def push_config(self, site: str) -> None:
        """Tell all shoppers and visitors of `site`: 2 us each, once for each role.

        Who is welcomed by name is told by name, at ten times that.
        """
        frames: dict[tuple[str, Codec], bytes] = {}
        personal = welcoming.is_personal(self._sites, site)
        for peer in self._hub.of_site(site):
            if peer.insider:
                continue
            if personal and peer.facts is not None:
                peer.say_config()
                continue
            frame = frames.get((peer.role, peer.codec))
            if frame is None:
                push = ConfigPush("config", config=self.shown(site, peer.role))
                frame = frames[peer.role, peer.codec] = peer.codec.encode(push)
            peer.transport.offer(frame)
