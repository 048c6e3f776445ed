"""A model client: one connection, its answers, and its place in each chat."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from actors.cells.orders import Join, Left, LookBack
from actors.cells.ports import Accepted
from actors.cells.profile import Arrive, Claims
from actors.cells.starting import Begin
from actors.chat.events import Event, for_shopper, seen_by_shopper
from actors.chat.signs import What
from actors.chat.state import ChatState
from actors.ids import AGENT, ChatId, Person, Seq
from actors.refusals import Reason, Refused
from storage.accounts import Profile
from storage.records import Record
from tests.actors.scene import SITE, Ask

if TYPE_CHECKING:
    from tests.actors.world import World


class Place:
    """Where a client is in one chat; it applies an event only in its turn."""

    def __init__(self, client: "Client", chat: ChatId, after: int) -> None:
        self.client = client
        self.chat = chat
        self.position = Seq(after)
        """What has been sent, hidden events included."""
        self.at = after
        """What has been applied: the client's position."""
        self.strict = True
        """Whether it begins at its position: from any other number, the first event is
        right whatever its `prev`."""
        self.log: list[int] = []
        self.gaps: list[tuple[int, int, int]] = []
        """Position, and the prev and seq that did not fit."""
        self.live_at: int | None = None
        self.gone = False
        self.ticket: ChatState | None = None
        self.refusal: Refused | None = None
        self.waiting: Callable[[], None] | None = None
        """Asks for the next page, as soon as the client has room for it."""
        self._held: dict[int, list[Accepted]] = {}
        """Several to one event, if its request was repeated meanwhile."""

    @property
    def person(self) -> Person:
        return self.client.who

    def opened(self, head: Seq, state: ChatState, name: str) -> None:
        assert head == state.seq
        del name
        self.ticket = msgspec.msgpack.decode(
            msgspec.msgpack.encode(state), type=ChatState
        )

    def refused(self, refused: Refused) -> None:
        self.refusal = refused
        self.end()

    def end(self) -> None:
        """Listen no more; answers that waited for their turn are given now."""
        self.gone = True
        held, self._held = self._held, {}
        for answers in held.values():
            self.client.say_accepted(*answers)

    def missed(self, record: Record, event: Event) -> None:
        if self.gone:
            return
        assert record.seq == self.position + 1 or not self.log
        self.position = Seq(record.seq)
        own = self._held.pop(record.seq, None)
        if own is not None:
            self.client.say_accepted(*own)
            self.apply(record.seq, own[0].prev or 0)
        else:
            self.happened(record, event)

    def when_drained(self, then: Callable[[], None]) -> None:
        if self.gone:
            return
        if self.client.slow:
            self.waiting = then
        else:
            then()

    def drain(self) -> None:
        """Make room for the next page."""
        then, self.waiting = self.waiting, None
        if then is not None:
            then()

    def asked_to_rate(self) -> None:
        self.client.world.room.asked.append((self.chat, self.person))

    def live(self, upto: Seq) -> None:
        if self.gone:
            return
        self.live_at = upto
        assert not self._held, "an answer was held whose event never came"
        self.client.world.room.places.setdefault(self.chat, []).append(self)

    def happened(self, record: Record, event: Event) -> None:
        insider = self.client.insider
        if insider or seen_by_shopper(event.body):
            body = event.body if insider else for_shopper(event.body)
            self.client.bytes += msgspec.json.encode(body)
            self.apply(record.seq, record.seq - 1 if insider else record.prev)

    def signalled(self, by: Person, what: What, *, on: bool) -> None:
        typing = what == "typing"
        known = self.client.typers if typing else self.client.viewers
        if on:
            known.add(by)
        else:
            known.discard(by)

    def apply(self, seq: int, prev: int) -> None:
        if prev != self.at and (self.log or self.strict):
            self.gaps.append((self.at, prev, seq))
            return
        self.at = seq
        self.log.append(seq)

    def answered(self, answer: Accepted) -> None:
        """Take the answer to an own write, in its place among the events."""
        if answer.seq is None or answer.prev is None or answer.seq <= self.at:
            self.client.say_accepted(answer)
        elif self.live_at is None:
            assert answer.seq > self.position
            self._held.setdefault(answer.seq, []).append(answer)
        else:
            self.client.say_accepted(answer)
            self.apply(answer.seq, answer.prev)


class Client:
    """A caller, and a listener wherever it has joined."""

    def __init__(self, world: "World", who: Person) -> None:
        self.world = world
        world.clients.append(self)
        self.number = len(world.clients)
        self.who = who
        self.insider = who.startswith(AGENT)
        self.asked: Counter[str] = Counter()
        """How often each id was sent, in this life of the process."""
        self.answers: dict[str, list[Accepted | Refused]] = {}
        self.order: list[str] = []
        """Ids in the order they were answered."""
        self.places: dict[ChatId, Place] = {}
        self.past: list[Place] = []
        """Places it has left."""
        self.pages: list[tuple[list[int], bool]] = []
        self.bytes = b""
        self.typers: set[Person] = set()
        self.viewers: set[Person] = set()
        self.bars: dict[ChatId, Reason] = {}
        self.slow = False
        self.limited = True
        """Whether new chats are counted."""
        self.profile: Profile | None = None
        self.chat: ChatId | None = None
        self.turned = 0
        self._ids = 0

    @property
    def connection(self) -> object:
        return self

    # Asking.

    def do(self, chat: ChatId, what: Ask, id_: str | None = None) -> str:
        """Send a command, without taking a turn; return its id."""
        if id_ is None:
            self._ids += 1
            id_ = f"{self.number}-{self._ids}"
        self.asked[id_] += 1
        self.world.order(chat, self, what, id_)
        return id_

    def ask(
        self, chat: ChatId, what: Ask, id_: str | None = None
    ) -> Accepted | Refused:
        """Send a command, let the world turn, and return the answer."""
        id_ = self.do(chat, what, id_)
        before = len(self.answers.get(id_, ()))
        self.world.turn()
        assert len(self.answers.get(id_, ())) == before + 1, (
            "one answer to each request"
        )
        return self.answers[id_][-1]

    def gets(self, chat: ChatId, what: Ask, id_: str | None = None) -> Accepted:
        answer = self.ask(chat, what, id_)
        assert isinstance(answer, Accepted), answer
        return answer

    def fails(self, chat: ChatId, what: Ask, id_: str | None = None) -> Refused:
        answer = self.ask(chat, what, id_)
        assert isinstance(answer, Refused), answer
        return answer

    def join(self, chat: ChatId, after: int | None = None) -> Place:
        """Open a chat, from where it was left; without taking a turn."""
        position = self.left_at(chat)
        self.leave(chat)
        place = Place(self, chat, position if after is None else after)
        place.strict = after is None
        self.places[chat] = place
        self.world.chats.tell(chat, Join(place, SITE))
        return place

    def left_at(self, chat: ChatId) -> int:
        """Return the client's position in a chat that it has left, or is in."""
        seen = [*self.past, *self.places.values()]
        return max((place.at for place in seen if place.chat == chat), default=0)

    def leave(self, chat: ChatId) -> None:
        place = self.places.pop(chat, None)
        if place is None:
            return
        place.end()
        self.past.append(place)
        places = self.world.room.places.get(chat, [])
        if place in places:
            places.remove(place)
            if not any(other.person == self.who for other in places):
                self.world.chats.tell(chat, Left(self.who))

    def look_back(self, chat: ChatId, before: int, limit: int = 50) -> list[int]:
        """Ask for a page of the past and return its seqs."""
        self.asked["look"] += 1
        look = LookBack("look", self.who, SITE, Seq(before), limit, self)
        self.world.chats.tell(chat, look)
        count = len(self.pages)
        self.world.turn()
        return self.pages[-1][0] if len(self.pages) > count else []

    def arrive(self, sub: str = "sue", **claims: str) -> None:
        known = Claims(sub, **claims)
        self.world.people.tell(f"{SITE}/{sub}", Arrive(known, self))
        self.world.turn()

    def begin(
        self, text: str = "hello", id_: str = "begin", *, sub: str = "sue"
    ) -> None:
        """Start a chat by way of the profile; without taking a turn."""
        self.asked[id_] += 1
        begin = Begin(id_, text, (), False, self, limited=self.limited)  # noqa: FBT003  # positional, as the broker makes it
        self.world.people.tell(f"{SITE}/{sub}", begin)

    # Hearing: a caller and a guest.

    def accepted(self, answer: Accepted) -> None:
        place = self.places.get(answer.chat)
        if place is None or place.gone:
            self.say_accepted(answer)
        else:
            place.answered(answer)

    def say_accepted(self, *answers: Accepted) -> None:
        for answer in answers:
            self.bytes += msgspec.json.encode(answer)
            self.answers.setdefault(answer.re, []).append(answer)
            self.order.append(answer.re)

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        del chat, wrote
        self.answers.setdefault(re, []).append(refused)
        self.order.append(re)

    def barred(self, chat: ChatId, re: str) -> Reason | None:
        del re
        return self.bars.get(chat)

    def attach(self, chat: ChatId) -> None:
        place = self.places[chat] = Place(self, chat, 0)
        place.live(Seq(0))

    def history(
        self, re: str, chat: ChatId, page: list[tuple[Record, Event]], *, more: bool
    ) -> None:
        assert re == "look"
        del chat
        for _, event in page:
            self.bytes += msgspec.json.encode(event.body)
        self.asked["look"] -= 1
        self.pages.append(([record.seq for record, _ in page], more))

    def arrived(self, profile: Profile, chat: ChatId | None) -> None:
        self.profile, self.chat = profile, chat
        self.who = Person(f"shopper:{profile.id}")

    def turned_away(self) -> None:
        self.turned += 1
