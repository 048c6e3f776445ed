"""Who is connected, and who listens to which chat.

The actors' audience. An event is encoded once for each subprotocol and each of the two
views, an insider's and a shopper's, however many listen.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from actors.agent.commands import Lose, Presence, Take
from actors.cells.agent import AgentCell
from actors.cells.chat import ChatCell
from actors.cells.inbox import InboxCell
from actors.cells.orders import Left
from actors.cells.watching import HasRead, Listed, Seen
from actors.chat.events import (
    Assigned,
    CheckedIn,
    Closed,
    Event,
    Opened,
    seen_by_shopper,
)
from actors.chat.state import ChatState
from actors.ids import AgentId, ChatId, Person, Seq, SiteId
from actors.runtime.system import Kind
from broker.inbox import Press
from broker.limits import Tally
from broker.speech import Colleague, PresencePush, check_in, ev, profile_event
from broker.subscription import Subscription
from broker.wire.codec import Codec
from broker.wire.errors import Close
from broker.wire.frames import Eph, FromServer
from storage.people import CLOSED, STARTED, Happening, of_chat
from storage.records import ReadRow, Record, TicketRow

if TYPE_CHECKING:
    from broker.peer import Peer

MOST_NEWS = 20
"""Events of one import that are pushed, 16 KiB each at most."""

K = TypeVar("K")
V = TypeVar("V")


class Counts:
    """What the hub has done, for the metrics."""

    __slots__ = (
        "delivered",
        "dropped",
        "published",
        "refused",
        "repeated",
        "resumed",
        "signals",
    )

    def __init__(self) -> None:
        self.published = 0
        self.delivered = 0
        self.signals = 0
        self.resumed = 0
        """Chats taken up again with a hello."""
        self.repeated = 0
        """Requests that had been granted before."""
        self.refused = 0
        """Requests about a chat that were refused."""
        self.dropped = 0
        """Answers of the bot that came too late."""


class Hub:
    """All connections of the process."""

    def __init__(self, per_person: int, tally: Tally) -> None:
        self._per_person = per_person
        self._tally = tally
        self._listeners: dict[ChatId, list[Subscription]] = {}
        self._connections: dict[str, int] = {}
        """How many each person has. Only counted, not listed: it is in memory for all
        who are idle, and asked for in a reconnect storm."""
        self._staff: dict[SiteId, list[Peer]] = {}
        self.peers: set[Peer] = set()
        self.counts = Counts()
        self.chats: Kind[ChatCell]
        self.agents: Kind[AgentCell]
        self.inboxes: Kind[InboxCell]
        self.press = Press()
        self._watched: set[SiteId] = set()
        """Sites whose agents are told what changes in their lists."""

    def meet(
        self,
        chats: Kind[ChatCell],
        agents: Kind[AgentCell],
        inboxes: Kind[InboxCell],
    ) -> None:
        """Learn whom to tell that somebody has left, or has got something to do."""
        self.chats = chats
        self.agents = agents
        self.inboxes = inboxes

    # Connections.

    def enter(self, peer: "Peer") -> None:
        """Take in a connection whose person is known now."""
        self.peers.add(peer)
        person = peer.counted_as
        count = self._connections.get(person, 0) + 1
        self._connections[person] = count
        if count == 1 and peer.site in self._watched:
            self._tell_presence(peer, online=True)
        if count > self._per_person and not peer.transport.trusted:
            self._send_away_oldest(peer)
        if peer.insider:
            self._staff.setdefault(peer.site, []).append(peer)

    def leave(self, peer: "Peer") -> None:
        """Forget a connection, or what its person was until now."""
        self.peers.discard(peer)
        person = peer.counted_as
        others = self._connections.pop(person, 1) - 1
        if others:
            self._connections[person] = others
        elif peer.site in self._watched:
            self._tell_presence(peer, online=False)
        if peer.insider:
            _remove(self._staff, peer.site, peer)

    def connections_of(self, site: str, who: Person) -> tuple["Peer", ...]:
        """Return all connections of a person; looks at everybody's."""
        return tuple(p for p in self.peers if p.who == who and p.site == site)

    def of_site(self, site: str) -> tuple["Peer", ...]:
        """Return all connections to a site."""
        return tuple(peer for peer in self.peers if peer.site == site)

    # Listeners.

    def admit(self, subscription: Subscription) -> None:
        """Let a listener have what is published from now on."""
        listeners = self._listeners.get(subscription.chat)
        if listeners is None:
            self._listeners[subscription.chat] = [subscription]
        else:
            listeners.append(subscription)

    def dismiss(self, subscription: Subscription) -> None:
        """Let a listener have nothing more."""
        chat, who = subscription.chat, subscription.person
        _remove(self._listeners, chat, subscription)
        others = self._listeners.get(chat, ())
        if not any(other.person == who for other in others):
            self.chats.tell(chat, Left(who))

    def listening(self, chat: ChatId) -> bool:
        """Return whether anybody listens."""
        return chat in self._listeners

    def publish(self, chat: ChatId, record: Record, event: Event, skip: object) -> None:
        """Give a durable event to all live listeners who may see it, but `skip`."""
        self.counts.published += 1
        listeners = self._listeners.get(chat)
        if listeners is None:
            return
        inside: dict[Codec, bytes] = {}
        outside: dict[Codec, bytes] | None = {} if seen_by_shopper(event.body) else None
        for listener in tuple(listeners):
            peer = listener.peer
            if peer is skip:
                continue
            frames = inside if peer.insider else outside
            if frames is None:
                continue
            codec = peer.codec
            frame = frames.get(codec)
            if frame is None:
                said = ev(chat, record, event, insider=peer.insider)
                frame = frames[codec] = codec.encode(said)
            peer.transport.offer(frame)
            self.counts.delivered += 1

    def signal(
        self, chat: ChatId, by: Person, what: str, *, on: bool, inside: bool
    ) -> None:
        """Tell live listeners other than `by` what `by` is doing."""
        key = (chat, by, what)
        said = Eph(chat, what, by, on, inside)
        frames: dict[Codec, bytes] = {}
        for listener in self._listeners.get(chat, ()):
            peer = listener.peer
            if peer.who == by or (inside and not peer.insider):
                continue
            frame = frames.get(peer.codec)
            if frame is None:
                frame = frames[peer.codec] = peer.codec.encode(said)
            peer.transport.signal(key, frame)
            self.counts.signals += 1

    # Lists.

    def watch(self, site: SiteId, *, on: bool) -> None:
        """Pass on what changes in the lists of `site`, or no longer."""
        if on:
            self._watched.add(site)
        else:
            self._watched.discard(site)

    def here(self, person: Person) -> bool:
        """Return whether a shopper is connected."""
        return person in self._connections

    def listed(self, row: TicketRow, name: str, reads: tuple[ReadRow, ...]) -> None:
        """Tell the inbox of a row that is durable, if anybody watches there."""
        if row.site in self._watched:
            self.inboxes.tell(row.site, Listed(row, name, reads))

    def has_read(self, site: SiteId, stream: int, agent: AgentId, upto: Seq) -> None:
        """Tell the inbox how far an agent has read."""
        self.inboxes.tell(site, HasRead(stream, agent, upto))

    def _tell_presence(self, peer: "Peer", *, online: bool) -> None:
        if not peer.insider:
            self.inboxes.tell(peer.site, Seen(peer.who, online))

    # Notices.

    def dropped(self, chat: ChatId, by: Person) -> None:
        """Count an answer of the bot that came too late."""
        del chat, by
        self.counts.dropped += 1

    def noticed(self, chat: ChatId, state: ChatState, event: Event) -> None:
        """Tell those concerned who may not be listening."""
        body = event.body
        if isinstance(body, CheckedIn):
            site = SiteId(state.site)
            self._push(self._concerned(site, state, body), check_in(chat, state, body))
        elif isinstance(body, Assigned):
            for agent, news in ((body.origin, Lose(chat)), (body.to, Take(chat))):
                if agent is not None:
                    self.agents.tell(f"{state.site}/{agent}", news)
        elif isinstance(body, Closed) and state.assignee is not None:
            self.agents.tell(f"{state.site}/{state.assignee}", Lose(chat))
        if isinstance(body, Opened | Closed):
            kind = STARTED if isinstance(body, Opened) else CLOSED
            own = of_chat(kind, event.at, chat, state.channel)
            self.happened(state.site, state.profile, [own])

    def happened(self, site: str, profile: str, news: list[Happening]) -> None:
        """Tell agents who have a chat of `profile` open what has happened there.

        Of many at a time the newest; who lags hears nothing. It is all in the history.
        """
        for peer in self._staff.get(SiteId(site), ()):
            for chat in peer.chats_of(profile):
                for happening in sorted(news)[-MOST_NEWS:]:
                    frame = peer.codec.encode(profile_event(chat, profile, happening))
                    peer.transport.signal((chat, happening.id), frame)

    def presence(self, site: SiteId, agents: dict[AgentId, Presence]) -> None:
        """Push to all agents of `site` how these are seen now."""
        listed = tuple(Colleague(agent, state) for agent, state in agents.items())
        self._push(self._staff.get(site, ()), PresencePush("presence", agents=listed))

    def _send_away_oldest(self, newest: "Peer") -> None:
        """Close that connection of a person with too many that is idle for longest."""
        others = self.connections_of(newest.site, newest.who)
        idle = min(
            (peer for peer in others if peer is not newest),
            key=lambda peer: peer.transport.heard,
            default=None,
        )
        if idle is not None:
            self._tally.limited["per_person"] += 1
            idle.transport.close(Close.TOO_MANY)

    def _concerned(
        self, site: SiteId, state: ChatState, body: CheckedIn
    ) -> Iterable["Peer"]:
        """Return who is to hear of a check-in: its agent, or all if it has none.

        Of a missed one the supervisors hear too (U6).
        """
        staff = self._staff.get(site, ())
        owner = state.assignee
        if owner is None:
            return staff
        who = Person(f"agent:{owner}")
        missed = body.state == "missed"
        return [p for p in staff if p.who == who or (missed and p.role == "admin")]

    def _push(self, peers: Iterable["Peer"], said: FromServer) -> None:
        frames: dict[Codec, bytes] = {}
        for peer in tuple(peers):
            frame = frames.get(peer.codec)
            if frame is None:
                frame = frames[peer.codec] = peer.codec.encode(said)
            peer.transport.offer(frame)


def _remove(lists: dict[K, list[V]], key: K, value: V) -> None:
    """Remove `value` from a list, which is dropped when it is empty."""
    values = lists.get(key)
    if values is None or value not in values:
        return
    values.remove(value)
    if not values:
        del lists[key]
