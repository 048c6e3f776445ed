"""One client, from its hello to its end, whatever carries its frames.

A peer turns frames into mail for the actors, and their answers into frames. It decides
nothing about chats; what a role may ask for at all is the gate's table.
"""

import logging
import sys

from actors.agent.commands import Disconnect, Presence
from actors.cells.ports import Accepted
from actors.chat.events import Event
from actors.chat.state import ChatState
from actors.ids import AgentId, ChatId, Person, Seq, SiteId
from actors.person import Facts
from actors.refusals import Reason, Refused
from broker.bars import Bars, door_of
from broker.gate import Identity
from broker.hello import Greeting
from broker.house import House
from broker.hub import Hub
from broker.inbox import InboxWatch
from broker.limits import RETRY_S, Patience
from broker.requests import REQUESTS
from broker.speech import (
    Colleague,
    ConfigPush,
    PresencePush,
    err,
    ev,
    ok,
    stale,
    ticket,
)
from broker.subscription import Queue, Subscription
from broker.trails import Trail
from broker.transport import Transport
from broker.visiting import may_ask
from broker.wire import frames
from broker.wire.codec import Codec
from broker.wire.doubts import TOO_DEEP
from broker.wire.errors import TABLE, Broken, Close, Code, refuse
from broker.wire.session import ServerSession
from storage.records import Record

log = logging.getLogger(__name__)


class Peer:
    """A caller for the actors, a listener for its transport."""

    __slots__ = (
        "_bars",
        "_patience",
        "_queue",
        "_session",
        "_subscriptions",
        "codec",
        "expires",
        "facts",
        "goes_on",
        "greeting",
        "here",
        "house",
        "inbox",
        "insider",
        "kid",
        "role",
        "site",
        "sub",
        "trail",
        "transport",
        "who",
    )

    def __init__(self, transport: Transport, house: House) -> None:
        self.transport = transport
        self.house = house
        self.codec: Codec = transport.codec
        self.inbox: InboxWatch | None = None
        """What it watches of the site's tickets."""
        self.here = True
        """Whether the connection lasts."""
        self.site = SiteId("")
        self.who = Person("")
        self.sub = ""
        self.role = ""
        self.insider = False
        self.expires: float | None = None
        """When the token runs out, in seconds of the wall; visitors have none."""
        self.kid = ""
        """The key that signed the token."""
        self.greeting: Greeting | None = Greeting(self)
        """Letting somebody in, until that is over."""
        self.trail: Trail | None = None
        """The questions picked here, if any were."""
        self.facts: Facts | None = None
        """What is known of a shopper whom the shop welcomes by name."""
        self.goes_on = False
        """Whether a visitor has come with a chat, or begun one here."""
        self._queue: Queue | None = None
        self._session = ServerSession(transport.codec)
        self._subscriptions: tuple[Subscription, ...] = ()
        """Few: a dictionary would be larger than all the rest of an idle shopper."""
        self._bars: Bars | None = None
        self._patience: Patience | None = None
        """With one who writes too fast; before that there is none."""

    @property
    def connection(self) -> object:
        """Itself: nobody stands between."""
        return self

    @property
    def counted_as(self) -> str:
        """A name of the person that nobody else has, at any site."""
        # A shopper's is such a name already, and no second string is made for it.
        return f"{self.site}/{self.who}" if self.insider else self.who

    @property
    def hub(self) -> Hub:
        """All connections."""
        return self.house.hub

    # From the transport.

    def take(self, payload: bytes) -> None:
        """Act on one message."""
        try:
            said = self._session.receive(payload)
            if said is None:
                return
            request = REQUESTS.get(type(said))
            if request is None:
                self._take_other(said)
            elif may_ask(self, request, said):
                request.handler(self, said)
            else:
                self._deny(said)
        except Broken as broken:
            if broken.err is not None:
                self.say(broken.err)
            self.transport.close(broken.code)
        except Exception:
            # A bug here costs this connection, and no other.
            log.exception("a request by a %s failed", self.role or "stranger")
            self.transport.close(Close.BROKEN)

    def gone(self) -> None:
        """Forget the person and what they listened to: the connection has ended."""
        if not self.here:
            return
        self.here = False
        subscriptions, self._subscriptions = self._subscriptions, ()
        if self.inbox is not None:
            self.inbox.end()
        if self.role:
            self.house.trails.leave(self)
            self.hub.leave(self)
            if self.insider:
                left = Disconnect(self.house.clock())
                self.house.agents.tell(f"{self.site}/{self.sub}", left)
        for subscription in subscriptions:
            subscription.end()
            if subscription.live_now:
                self.hub.dismiss(subscription)

    # From the greeting.

    def become_visitor(self, site: str, who: Person) -> None:
        """Be a visitor from now on."""
        self.site, self.who, self.role = SiteId(sys.intern(site)), who, "visitor"
        self._session.welcomed(self.role)
        self.hub.enter(self)

    def become(self, identity: Identity, who: Person) -> None:
        """Be whom a token speaks for from now on."""
        if self.role:
            self.hub.leave(self)
        self.who, self.sub = who, identity.sub
        # The same few names for thousands of connections.
        self.site = SiteId(sys.intern(identity.site))
        self.role = sys.intern(identity.role)
        self.insider = identity.insider
        self.renew(identity)
        self._session.welcomed(self.role)
        self.hub.enter(self)
        self.transport.vouched()

    def renew(self, identity: Identity) -> None:
        """Last as long as a newer token says."""
        self.expires, self.kid = identity.exp, sys.intern(identity.kid)

    # Subscriptions.

    def subscription(self, chat: ChatId) -> Subscription | None:
        """Return this connection's place in `chat`, if it listens there."""
        for subscription in self._subscriptions:
            if subscription.chat == chat:
                return subscription
        return None

    def chats(self) -> tuple[ChatId, ...]:
        """Return the chats that are open here."""
        return tuple(subscription.chat for subscription in self._subscriptions)

    def chats_of(self, profile: str) -> list[ChatId]:
        """Return the chats of a person that an agent has open here."""
        return [s.chat for s in self._subscriptions if s.profile == profile]

    def subscribe(self, subscription: Subscription) -> None:
        """Listen anew; what was sent of the same chat before is over."""
        old = self.subscription(subscription.chat)
        self._subscriptions += (subscription,)
        if old is not None:
            self.unsubscribe(old)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Listen no more."""
        others = tuple(s for s in self._subscriptions if s is not subscription)
        if len(others) == len(self._subscriptions):
            return
        self._subscriptions = others
        if subscription.live_now:
            self.hub.dismiss(subscription)
        waiting = subscription.end()
        self.leave_queue(subscription)
        for answer in waiting:
            self.accepted(answer)

    @property
    def queue(self) -> Queue:
        """The chats that catch up."""
        if self._queue is None:
            self._queue = Queue(self.transport)
        return self._queue

    def leave_queue(self, subscription: Subscription) -> None:
        """Let the next chat catch up, if it was this one's turn."""
        if self._queue is not None and not self._queue.leave(subscription):
            self._queue = None

    # From the actors.

    def accepted(self, answer: Accepted) -> None:
        """Grant a request, in its place among the events."""
        if answer.dup:
            self.hub.counts.repeated += 1
        subscription = self.subscription(answer.chat)
        if subscription is None or not subscription.hold(answer):
            self.say_accepted(answer)

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        """Refuse a request; later writes wait if this one is to be tried again."""
        if wrote and TABLE[Code(refused.reason)].retry:
            self._bar(chat, re, refused.reason)
        if refused.limit is not None:
            self.house.tally.limited[_name_of_limit(refused)] += 1
        self._say_no(re, chat, refused)

    def barred(self, chat: ChatId, re: str) -> Reason | None:
        """Return why a write may not go ahead of an earlier one to be tried again."""
        if self._bars is None:
            return None
        return self._bars.against(chat, re, self.house.monotonic())

    def may_write(self, re: str, chat: ChatId, *, counted: bool) -> bool:
        """Return whether a write may be sent to `chat`; if not, it is refused.

        Messages are `counted`: a person writes so many and no more. Who goes on for
        seconds is sent away. What came before what was refused so goes ahead of it.
        """
        if self.transport.trusted:
            return True
        wait, now = 0.0, self.house.monotonic()
        bars = self._bars
        if bars is None or bars.against(door_of(chat), re, now) is None:
            if counted:
                talk = self.house.talk
                wait = talk.wait(self.counted_as, now, insider=self.insider)
            if wait == 0:
                return True
            self._bar(door_of(chat), re, Reason.RATE_LIMITED)
        wait_ms = int(max(wait, RETRY_S) * 1000) + 1
        self._say_no(re, chat, Refused(Reason.RATE_LIMITED, retry_after=wait_ms))
        self._lose_patience(now)
        return False

    def attach(self, chat: ChatId) -> None:
        """Listen to a chat from its first event on, the questions picked among them."""
        self.house.trails.forget(self)
        self.goes_on = True
        if self.here:
            subscription = Subscription(self, chat, Seq(0), "", resumed=True)
            self.subscribe(subscription)
            subscription.live_now = True
            self.hub.admit(subscription)

    def history(
        self, re: str, chat: ChatId, page: list[tuple[Record, Event]], *, more: bool
    ) -> None:
        """Send a page of the past."""
        events = tuple(
            ev(chat, record, event, insider=self.insider) for record, event in page
        )
        self.say(frames.HistoryRead(re, events, more))

    def presence(self, agents: dict[AgentId, Presence]) -> None:
        """Send how the agents of the site are seen."""
        listed = tuple(Colleague(agent, state) for agent, state in agents.items())
        self.say(PresencePush("presence", agents=listed))

    # To the client.

    def say(self, said: frames.FromServer) -> None:
        """Send a frame."""
        if type(said) is frames.Err:
            self.house.tally.refused[Code(said.code)] += 1
        self.transport.offer(self.codec.encode(said))

    def say_accepted(self, answer: Accepted) -> None:
        """Grant a request now."""
        self.say(ok(answer))

    def say_refused(self, re: str, chat: ChatId, refused: Refused) -> None:
        """Refuse a request that names a chat among several."""
        self.say(err(re, refused, chat=chat))

    def opening(
        self, re: str, chat: ChatId, head: Seq, state: ChatState, name: str
    ) -> frames.ChatOpened:
        """Return what says that a chat's events will follow."""
        shown = ticket(chat, state, name, agent=self.sub if self.insider else None)
        return frames.ChatOpened(re, chat, head, shown)

    def say_config(self) -> None:
        """Send the shop's document as it is now."""
        config = self.house.reception.shown(self.site, self.role, self.facts)
        self.say(ConfigPush("config", config=config))

    # Within.

    def _say_no(self, re: str, chat: ChatId, refused: Refused) -> None:
        if refused.newer:
            self.say(stale(re, chat, refused, insider=self.insider))
        else:
            self.say(err(re, refused))

    def _bar(self, chat: ChatId, re: str, reason: Reason) -> None:
        if self._bars is None:
            self._bars = Bars()
        self._bars.add(chat, re, reason, self.house.monotonic())

    def _lose_patience(self, now: float) -> None:
        name = "agent_rate" if self.insider else "shopper_rate"
        self.house.tally.limited[name] += 1
        if self._patience is None:
            self._patience = Patience()
        if self._patience.ends(now):
            self.transport.close(Close.FLOODING)

    def _take_other(self, said: frames.ClientFrame | frames.Err) -> None:
        if isinstance(said, frames.Hello):
            if self.greeting is not None:
                self.greeting.hello(said)
        elif isinstance(said, frames.Identify):
            self.greeting = Greeting(self)
            self.greeting.identify(said)
        elif isinstance(said, frames.Err):
            if said.reason == TOO_DEEP:
                self.house.tally.limited["depth"] += 1
            self.say(said)

    def _deny(self, said: frames.ClientFrame | frames.Err) -> None:
        """Refuse an operation that is not for this role; signals just fail."""
        if isinstance(said, frames.Signal | frames.Err):
            return
        code = Code.FORBIDDEN
        if self.role == "visitor" and not isinstance(said, frames.Bye):
            closed = self.house.reception.closed_to(self)
            if closed is not None:
                code = closed
            elif isinstance(said, frames.ChatStart):
                code = Code.LOGIN_REQUIRED
        self.say(refuse(said.id, code))


def _name_of_limit(refused: Refused) -> str:
    if refused.reason is Reason.RATE_LIMITED:
        return "new_chats"
    return "chat_events" if refused.path is None else "text_bytes"
