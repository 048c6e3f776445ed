"""A chat's actor as those have it who listen: what was missed, what is live, signs.

Who joins is caught up page by page, at the pace at which pages are taken, and goes live
where the journal has settled: nothing twice, nothing missing (protocol section 7).
"""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from actors import codec
from actors.cells import history, past
from actors.cells.journaled import JournaledChat, Shop
from actors.cells.orders import Inquire, Join, Left, LookBack, Sign
from actors.cells.reading import ask
from actors.cells.signs import SignWatch
from actors.chat.rules import may_enter
from actors.chat.state import ChatState
from actors.ids import BOT, Person, ProfileId, SiteId
from actors.refusals import Reason, Refused
from actors.runtime.system import Kind
from storage import queries
from storage.records import Record

UNKNOWN = Refused(Reason.NOT_FOUND)
L = TypeVar("L", bound="ListenedChat")


class ListenedChat(JournaledChat):
    """One chat in memory, and those who listen to it."""

    __slots__ = ("_signs",)

    def __init__(self, kind: Kind[L], key: str, shop: Shop) -> None:
        super().__init__(kind, key, shop)
        self._signs: SignWatch | None = None

    # Listening: announce, catch up page by page, go live.

    def _join(self, join: Join) -> None:
        listener, durable = join.listener, self._durable
        if not join.started:
            self._let_in(join)
        elif listener.position < durable:
            page = partial(queries.page, stream=self._stream, after=listener.position)
            ask(self, self._shop.journal, page, partial(self._catch_up, join), join)
        else:
            listener.live(durable)
            if self._to_be_rated(self._shop.clock(), by=listener.person):
                listener.asked_to_rate()
            if self._signs is not None:
                self._signs.repeat()

    def _let_in(self, join: Join) -> None:
        listener, state = join.listener, self._state
        if state.seq != self._durable:
            # Nobody is to see from the ticket what is not durable yet. What has been
            # read is read again: what is decided may be to erase it.
            bare = Join(listener, join.site)
            now = partial(past.state_at, stream=self._stream, seq=self._durable)
            ask(self, self._shop.journal, now, partial(self._announce, bare), bare)
        else:
            self._announce(join, state)

    def _share(self, records: tuple[Record, ...]) -> None:
        """Spare those who wait to join a read of what has just been read."""
        held = self.held
        for place, mail in enumerate(held or ()):
            if held is not None and type(mail) is Join and not mail.started:
                at = mail.listener.position - records[0].seq + 1
                if 0 <= at < len(records):
                    held[place] = Join(mail.listener, mail.site, page=records[at:])

    def _announce(self, join: Join, state: ChatState) -> None:
        listener = join.listener
        if not self._lets_in(state, listener.person, join.site):
            listener.refused(UNKNOWN)
            self._rest_if_unknown()
        elif listener.position > state.seq:
            listener.refused(Refused(Reason.RESYNC_REQUIRED, head=state.seq))
        else:
            listener.opened(state.seq, state, self._name)
            if join.page:
                self._catch_up(join, join.page)
            else:
                self._go_on(join)

    def _catch_up(self, join: Join, page: Sequence[Record]) -> None:
        if not page:
            raise codec.UnreadableRecordError(f"nothing up to {self._durable}")
        for record in page:
            # The reader may be ahead of us: what is durable but not yet settled is
            # published to the listener once it is.
            if record.seq > self._durable:
                break
            join.listener.missed(record, codec.from_record(record))
        join.listener.when_drained(partial(self._go_on, join))

    def _lets_in(self, state: ChatState, who: Person, site: SiteId) -> bool:
        return may_enter(state, who, site, self._shop.rules_of(site))

    def _go_on(self, join: Join) -> None:
        self.kind.tell(self.key, Join(join.listener, join.site, started=True))

    def _look_back(self, look: LookBack) -> None:
        if self._lets_in(self._state, look.by, look.site):
            journal = self._shop.journal
            history.look_back(self, journal, self._stream, self._durable, look)
        else:
            look.caller.refused(look.re, self.chat, UNKNOWN, wrote=False)
            self._rest_if_unknown()

    def _tell_whose(self, inquire: Inquire) -> None:
        if self._lets_in(self._state, inquire.by, inquire.site):
            inquire.asker.found(ProfileId(self._state.profile))
        else:
            inquire.asker.refused(UNKNOWN)
            self._rest_if_unknown()

    # Signals.

    def _sign(self, sign: Sign) -> None:
        state = self._state
        # Nobody types where a message comes as a whole, but agents view that too.
        shown = state.channel == "chat" or sign.what == "viewing"
        own = sign.by == BOT and state.control == "bot"
        if not own and not self._lets_in(state, sign.by, sign.site):
            self._rest_if_unknown()
        elif shown and state.status != "closed":
            if self._signs is None:
                self._signs = SignWatch(self, self._shop.audience, self._shop.timers)
            self._signs.take(sign)
            self._drop_signs_if_quiet()

    def _end_signs(self, left: Left) -> None:
        if self._signs is not None:
            self._signs.left(left.who)
            self._drop_signs_if_quiet()

    def _drop_signs_if_quiet(self) -> None:
        if self._signs is not None and self._signs.quiet:
            self._signs = None
