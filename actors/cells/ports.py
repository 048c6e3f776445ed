"""What the cells say to the world outside, and what they may ask of it."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from actors.chat.events import Event
from actors.chat.signs import What
from actors.chat.state import ChatState
from actors.desk.places import Place
from actors.ids import AgentId, ChatId, Millis, Person, ProfileId, Seq, SiteId
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules
from storage.records import ReadRow, Record, TicketRow


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """The answer to a request that was granted; durable, if it wrote anything."""

    re: str
    chat: ChatId
    at: Millis | None = None
    seq: Seq | None = None
    """Of the request's own event, if the asker may see it; then `prev` is set too."""
    prev: Seq | None = None
    dup: bool = False
    existing: bool | None = None
    already: bool = False
    body_differs: bool = False


class Caller(Protocol):
    """A connection that has asked for something."""

    @property
    def insider(self) -> bool:
        """Whether it sees what shoppers do not."""
        ...

    @property
    def connection(self) -> object:
        """Itself, also where somebody stands between."""
        ...

    def accepted(self, answer: Accepted) -> None:
        """Hear what came of a request."""

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        """Hear that `re` changed nothing; `wrote`: later writes may not overtake it."""

    def barred(self, chat: ChatId, re: str) -> Reason | None:
        """Return why a write may not go ahead of an earlier one to be tried again."""
        ...

    def attach(self, chat: ChatId) -> None:
        """Listen to a chat that has just been opened, from its first event on."""

    def history(
        self, re: str, chat: ChatId, page: list[tuple[Record, Event]], *, more: bool
    ) -> None:
        """Take a page of the past, oldest first."""


class Asker(Protocol):
    """Somebody who wants to know whose chat it is."""

    def found(self, profile: ProfileId) -> None:
        """Hear whose."""

    def refused(self, refused: Refused) -> None:
        """Hear that one may not know."""


class Listener(Protocol):
    """A connection that wants every visible event of one chat, in order."""

    @property
    def person(self) -> Person:
        """Who listens."""
        ...

    @property
    def position(self) -> Seq:
        """Seq up to which it has been sent everything, that of the last `missed`."""
        ...

    def opened(self, head: Seq, state: ChatState, name: str) -> None:
        """Hear that the chat may be listened to; events follow."""

    def refused(self, refused: Refused) -> None:
        """Hear that it may not."""

    def missed(self, record: Record, event: Event) -> None:
        """Take an event from before it was live, hidden ones included."""

    def when_drained(self, then: Callable[[], None]) -> None:
        """Have `then` called when there is room for another page; never, once gone."""

    def asked_to_rate(self) -> None:
        """Hear that the shop would like to know how the chat was."""

    def live(self, upto: Seq) -> None:
        """Hear that everything up to `upto` has been sent, and go live."""


class Audience(Protocol):
    """All connections, seen from a chat."""

    def publish(self, chat: ChatId, record: Record, event: Event, skip: object) -> None:
        """Give a durable event to all live listeners but `skip`, who has an answer."""

    def signal(
        self, chat: ChatId, by: Person, what: What, *, on: bool, inside: bool
    ) -> None:
        """Tell live listeners but `by` what `by` is doing; `inside`: agents only."""

    def listening(self, chat: ChatId) -> bool:
        """Return whether anybody listens."""
        ...

    def dropped(self, chat: ChatId, by: Person) -> None:
        """Count what `by` said too late: nobody is to see it."""

    def listed(self, row: TicketRow, name: str, reads: tuple[ReadRow, ...]) -> None:
        """Tell those who have the chat in a list how it now is there: it is durable.

        `name` is what its shopper is called; `reads` came with it.
        """

    def has_read(self, site: SiteId, stream: int, agent: AgentId, upto: Seq) -> None:
        """Tell of an agent who has read, before it is journaled: only they see it."""

    def ask_to_rate(self, chat: ChatId, who: Person) -> None:
        """Ask `who`, if they listen, how the chat was that is over now."""

    def outgoing(self) -> None:
        """Hear that something durable has to leave the process."""

    def noticed(self, chat: ChatId, state: ChatState, event: Event) -> None:
        """Tell those concerned who do not listen."""

    def placed(self, site: SiteId, place: Place) -> None:
        """Tell the desk where a ticket stands, as it was committed."""


class Clock(Protocol):
    """The wall's clock, or a test's."""

    def __call__(self) -> Millis:
        """Return the present moment."""
        ...


RulesOf = Callable[[SiteId], Rules]
"""Returns a site's rules as they are now."""
