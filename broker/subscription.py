"""One connection's place in one chat: what it has been sent, and what is to come.

While it catches up, the past is sent as fast as it is taken, and an answer to one of
its own writes waits until everything visible before it has gone: it then takes the
place of its event. Once live, events come straight from the hub.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from actors.cells.ports import Accepted
from actors.chat.events import Event, seen_by_shopper
from actors.chat.state import ChatState
from actors.ids import ChatId, Person, Seq
from actors.refusals import Refused
from broker.speech import ev
from broker.transport import Transport
from broker.wire.frames import ChatOpened, Live, Push
from storage.records import Record

if TYPE_CHECKING:
    from broker.peer import Peer

OTHER_EPOCH = Seq(2**53 - 1)
"""A position in another journal: beyond any head, so that it is refused with ours."""


class Subscription:
    """A listener for the chat, a member for the hub."""

    __slots__ = (
        "_held",
        "_opened",
        "_re",
        "chat",
        "live_now",
        "over",
        "peer",
        "position",
        "profile",
        "resumed",
    )

    def __init__(
        self, peer: "Peer", chat: ChatId, position: Seq, re: str, *, resumed: bool
    ) -> None:
        self.peer = peer
        self.chat = chat
        self.position = position
        self.live_now = False
        self.resumed = resumed
        """Whether it came with the hello, which has been answered already."""
        self.over = False
        """Whether the connection has left the chat, or opened it anew."""
        self.profile = ""
        """Whose chat it is; an agent's alone knows."""
        self._re = re
        self._opened: ChatOpened | None = None
        """Said together with what follows: a write less a chat that is opened."""
        self._held: dict[Seq, list[Accepted]] | None = None

    @property
    def person(self) -> Person:
        """Who listens."""
        return self.peer.who

    @property
    def insider(self) -> bool:
        """Whether they see what shoppers do not."""
        return self.peer.insider

    def opened(self, head: Seq, state: ChatState, name: str) -> None:
        """Say that events will follow."""
        if self.insider:
            self.profile = state.profile
        if not self.resumed:
            self._opened = self.peer.opening(self._re, self.chat, head, state, name)
            self._re = ""
        if self.over:
            self.announce()

    def announce(self) -> None:
        """Say so now, unless it has been said."""
        opened, self._opened = self._opened, None
        if opened is not None and self.peer.here:
            self.peer.say(opened)

    def refused(self, refused: Refused) -> None:
        """Say that none will."""
        self.announce()
        self.peer.say_refused(self._re, self.chat, refused)
        self.peer.unsubscribe(self)

    def missed(self, record: Record, event: Event) -> None:
        """Send what the peer may see of the past, each event once.

        Without room for it the position stays, and it comes again with a later page.
        """
        if self._opened is not None:
            self.announce()
        if self.over or not self.peer.queue.turn_of(self):
            return
        seq = self.position = Seq(record.seq)
        answers = self._held.pop(seq, None) if self._held else None
        if answers is not None:
            for answer in answers:
                self.peer.say_accepted(answer)
        elif self.insider or seen_by_shopper(event.body):
            frame = ev(self.chat, record, event, insider=self.insider)
            self.peer.say(frame)

    def when_drained(self, then: Callable[[], None]) -> None:
        """Wait until the peer has taken most of what it was sent."""
        if not self.over:
            self.peer.queue.when_drained(self, then)

    def live(self, upto: Seq) -> None:
        """Say that the past is over."""
        if self.over:
            return  # it left while it was catching up
        self.announce()
        self.live_now = True
        # The state's own string, not one more of each listener.
        self.chat = self.peer.house.chats.find(self.chat).chat
        self.peer.say(Live(self.chat, upto))
        self.peer.hub.admit(self)
        self.peer.leave_queue(self)
        self.peer.house.resumes.done(self)
        if not self.insider:
            self.peer.hub.arrived(self.peer.site, self.chat)

    def asked_to_rate(self) -> None:
        """Ask how the chat was."""
        if not self.over:
            self.peer.say(Push("rate_ask", self.chat))

    def end(self) -> list[Accepted]:
        """Send nothing more; return the answers that still wait, oldest first."""
        self.announce()
        self.over = True
        self.peer.house.resumes.done(self)
        held, self._held = self._held, None
        return [answer for answers in (held or {}).values() for answer in answers]

    def hold(self, answer: Accepted) -> bool:
        """Return whether `answer` has to wait until its event's turn has come."""
        if self.live_now or answer.seq is None or answer.prev is None:
            return False
        if answer.seq <= self.position:
            return False
        if self._held is None:
            self._held = {}
        # Several, if the request was repeated meanwhile.
        self._held.setdefault(answer.seq, []).append(answer)
        return True


class Queue:
    """One connection's chats that catch up, one at a time.

    An agent who comes back to a hundred chats would be cut off as a slow reader by the
    pages of all of them together.
    """

    __slots__ = ("_first", "_others", "_transport")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._first: Subscription | None = None
        self._others: deque[tuple[Subscription, Callable[[], None]]] | None = None

    def turn_of(self, subscription: Subscription) -> bool:
        """Return whether `subscription` may send, and the peer has room."""
        if self._first is None:
            self._first = subscription
        return self._first is subscription and self._transport.low

    def when_drained(
        self, subscription: Subscription, then: Callable[[], None]
    ) -> None:
        """Call `then` when it is this one's turn and there is room for more."""
        if self._first in (None, subscription):
            self._first = subscription
            self._transport.when_drained(then)
            return
        if self._others is None:
            self._others = deque()
        self._others.append((subscription, then))

    def leave(self, subscription: Subscription) -> bool:
        """Let the next one begin, if it was this one's turn.

        Return whether anybody is left.
        """
        if self._first is subscription:
            self._first = None
            while self._others and self._first is None:
                self._first, then = self._others.popleft()
                if self._first.over:
                    self._first = None
                else:
                    self._transport.when_drained(then)
        return self._first is not None


def end_for_others(listeners: Iterable[Subscription], shopper: Person) -> None:
    """End those of visitors: the chat is the shopper's who one of them has become."""
    for listener in tuple(listeners):
        if not listener.insider and listener.person != shopper:
            listener.peer.unsubscribe(listener)
