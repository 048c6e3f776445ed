"""The actor of one telephone number at one shop, for what comes from it by SMS.

It takes one message at a time, from question to commit, so that however often and
however fast the provider tells of messages, each is one, and all are in one ticket.
Its fences are those of `starting`: the `start` table, where the provider's own id of a
message stands for life, and the unique index on unclosed tickets.
"""

import sqlite3
from functools import partial

import msgspec
from sqlite_utils import Database

from actors.cells.chat import ChatCell
from actors.cells.fittings import Fittings
from actors.cells.idmaker import IdMaker
from actors.cells.names import called
from actors.cells.orders import Order
from actors.cells.ports import Caller
from actors.cells.reading import ask
from actors.cells.relay import Relay
from actors.cells.starting import LATER, NO_CHAT, TRIES, Starter
from actors.chat.commands import Start
from actors.chat.limits import ChatLimits, has_room
from actors.chat.traits import Traits
from actors.ids import SHOPPER, ChatId, Person, stream_of
from actors.refusals import Reason, Refused
from actors.runtime.system import Kind
from storage import accounts, blocks, numbers, queries
from storage.accounts import Profile
from storage.numbers import SMS
from storage.records import Change, TicketRow

UNWANTED = Refused(Reason.FORBIDDEN)
"""What a person whom the shop has blocked writes."""


class Text(msgspec.Struct, frozen=True):
    """A message has come; the same id a second time is the same message."""

    id: str
    text: str
    caller: Caller
    tries: int = TRIES


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal knows before a message is taken in."""

    started: bool = False
    """Whether the message is there already, in the ticket."""
    ticket: TicketRow | None = None
    """Where the message belongs; `None`: in a new one."""
    previous: ChatId | None = None
    profile: Profile | None = None
    number: str | None = None
    """Where answers of the ticket go to at present."""
    blocked: bool = False
    """Whether the shop wants nothing more of the person (F45)."""


class TexterCell(Starter):
    """One number; the key is site and number, with a slash between."""

    __slots__ = ("_number",)

    def __init__(
        self,
        kind: Kind["TexterCell"],
        key: str,
        *,
        chats: Kind[ChatCell],
        ids: IdMaker,
        fittings: Fittings,
    ) -> None:
        super().__init__(kind, key, chats=chats, ids=ids, fittings=fittings)
        self._number = key.partition("/")[2]

    def on_receive(self, message: object) -> None:
        """Take in a `Text`."""
        if not isinstance(message, Text):
            return
        self.hold()
        rules = self._fittings.rules_of(self._site)
        reopens = rules.settings.sms.reopen == "reopen"
        find = partial(
            _find,
            site=self._site,
            number=self._number,
            command=message.id,
            limits=rules.limits if reopens else None,
        )
        found = partial(self._found, self._lives, message)
        ask(self, self._fittings.journal, find, found, message)

    def turn_away(self, message: object) -> None:
        """Tell whoever sent `message` to try again."""
        if isinstance(message, Text):
            message.caller.refused(message.id, NO_CHAT, LATER)

    def restart(self) -> None:
        """Go on with the next message."""
        self._lives += 1
        self.release()

    def _found(self, life: int, text: Text, known: Known) -> None:
        if life != self._lives:
            self.turn_away(text)
            return
        if known.blocked and not known.started:
            text.caller.refused(text.id, NO_CHAT, UNWANTED)
            self._over(life)
            return
        ticket = known.ticket
        chat = ChatId(ticket.chat) if ticket else self._ids.chat()
        if known.started or (known.profile and known.number == self._number):
            self._take_in(text, chat, known, known.profile)
            return
        # Before the message itself: nobody is answered at a number that is not known.
        now = self._fittings.clock()
        new = Profile(
            self._site,
            self._ids.profile(),
            None,
            None,
            None,
            self._number,
            None,
            now,
            now,
        )
        write = partial(
            _put_number,
            profile=known.profile or new,
            chat=chat,
            number=self._number,
        )
        saved = self.guarded(partial(self._saved, life, text, chat, known), text)
        self._fittings.journal.change(Change(write, saved))

    def _saved(
        self, life: int, text: Text, chat: ChatId, known: Known, change: Change
    ) -> None:
        profile = change.result
        if life != self._lives or not isinstance(profile, Profile):
            self.turn_away(text)
            self._over(life)
        else:
            self._take_in(text, chat, known, profile)

    def _take_in(
        self, text: Text, chat: ChatId, known: Known, profile: Profile | None
    ) -> None:
        owner = known.ticket.profile if known.ticket else profile.id if profile else ""
        start = Start(
            text.id,
            Person(SHOPPER + owner),
            self._site,
            self._fittings.clock(),
            chat,
            owner,
            text.text,
            previous=known.previous,
            traits=Traits(lang=profile.locale if profile else None),
            channel=SMS,
        )
        retry = not known.started and text.tries > 1
        done = partial(self._taken, self._lives, text)
        relay = Relay(text.caller, chat, done, retry=retry)
        name = called(profile) if profile else self._number
        self._chats.tell(chat, Order(start, relay, name))

    def _taken(self, life: int, text: Text, *, again: bool) -> None:
        self._over(life)
        if again:
            once_more = msgspec.structs.replace(text, tries=text.tries - 1)
            self.kind.put_first(self.key, once_more)


def _put_number(db: Database, profile: Profile, chat: ChatId, number: str) -> Profile:
    """Return the person, who is answered at `number` from now on."""
    stream = stream_of(chat)
    if stream is not None:
        numbers.put(db, stream, number)
    return accounts.add_profile(db, profile)


def _find(
    db: sqlite3.Connection,
    site: str,
    number: str,
    command: str,
    limits: ChatLimits | None,
) -> Known:
    """Return what is known of a message; with `limits`, closed tickets take some."""
    stream = queries.start(db, site, SMS, command)
    ticket = None if stream is None else queries.ticket(db, stream)
    if ticket is not None:
        return _known(db, ticket, started=True)
    ticket = numbers.unclosed(db, site, number)
    profile = None if ticket else numbers.profile(db, site, number)
    if profile is not None:
        ticket = _ticket_of(db, queries.unclosed(db, site, profile.id, SMS))
    if ticket is not None:
        return _known(db, ticket)
    if profile is None:
        return Known()
    last = _ticket_of(db, queries.last_closed(db, site, profile.id, SMS))
    if last is not None and limits is not None and has_room(last.seq, limits):
        return _known(db, last)
    return Known(
        previous=ChatId(last.chat) if last else None,
        profile=profile,
        blocked=blocks.is_blocked(db, site, profile.id),
    )


def _known(
    db: sqlite3.Connection, ticket: TicketRow, *, started: bool = False
) -> Known:
    profile = accounts.profile(db, ticket.site, ticket.profile)
    number = numbers.of_ticket(db, ticket.stream)
    blocked = blocks.is_blocked(db, ticket.site, ticket.profile)
    return Known(
        started=started,
        ticket=ticket,
        profile=profile,
        number=number,
        blocked=blocked,
    )


def _ticket_of(
    db: sqlite3.Connection, found: tuple[int, str] | None
) -> TicketRow | None:
    return None if found is None else queries.ticket(db, found[0])
