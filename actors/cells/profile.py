"""The actor of one person at one shop: who they are, and what they start.

What they start goes as `starting` says. It rests as soon as it has answered: whoever
comes next asks the journal anyway, and for all who are idle it would be a third of a
KiB each.
"""

import sqlite3
from functools import partial
from typing import Protocol

import msgspec
from sqlite_utils import Database

from actors.cells.adopting import Adopt, Adoption, Both, find_both
from actors.cells.chat import ChatCell
from actors.cells.fittings import Fittings
from actors.cells.idmaker import IdMaker
from actors.cells.names import called
from actors.cells.orders import Order
from actors.cells.reading import ask
from actors.cells.renaming import Renamed, renamed
from actors.cells.starting import (
    LATER,
    NO_CHAT,
    Begin,
    Starter,
    Starting,
    find_unclosed,
)
from actors.chat.commands import Block, Identify
from actors.chat.traits import Traits
from actors.ids import SHOPPER, SYSTEM, ChatId, Person
from actors.refusals import Reason, Refused
from actors.runtime.actor import Fleeting
from actors.runtime.system import Kind
from storage import accounts, blocks
from storage.accounts import Profile
from storage.records import Change


class Claims(msgspec.Struct, frozen=True):
    """What a shop's token says about a person."""

    sub: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None


class Guest(Protocol):
    """A connection whose person is being looked up."""

    def arrived(self, profile: Profile, chat: ChatId | None) -> None:
        """Hear who it is, and which unclosed chat they have."""

    def turned_away(self) -> None:
        """Hear that it cannot be known now."""


class Arrive(msgspec.Struct, frozen=True):
    """A person has come with a token."""

    claims: Claims
    guest: Guest


class Described(Fleeting, frozen=True):
    """The shop has told anew who the person is; it is durable."""

    profile: Profile


class Sever(msgspec.Struct, frozen=True):
    """The shop has blocked the person: close what goes on (F45)."""

    profile: str
    by: Person


class Known(msgspec.Struct, frozen=True):
    """What the journal knows of a person who comes."""

    profile: Profile | None
    unclosed: ChatId | None


class ProfileCell(Starter):
    """One person; the key is site and `sub`, with a slash between."""

    __slots__ = ("_just_known", "_profile", "_sub")

    def __init__(
        self,
        kind: Kind["ProfileCell"],
        key: str,
        *,
        chats: Kind[ChatCell],
        ids: IdMaker,
        fittings: Fittings,
    ) -> None:
        super().__init__(kind, key, chats=chats, ids=ids, fittings=fittings)
        self._sub = key.partition("/")[2]
        self._profile: Profile | None = None
        self._just_known: Known | None = None
        """What was found at the start, until the first message: it ages."""

    def on_start(self) -> None:
        """Look the person up; mail waits meanwhile."""
        self.hold()
        find = partial(_find_person, site=self._site, sub=self._sub)
        known = partial(self._known, self._lives)
        ask(self, self._fittings.journal, find, known)

    def on_receive(self, message: object) -> None:
        """Carry out an `Arrive` or a `Begin`, or take note of a `Described`."""
        just_known, self._just_known = self._just_known, None
        if isinstance(message, Arrive):
            self._arrive(message, just_known)
        elif isinstance(message, Described):
            self._learn(message.profile)
        elif isinstance(message, Begin):
            self._begin(message, self._starting)
        elif isinstance(message, Sever):
            self._sever(message)
        elif isinstance(message, Adopt):
            self._adopt(message)

    def turn_away(self, message: object) -> None:
        """Tell whoever sent `message` to try again."""
        if isinstance(message, Arrive):
            message.guest.turned_away()
        elif isinstance(message, Begin):
            message.caller.refused(message.id, NO_CHAT, LATER)
        elif isinstance(message, Adopt):
            message.adopter.turned_away()

    def restart(self) -> None:
        """Look the person up again."""
        self._lives += 1
        self.on_start()

    def _known(self, life: int, known: Known) -> None:
        if life == self._lives:
            self._profile = known.profile
            self._just_known = known
            self.release()

    @property
    def _starting(self) -> Starting | None:
        """Whose chat it would be."""
        profile = self._profile
        if profile is None:
            return None
        who = Person(SHOPPER + profile.id)
        return Starting(who, profile.id, called(profile), Traits(lang=profile.locale))

    # Arriving.

    def _arrive(self, arrive: Arrive, just_known: Known | None) -> None:
        old, claims = self._profile, arrive.claims
        if old is not None and _told(old, claims) == old:
            if just_known is None:
                self._look_for_chat(arrive, old)
            else:
                arrive.guest.arrived(old, just_known.unclosed)
            self._rest()
            return
        # Nobody hears a new name or id before it is durable.
        self.hold()
        now = self._fittings.clock()
        new = Profile(
            self._site,
            self._ids.profile() if old is None else old.id,
            self._sub,
            None,
            None,
            None,
            None,
            now,
            now,
        )
        write = partial(_tell, claims=claims, new=new, known=old is not None)
        saved = self.guarded(partial(self._saved, self._lives, arrive), arrive)
        self._fittings.journal.change(Change(write, saved))

    def _learn(self, profile: Profile) -> None:
        old = self._profile
        # A token may have told something newer on the way.
        if old is None or old.updated_at <= profile.updated_at:
            self._profile = profile

    def _saved(self, life: int, arrive: Arrive, change: Change) -> None:
        told, alive = change.result, life == self._lives
        if isinstance(told, Renamed):
            profile = told.profile
            told.tell(self._chats)
            if alive:
                self._profile = profile
                self.release()
                self._rest()
            self._look_for_chat(arrive, profile)
            return
        arrive.guest.turned_away()
        if alive:
            # The disk is full, or somebody else has changed the row: look again.
            self.restart()

    def _look_for_chat(self, arrive: Arrive, profile: Profile) -> None:
        find = partial(find_unclosed, site=self._site, profile=profile.id)
        then = partial(arrive.guest.arrived, profile)
        ask(self, self._fittings.journal, find, then, arrive)

    # Taking over what they did before they signed in.

    def _adopt(self, adopt: Adopt) -> None:
        starting = self._starting
        if starting is None:
            adopt.adopter.turned_away()
            return
        self.hold()
        find = partial(
            find_both,
            site=self._site,
            visitor=adopt.visitor,
            profile=starting.profile,
        )
        take = partial(self._take_over, adopt, starting)
        ask(self, self._fittings.journal, find, take, adopt)

    def _take_over(self, adopt: Adopt, starting: Starting, both: Both) -> None:
        done = partial(self._adopted, self._lives, adopt, both)
        if both.visitors is None:
            done(None)
            return
        command = Identify(
            self._ids.profile(),
            adopt.visitor,
            self._site,
            self._fittings.clock(),
            starting.who,
            merged=both.own is not None,
        )
        order = Order(command, Adoption(done), starting.name)
        self._chats.tell(both.visitors, order)
        if both.blocked:
            # It ends as those have that they had when they were blocked.
            self._close(Sever(starting.profile, SYSTEM), [both.visitors])

    def _adopted(
        self, life: int, adopt: Adopt, both: Both, refused: Refused | None
    ) -> None:
        self._over(life)
        if refused is None:
            goes_on = None if both.blocked else both.own or both.visitors
            adopt.adopter.adopted(goes_on)
        elif refused.reason is Reason.UNAVAILABLE:
            adopt.adopter.turned_away()
        else:
            adopt.adopter.adopted(both.own)

    # Being blocked.

    def _sever(self, sever: Sever) -> None:
        """Find what goes on; a start that was under way is over by now."""
        journal, site = self._fittings.journal, self._site
        find = partial(blocks.unclosed, site=site, profile=sever.profile)
        ask(self, journal, find, partial(self._close, sever), sever)

    def _close(self, sever: Sever, chats: list[str]) -> None:
        now = self._fittings.clock()
        for chat in chats:
            self._chats.tell(chat, Order(Block("", sever.by, self._site, now)))


def _tell(db: Database, claims: Claims, new: Profile, *, known: bool) -> Renamed | None:
    """Return the person's row with what `claims` say in it, or `new` as such.

    `None`: there is none any more, but it was `known`.
    """
    # Here, where nobody comes between: the shop may have told something itself.
    old = accounts.profile_by_sub(db.conn, new.site, claims.sub)
    if old is None:
        return None if known else Renamed(accounts.add_profile(db, _told(new, claims)))
    told = msgspec.structs.replace(_told(old, claims), updated_at=new.updated_at)
    return renamed(db.conn, old, told) if accounts.save_profile(db, told) else None


def _told(old: Profile, claims: Claims) -> Profile:
    """Return the person as `claims` have it; what they leave out stays."""
    return msgspec.structs.replace(
        old,
        name=claims.name or old.name,
        email=claims.email or old.email,
        phone=claims.phone or old.phone,
        locale=claims.locale or old.locale,
    )


def _find_person(db: sqlite3.Connection, site: str, sub: str) -> Known:
    profile = accounts.profile_by_sub(db, site, sub)
    unclosed = find_unclosed(db, site, profile.id) if profile else None
    return Known(profile, unclosed)
