"""The actor that runs one chat: decide, evolve, append; once durable, answer, publish.

Nothing is said on the strength of a state that runs ahead of the journal: every answer,
refusals and repeats included, waits for the appends before it.
"""

from functools import partial

import msgspec

from actors import codec
from actors.cells import answers, history, images
from actors.cells.journaled import Shop
from actors.cells.listened import ListenedChat
from actors.cells.orders import (
    Inquire,
    Join,
    Left,
    LookBack,
    Order,
    Rename,
    Ring,
    Sign,
)
from actors.cells.ports import Accepted
from actors.cells.reading import ask
from actors.chat import control, cursors
from actors.chat.commands import MoveCursor, Start, Tick, WriteCursors
from actors.chat.events import Closed, Event, Opened, Said
from actors.chat.limits import is_full
from actors.chat.outcomes import Moved, Outcome, Repeated, Unchanged
from actors.chat.rules import Moving, decide
from actors.ids import AGENT, BOT, SYSTEM, AgentId, Seq, SiteId
from actors.refusals import Reason, Refused
from actors.rows import start_row
from actors.runtime.system import Kind
from actors.runtime.timers import Timer
from storage import queries
from storage.records import Append, Lane, Record

__all__ = ["ChatCell", "Shop"]

CURSORS_AFTER = 0.7
"""Seconds that cursors gather before they are journaled: within one second, with the
quarter by which a timer may be late (F12)."""

LATER = Refused(Reason.UNAVAILABLE)


class Held(msgspec.Struct, frozen=True, gc=False):
    """What an order comes to once everything appended so far is durable."""

    order: Order
    outcome: Outcome


class ChatCell(ListenedChat):
    """One chat in memory."""

    __slots__ = ("_cursors_timer", "_moving", "_owed")

    def __init__(self, kind: Kind["ChatCell"], key: str, shop: Shop) -> None:
        super().__init__(kind, key, shop)
        self._moving: Moving = {}
        self._cursors_timer: Timer | None = None
        self._owed: Order | None = None
        """Whose answer is being given: another has to be found if that fails."""

    def on_receive(self, message: object) -> None:
        """Carry out any of `orders.AnyMail`."""
        if isinstance(message, Order):
            self._carry_out(message)
        elif isinstance(message, Join):
            self._join(message)
        elif isinstance(message, Sign):
            self._sign(message)
        elif isinstance(message, Ring):
            self._ring(message)
        elif isinstance(message, Left):
            self._end_signs(message)
        elif isinstance(message, LookBack):
            self._look_back(message)
        elif isinstance(message, Inquire):
            self._tell_whose(message)
        elif isinstance(message, Rename):
            self._rename(message.name)

    def turn_away(self, message: object) -> None:
        """Tell whoever sent `message` to try again."""
        if isinstance(message, Order):
            self._refuse(message, LATER)
        elif isinstance(message, LookBack):
            message.caller.refused(message.re, self.chat, LATER, wrote=False)
        elif isinstance(message, Join):
            message.listener.refused(LATER)
        elif isinstance(message, Inquire):
            message.asker.refused(LATER)

    def may_rest(self) -> bool:
        """Return whether the chat may be put away; if so its snapshot is on its way."""
        if self._state.seq != self._durable or self._shop.audience.listening(self.chat):
            return False
        if self._moving:
            rules = self._shop.rules_of(SiteId(self._state.site))
            if not is_full(self._state, rules.limits):
                return False
        self.snapshot()
        return True

    def on_stop(self) -> None:
        """Leave nothing behind that would bring the chat back, or keep it alive."""
        if self._cursors_timer is not None:
            self._cursors_timer.cancel()
        self._cursors_timer = self._signs = None

    # Orders: decide, evolve, append.

    def _carry_out(self, order: Order) -> None:
        command, caller, shop = order.command, order.caller, self._shop
        # Cursors keep no place in line: they only move forward anyway.
        if caller is not None and not isinstance(command, MoveCursor):
            reason = caller.barred(self.chat, command.id)
            if reason is None and shop.journal.full:
                reason = Reason.UNAVAILABLE
            if reason is not None:
                self._refuse(order, Refused(reason))
                return
        rules = shop.rules_of(command.site)
        outcome = decide(self._state, command, rules, self._moving)
        if type(outcome) is tuple:
            self._append(order, outcome)
        elif type(outcome) is Moved:
            self._write_cursors_soon()
            self._answer(order, outcome)
            self._tell_read(order)
        elif images.unsought(command, outcome):
            self._look_for_images(order)
        elif self._state.seq == self._durable:
            self._answer(order, outcome)
        elif caller is not None:
            # Decided on a state that is not durable yet: its place is behind that.
            self._put_barrier(Held(order, outcome))

    def _tell_read(self, order: Order) -> None:
        command = order.command
        if (
            isinstance(command, MoveCursor)
            and command.what == "read"
            and command.by.startswith(AGENT)
        ):
            # Nobody can have read what was not shown yet.
            upto = min(command.seq, self._durable)
            audience = self._shop.audience
            agent = AgentId(command.by.removeprefix(AGENT))
            audience.has_read(command.site, self._stream, agent, upto)

    def _append(self, order: Order, events: tuple[Event, ...]) -> None:
        command, start = order.command, None
        if isinstance(command, Start):
            start = start_row(self._stream, command)
        self._name = order.name or self._name
        self._write(events, Held(order, events), command.site, start)

    def _look_for_images(self, order: Order) -> None:
        """Find out which of its images `order` may name; later mail waits behind it."""
        self.hold()
        chat, stream = self.chat, self._stream
        look = partial(images.sought, order=order, chat=chat, stream=stream)
        ask(self, self._shop.journal, look, partial(self._go_ahead, self._lane), order)

    def _go_ahead(self, lane: Lane, order: Order) -> None:
        if self.held is None:
            self.kind.put_first(self.key, order)
            return
        self.held.appendleft(order)
        if lane is self._lane and not lane.broken:
            self.release()
        # Else it is being loaded anew, and lets its mail through by itself.

    # Once it is durable: answer, publish.

    def settled(self, append: Append) -> None:
        """Say what was held back until `append` was durable."""
        # Not `guarded`: this runs for every message.
        try:
            if append.failed:
                self._undo(append)
            else:
                self._say(append)
        except Exception as error:  # noqa: BLE001 - a bug of this chat alone
            self.kind.system.failed(self, error, self._owed)
        self._owed = None

    def _undo(self, append: Append) -> None:
        self._reload(append)
        held = append.subject
        if isinstance(held, Held):
            if type(held.outcome) is tuple:
                cursors.put_back(self._moving, held.outcome)
            self._refuse(held.order, LATER)

    def _say(self, append: Append) -> None:
        held = append.subject
        if isinstance(held, Held):
            self._owed = held.order
            if type(held.outcome) is tuple:
                self._publish(append.records, held.order, held.outcome)
            else:
                self._answer(held.order, held.outcome)
        self._kept(append)
        if append.ticket is not None:
            self._tell_place(append.ticket)
            self._shop.audience.listed(append.ticket, self._name, append.reads)

    def _publish(
        self, records: tuple[Record, ...], order: Order, events: tuple[Event, ...]
    ) -> None:
        caller, re, chat = order.caller, order.command.id, self.chat
        audience = self._shop.audience
        opens = type(events[0].body) is Opened
        if caller is not None and opens:
            caller.attach(chat)
        for record, event in zip(records, events, strict=True):
            self._durable = Seq(record.seq)
            skip = None
            if caller is not None and event.id and event.id == re:
                skip = caller.connection
                caller.accepted(
                    answers.granted(order, chat, record, event, existing=not opens)
                )
                self._owed = None
            audience.publish(chat, record, event, skip)
            if self._signs is not None:
                self._signs.happened(event)
                self._drop_signs_if_quiet()
            if type(event.body) is not Said:
                audience.noticed(chat, self._state, event)
            if type(event.body) is Closed and self._to_be_rated(event.at):
                audience.ask_to_rate(chat, self._state.shopper)

    def _answer(self, order: Order, outcome: Outcome) -> None:
        caller, re = order.caller, order.command.id
        if isinstance(outcome, Refused):
            if outcome.reason is Reason.STALE_HEAD:
                since = partial(history.since, stream=self._stream, stale=outcome)
                ask(
                    self, self._shop.journal, since, partial(self._refuse, order), order
                )
                return
            self._refuse(order, outcome)
            self._rest_if_unknown()
        elif isinstance(outcome, Repeated):
            own = partial(
                queries.page, stream=self._stream, after=outcome.seq - 1, limit=1
            )
            repeat = partial(self._repeat, order)
            ask(self, self._shop.journal, own, repeat, order)
        elif caller is None:
            return
        elif isinstance(outcome, Moved):
            caller.accepted(Accepted(re, self.chat, seq=outcome.seq))
        elif isinstance(outcome, Unchanged):
            at = order.command.at
            caller.accepted(Accepted(re, self.chat, at, already=outcome.already))

    def _refuse(self, order: Order, refused: Refused) -> None:
        if control.came_too_late(order.command, refused):
            self._shop.audience.dropped(self.chat, BOT)
        if order.caller is not None:
            wrote = not isinstance(order.command, MoveCursor)
            order.caller.refused(order.command.id, self.chat, refused, wrote=wrote)

    def _repeat(self, order: Order, records: list[Record]) -> None:
        if self.held is not None:
            # The state that knows what opened the chat is being loaded: ask it then.
            self.kind.tell(self.key, order)
        elif order.caller is not None:
            event, opening = codec.from_record(records[0]), self._state.opening
            told = answers.repeated(order, self.chat, records[0], event, opening)
            if self._state.erased:
                # With what, nobody knows any more.
                told = msgspec.structs.replace(told, body_differs=False)
            order.caller.accepted(told)

    # Timers.

    def _ring(self, ring: Ring) -> None:
        """Do what has fallen due; if nothing has, see that the alarm is right."""
        state = self._state
        site, before = SiteId(state.site), state.seq
        if not before:
            self._rest_if_unknown()
            return
        self._carry_out(Order(Tick("", SYSTEM, site, ring.at)))
        if state.seq == before:
            self._look_ahead()

    def _write_cursors_soon(self) -> None:
        if self._moving and self._cursors_timer is None:
            self._cursors_timer = Timer(self._write_cursors)
            self._shop.timers.arm(self._cursors_timer, CURSORS_AFTER)

    def _write_cursors(self) -> None:
        self._cursors_timer = None
        site, now = SiteId(self._state.site), self._shop.clock()
        self.kind.tell(self.key, Order(WriteCursors("", SYSTEM, site, now)))

    def _came_back(self) -> None:
        cursors.keep_below(self._moving, self._durable)
        self._write_cursors_soon()
