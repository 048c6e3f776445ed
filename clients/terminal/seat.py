"""One person's place at a terminal: the chat on the screen, the list, what waits."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from actors.ids import ChatId, Millis, Person, Seq
from broker.wire.frames import Eph
from broker.wire.heard import Event, Fields
from clients.link import Link
from clients.terminal.grammar import Unclear
from clients.terminal.receipts import Receipts
from clients.terminal.rows import Numbers, called, signs
from clients.terminal.text import brief
from clients.terminal.wording import Eyes, day, name_of, outside, told
from clients.tickets import TicketList

END = Seq(2**53 - 1)
"""Beyond the last event of any chat."""
PAGE = 40
"""Events shown of a chat that is opened: about two screens; `/earlier` has the rest."""
HELD = 20
"""Refused lines that `/again` sends; of more the newest."""

Say = Callable[[str], object]
Now = Callable[[], datetime]


class Saying(NamedTuple):
    """Something to be said, and how far the chat was when it was typed."""

    text: str | None
    seen: Seq
    hold: bool = False
    macro: str | None = None


class Seat:
    """What the commands work on. The screen has one chat at a time, or none."""

    def __init__(self, link: Link, say: Say, now: Now) -> None:
        self.link = link
        self.say = say
        self.now = now
        self.chat: ChatId | None = None
        self.row: Fields = {}
        """The open chat as it was listed when it was opened, or later."""
        self.seen = Seq(0)
        """The newest event on the screen."""
        self.first = Seq(0)
        """The oldest one."""
        self.ended = False
        self.tickets = TicketList(link, "all")
        self.numbers = Numbers()
        self.unlisted: list[Fields] = []
        """Rows of the list that is shown which `/more` has still to show."""
        self.offers: deque[ChatId] = deque(maxlen=HELD)
        self.held: deque[Saying] = deque(maxlen=HELD)
        """What was not sent into the open chat, because it had gone on."""
        self.present: dict[str, str] = {}
        self.lookers: set[Person] = set()
        self.read_at = 0.0
        """When the chat was last seen to be read."""
        self._receipts = Receipts(link.who)
        self._day = ""
        self._shown: set[Seq] = set()
        """Events that were shown before their turn."""
        self._waiting: list[Event] | None = None
        """Events that come while the chat is being opened."""

    @property
    def inside(self) -> bool:
        """Whether an agent sits here."""
        return self.link.role in ("agent", "admin")

    @property
    def me(self) -> str:
        """One's own id."""
        return self.link.who.partition(":")[2]

    @property
    def millis(self) -> Millis:
        """What time it is."""
        return Millis(int(self.now().timestamp() * 1000))

    @property
    def eyes(self) -> Eyes:
        """How to call whom."""
        return Eyes(self.link.who, called(self.row) if self.inside and self.row else "")

    def here(self) -> ChatId:
        """Return the open chat.

        Raises:
            Unclear: there is none.
        """
        if self.chat is None:
            raise Unclear("which chat? /open one first (/list shows them)")
        return self.chat

    def row_of(self, chat: ChatId) -> Fields | None:
        """Return what is known of a ticket, or `None`."""
        if chat == self.chat and self.row:
            return self.row
        return self.tickets.rows.get(chat)

    async def open(self, chat: ChatId) -> None:
        """Put `chat` on the screen, in place of the one that is there.

        Raises:
            RequestRefused: none is, then.
        """
        await self.leave()
        self._waiting = []
        try:
            events, more = await self.link.history(chat, END, limit=PAGE)
            after = events[-1].seq if events else Seq(0)
            opened = await self.link.open_chat(chat, after=after)
        finally:
            missed, self._waiting = self._waiting, None
        self.chat, self.row = chat, opened["ticket"]
        self.first = events[0].seq if events else Seq(0)
        self.head()
        if more:
            self.say("      … /earlier shows what was before")
        self.page(events)
        for event in missed:
            self.take(event)
        if self.inside:
            self.link.view(chat)
            self.read()

    def head(self) -> None:
        """Say which chat is open, and whose it is."""
        chat = brief(self.chat or "")
        if not self.inside:
            self.say(f"      in chat {chat}")
            return
        holder = self.row.get("assignee")
        whose = "yours" if holder == self.me else brief(str(holder or "nobody's"))
        about = f"{called(self.row)}, {whose} {signs(self.row)}".rstrip()
        self.say(f"      with {about}, in chat {chat}")

    async def leave(self) -> None:
        """Clear the screen's place, if there is a chat on it."""
        chat, self.chat = self.chat, None
        self.row, self.seen, self.first, self.ended = {}, Seq(0), Seq(0), False
        self._receipts, self._day = Receipts(self.link.who), ""
        self.held.clear()
        self.lookers.clear()
        self._shown.clear()
        if chat is not None:
            if self.inside:
                self.link.view(chat, on=False)
            await self.link.leave_chat(chat)

    def page(self, events: list[Event]) -> None:
        """Show a page of what was said before; of the receipts only how it stands."""
        for event in events:
            self._receipts.take(event)
            self._show(event)
        self._tick()

    def past(self, events: list[Event]) -> None:
        """Show what was said before all that is on the screen."""
        for event in events:
            self._tell(event)
        self._day = ""

    def take(self, event: Event) -> None:
        """Show what has happened in the open chat, once."""
        if self._waiting is not None:
            self._waiting.append(event)
            return
        if self.chat is None and not self.inside:
            self.chat = event.chat
        if event.chat != self.chat or event.seq <= self.seen:
            return
        self._receipts.take(event)
        if event.seq in self._shown:
            self.seen = event.seq
        else:
            self._show(event)
        self._tick()

    def before_its_turn(self, event: Event) -> None:
        """Show an event that is about to come anyway."""
        if event.seq > self.seen and event.seq not in self._shown:
            self._tell(event)
            self._shown.add(event.seq)

    def look(self, eph: Eph) -> bool:
        """Note who else has the chat on the screen; return whether that is news."""
        if eph.what != "viewing":
            return eph.chat == self.chat
        if eph.chat != self.chat or (eph.by in self.lookers) == eph.on:
            return False
        change = self.lookers.add if eph.on else self.lookers.discard
        change(eph.by)
        return True

    def lookers_named(self) -> list[str]:
        """Return who they are."""
        return sorted(name_of(person, self.eyes) for person in self.lookers)

    def read(self) -> None:
        """Say that everything on the screen was seen."""
        if self.chat is not None and self.seen:
            self.read_at = self.now().timestamp()
            self.link.read(self.chat, self.seen)

    def restart(self) -> None:
        """Show the chat anew: the server was set back."""
        self.seen, self.ended = Seq(0), False
        self._receipts = Receipts(self.link.who)
        self._shown.clear()

    def _tell(self, event: Event) -> None:
        if day(event.at) != self._day:
            self._day = day(event.at)
            self.say(f"   -- {self._day} --")
        line = told(event, self.eyes)
        if line is not None:
            self.say(line)

    def _show(self, event: Event) -> None:
        self._tell(event)
        self.seen = event.seq
        if event.kind == "closed":
            self.ended = True
        elif event.kind == "msg" and outside(event.by) != outside(self.link.who):
            self.link.got(event.chat, event.seq)

    def _tick(self) -> None:
        line = self._receipts.news()
        if line is not None:
            self.say(line)
