"""Who is connected, and who listens to which chat.

The actors' audience. An event is encoded once for each subprotocol and each of the two
views, an insider's and a shopper's, however many listen.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from actors.cells.chat import ChatCell
from actors.cells.desk import Arrived, DeskCell, Placed
from actors.cells.inbox import InboxCell
from actors.cells.orders import Left
from actors.cells.ports import RulesOf
from actors.cells.watching import FLUSH, HasRead, Listed, Seen
from actors.chat.events import (
    Assigned,
    CheckedIn,
    Closed,
    Event,
    Identified,
    Measured,
    OfferChanged,
    Opened,
    seen_by_shopper,
)
from actors.chat.signs import What
from actors.chat.state import ChatState
from actors.chat.teams import may_open
from actors.desk.places import Place
from actors.ids import AgentId, ChatId, Person, Seq, SiteId
from actors.runtime.system import Kind
from broker.inbox import Press
from broker.limits import Tally
from broker.speech import AttentionPush, check_in, ev, profile_event, transfer
from broker.subscription import Subscription, end_for_others
from broker.wire.codec import Codec
from broker.wire.errors import Close
from broker.wire.frames import Eph, FromServer, Push
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
        self.carry_out: Callable[[], None] = _nothing
        """Called when something durable has to leave the process."""
        self.chats: Kind[ChatCell]
        self.desks: Kind[DeskCell]
        self.inboxes: Kind[InboxCell]
        self.rules_of: RulesOf
        self.press = Press()
        self._watched: set[SiteId] = set()
        """Sites whose agents are told what changes in their lists."""

    def meet(
        self,
        chats: Kind[ChatCell],
        desks: Kind[DeskCell],
        inboxes: Kind[InboxCell],
        rules_of: RulesOf,
    ) -> None:
        """Learn whom to tell who has left and where tickets stand, and who may know."""
        self.chats = chats
        self.desks = desks
        self.inboxes = inboxes
        self.rules_of = rules_of

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

    def staff(self, site: SiteId) -> tuple["Peer", ...]:
        """Return all connections of a site's agents."""
        return tuple(self._staff.get(site, ()))

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

    def outgoing(self) -> None:
        """Have carried out what has to leave the process."""
        self.carry_out()

    def listening(self, chat: ChatId) -> bool:
        """Return whether anybody listens."""
        return chat in self._listeners

    def shoppers_in(self, chat: ChatId) -> list["Peer"]:
        """Return the live connections of a chat's shopper."""
        listeners = self._listeners.get(chat, ())
        return [known.peer for known in listeners if not known.insider]

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
        self, chat: ChatId, by: Person, what: What, *, on: bool, inside: bool
    ) -> None:
        """Tell live listeners other than `by` what `by` is doing."""
        key = (chat, by, what)
        said = Eph(chat, what, by, on, note=inside and what == "typing")
        frames: dict[Codec, bytes] = {}
        for listener in self._listeners.get(chat, ()):
            peer = listener.peer
            if peer.who == by or (inside and not peer.insider):
                continue
            frame = frames.get(peer.codec)
            if frame is None:
                frame = frames[peer.codec] = peer.codec.encode(said)
            if peer.transport.signal(key, frame):
                self.counts.signals += 1
            else:
                self._tally.dropped[what] += 1

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

    def arrived(self, site: SiteId, chat: ChatId) -> None:
        """Have a shopper told how far they are, where a site does that."""
        if self.rules_of(site).settings.assignment.show_queue:
            self.desks.tell(site, Arrived(chat))

    # Notices.

    def dropped(self, chat: ChatId, by: Person) -> None:
        """Count an answer of the bot that came too late."""
        del chat, by
        self.counts.dropped += 1

    def noticed(self, chat: ChatId, state: ChatState, event: Event) -> None:
        """Tell those concerned who may not be listening."""
        body = event.body
        if isinstance(body, CheckedIn):
            self._check_in(chat, state, body)
        elif isinstance(body, Measured):
            self._measured(chat, state, body)
        elif isinstance(body, Assigned):
            self._see_out(chat, state)
        elif isinstance(body, Identified):
            end_for_others(self._listeners.get(chat, ()), state.shopper)
        elif isinstance(body, OfferChanged):
            self.push(self._parties(SiteId(state.site), body), transfer(chat, body))
        elif isinstance(body, Opened | Closed):
            kind = STARTED if isinstance(body, Opened) else CLOSED
            own = of_chat(kind, event.at, chat, state.channel)
            self.happened(state.site, state.profile, [own])

    def follow(self, site: SiteId) -> None:
        """Let agents listen to no more than the settings of now let them open."""
        for peer in self.staff(site):
            for chat in peer.chats():
                cell = self.chats.get(chat)
                if cell is not None:
                    self._part(peer, chat, cell.state)
        self.inboxes.tell(site, FLUSH)

    def happened(self, site: str, profile: str, news: list[Happening]) -> None:
        """Tell agents who have a chat of `profile` open what has happened there.

        Of many at a time the newest; who lags hears nothing. It is all in the history.
        """
        for peer in self._staff.get(SiteId(site), ()):
            for chat in peer.chats_of(profile):
                for happening in sorted(news)[-MOST_NEWS:]:
                    frame = peer.codec.encode(profile_event(chat, profile, happening))
                    if not peer.transport.signal((chat, happening.id), frame):
                        self._tally.dropped["profile_event"] += 1

    def placed(self, site: SiteId, place: Place) -> None:
        """Tell the desk where a ticket stands."""
        self.desks.tell(site, Placed(place))

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

    def _see_out(self, chat: ChatId, state: ChatState) -> None:
        """Let no agent listen any more whose reach the chat has left (F26)."""
        for peer in self.staff(SiteId(state.site)):
            self._part(peer, chat, state)

    def _part(self, peer: "Peer", chat: ChatId, state: ChatState) -> None:
        """End what `peer` is sent of a chat, be it of the past, if it may not be."""
        listener = peer.subscription(chat)
        if listener is None:
            return
        if not may_open(state, peer.who, self.rules_of(peer.site)):
            peer.unsubscribe(listener)
            peer.say(AttentionPush("attention", chat, why="out_of_reach"))

    def _check_in(self, chat: ChatId, state: ChatState, body: CheckedIn) -> None:
        missed = body.state == "missed"
        peers = self._concerned(SiteId(state.site), state, missed=missed)
        self.push(peers, check_in(chat, state, body))
        if missed and state.assignee is None:
            # Nobody in particular has failed to answer: somebody is to see to it.
            supervisors = [peer for peer in peers if peer.role == "admin"]
            said = AttentionPush("attention", chat, why="overdue")
            self.push(supervisors, said)

    def _measured(self, chat: ChatId, state: ChatState, body: Measured) -> None:
        if body.state == "missed":
            peers = self._concerned(SiteId(state.site), state, missed=True)
            self.push(peers, AttentionPush("attention", chat, why=body.measure))

    def ask_to_rate(self, chat: ChatId, who: Person) -> None:
        """Ask `who`, if they have the chat open, how it was."""
        peers = [s.peer for s in self._listeners.get(chat, ()) if s.person == who]
        self.push(peers, Push("rate_ask", chat))

    def _parties(self, site: SiteId, body: OfferChanged) -> list["Peer"]:
        """Return who is to hear of an offer: its addressee, and of its end both."""
        agents = {body.to} if body.state == "offered" else {body.to, body.origin}
        return [p for p in self._staff.get(site, ()) if p.sub in agents]

    def _concerned(
        self, site: SiteId, state: ChatState, *, missed: bool
    ) -> list["Peer"]:
        """Return who is to hear of a check-in: its agent, or its team if it has none.

        Of a missed one the supervisors hear too (U6).
        """
        staff, owner = self.staff(site), state.assignee
        if owner is not None:
            wanted = frozenset({owner})
        else:
            team = state.team and self.rules_of(site).team(state.team)
            if not team:
                return list(staff)
            wanted = frozenset(team.members)
        return [p for p in staff if p.sub in wanted or (missed and p.role == "admin")]

    def push(self, peers: Iterable["Peer"], said: FromServer) -> None:
        """Say the same to several."""
        frames: dict[Codec, bytes] = {}
        for peer in tuple(peers):
            frame = frames.get(peer.codec)
            if frame is None:
                frame = frames[peer.codec] = peer.codec.encode(said)
            peer.transport.offer(frame)


def _nothing() -> None:
    """Nobody carries anything out yet."""


def _remove(lists: dict[K, list[V]], key: K, value: V) -> None:
    """Remove `value` from a list, which is dropped when it is empty."""
    values = lists.get(key)
    if values is None or value not in values:
        return
    values.remove(value)
    if not values:
        del lists[key]
