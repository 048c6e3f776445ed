"""How chats are started: by an actor for each person who may.

It takes one start at a time, from question to commit, so that any number of tabs,
double clicks and retries make one chat (F6). Its fences are in the commit itself: the
`start` table and the unique index on unclosed tickets.
"""

import sqlite3
from functools import partial
from typing import TypeVar

import msgspec

from actors.cells.chat import ChatCell
from actors.cells.fittings import Fittings
from actors.cells.idmaker import IdMaker
from actors.cells.orders import Order
from actors.cells.ports import Caller
from actors.cells.reading import ask
from actors.cells.relay import Relay
from actors.chat.commands import Start
from actors.chat.events import Picked
from actors.chat.traits import NO_TRAITS, Traits
from actors.ids import ChatId, Millis, Person, SiteId
from actors.person import Facts
from actors.refusals import Reason, Refused
from actors.runtime.actor import Actor
from actors.runtime.system import Kind
from storage import people, queries

TRIES = 3
"""A chat may be closed between the look and the start; more than this is a bug."""
NO_CHAT = ChatId("")
"""Where an answer to a start names a chat, and there is none."""
LATER = Refused(Reason.UNAVAILABLE)
NOBODY = Facts()
S = TypeVar("S", bound="Starter")


class Begin(msgspec.Struct, frozen=True):
    """A person has something to say, in the chat they have or in a new one."""

    id: str
    text: str
    blobs: tuple[str, ...]
    legal_ack: bool
    caller: Caller
    tries: int = TRIES
    limited: bool = True
    """Whether the number of new chats is limited."""
    faqs: tuple[Picked, ...] = ()
    welcome: str | None = None
    """As in `Start`."""
    traits: Traits = NO_TRAITS
    """What the page says of itself and of who looks at it."""


class Found(msgspec.Struct, frozen=True):
    """What the journal knows before a start."""

    started: ChatId | None
    """Where an earlier start with the same id led to."""
    unclosed: ChatId | None
    previous: ChatId | None
    opened: Millis | None
    """When the oldest of as many as are allowed was."""
    facts: Facts = NOBODY
    """What the shop has told of the person."""


class Starting(msgspec.Struct, frozen=True):
    """Whose chat it will be."""

    who: Person
    profile: str
    name: str
    traits: Traits = NO_TRAITS


class Starter(Actor):
    """One who starts chats; the key is the site and a name, with a slash between."""

    __slots__ = ("_chats", "_fittings", "_ids", "_lives", "_site")

    def __init__(
        self,
        kind: Kind[S],
        key: str,
        *,
        chats: Kind[ChatCell],
        ids: IdMaker,
        fittings: Fittings,
    ) -> None:
        super().__init__(kind, key)
        self._site = SiteId(key.partition("/")[0])
        self._chats = chats
        self._ids = ids
        self._fittings = fittings
        self._lives = 0
        """Restarts so far: what was begun in an earlier life is over."""

    def _rest(self) -> None:
        """Let go of this actor, which holds no mail: what comes starts another."""
        self.kind.forget(self)

    def _over(self, life: int) -> None:
        """Take the next message, or rest."""
        if life == self._lives:
            self.release()
            self._rest()

    def _begin(self, begin: Begin, starting: Starting | None) -> None:
        caller = begin.caller
        if starting is None:
            caller.refused(begin.id, NO_CHAT, LATER)
            return
        reason = caller.barred(NO_CHAT, begin.id)
        if reason is not None:
            caller.refused(begin.id, NO_CHAT, Refused(reason))
            return
        self.hold()
        find = partial(
            _find_chats,
            site=self._site,
            profile=starting.profile,
            command=begin.id,
            most=self._fittings.new_chats.most,
        )
        start = partial(self._start, begin, starting)
        ask(self, self._fittings.journal, find, start, begin)

    def _start(self, begin: Begin, starting: Starting, found: Found) -> None:
        known = found.started or found.unclosed
        wait = 0 if known or not begin.limited else self._wait(found)
        if wait > 0:
            self._over(self._lives)
            most = self._fittings.new_chats.most
            many = Refused(Reason.RATE_LIMITED, limit=most, retry_after=wait)
            begin.caller.refused(begin.id, NO_CHAT, many)
            return
        chat = known or self._ids.chat()
        start = Start(
            begin.id,
            starting.who,
            self._site,
            self._fittings.clock(),
            chat,
            starting.profile,
            begin.text,
            begin.blobs,
            begin.legal_ack,
            found.previous,
            _traits(begin.traits, found.facts, starting.traits),
            faqs=begin.faqs,
            welcome=begin.welcome,
        )
        retry = found.started is None and begin.tries > 1
        done = partial(self._done, self._lives, begin)
        relay = Relay(begin.caller, known or NO_CHAT, done, retry=retry)
        self._chats.tell(chat, Order(start, relay, starting.name))

    def _wait(self, found: Found) -> int:
        """Return for how many milliseconds no more new chats may be opened."""
        if found.opened is None:
            return 0
        fittings = self._fittings
        return found.opened + fittings.new_chats.within - fittings.clock()

    def _done(self, life: int, begin: Begin, *, again: bool) -> None:
        self._over(life)
        if again:
            once_more = msgspec.structs.replace(begin, tries=begin.tries - 1)
            self.kind.put_first(self.key, once_more)


def find_unclosed(db: sqlite3.Connection, site: str, profile: str) -> ChatId | None:
    """Return the chat that a person has open or put aside."""
    found = queries.unclosed(db, site, profile, "chat")
    return ChatId(found[1]) if found else None


def _find_chats(
    db: sqlite3.Connection, site: str, profile: str, command: str, most: int
) -> Found:
    stream = queries.start(db, site, profile, command)
    ticket = None if stream is None else queries.ticket(db, stream)
    closed = queries.last_closed(db, site, profile, "chat")
    opened = queries.opened_before(db, site, profile, "chat", most)
    return Found(
        ChatId(ticket.chat) if ticket else None,
        find_unclosed(db, site, profile),
        ChatId(closed[1]) if closed else None,
        None if opened is None else Millis(opened),
        _facts(people.facts(db, site, profile)),
    )


def _facts(told: str | bytes | None) -> Facts:
    return NOBODY if told is None else msgspec.json.decode(told, type=Facts)


def _traits(page: Traits, facts: Facts, known: Traits) -> Traits:
    """Return what routing rules are told: the shop's word goes before the page's."""
    return Traits(
        facts.tags,
        () if facts.segment is None else (facts.segment,),
        page.page,
        facts.language or known.lang or page.lang,
        page.country,
    )
