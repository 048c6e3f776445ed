"""A conversation at a terminal: lines in, lines out, whatever the network does.

Lines are taken as they are typed and done one after the other, each when the one before
it is durable or refused: what is typed without a connection waits in order. The link
repeats what it has asked, under the same id; a line is never said twice.
"""

from collections.abc import AsyncIterable, Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

import trio

from actors.ids import ChatId, Seq
from broker.wire.errors import Code
from broker.wire.frames import Badge, Eph
from broker.wire.happened import Noticed, Resynced, Vanished
from broker.wire.heard import Event, Fields, Greeting, InboxChange
from clients.line import Cut
from clients.link import Link
from clients.received import Received, RequestRefused
from clients.terminal import looking, news, saying, table
from clients.terminal.grammar import Typed, Unclear, begun, matching, typed
from clients.terminal.rows import called
from clients.terminal.seat import Now, Say, Seat
from clients.terminal.text import brief
from clients.terminal.wording import rest, told

UNDONE = 100
"""Lines that may wait to be done; past it no more are read from the terminal."""
VIEW_S = 10.0
"""Seconds between two signs that the chat is on the screen; they hold for 15."""


TYPING_S = 3.0
"""Seconds between two signs of typing; they hold for 6."""


class Entered(NamedTuple):
    """A line, and what was on the screen when it was typed."""

    line: Typed
    chat: ChatId | None
    seen: Seq


def local_now() -> datetime:
    """Return the present, in the reader's zone."""
    return datetime.now(UTC).astimezone()


class Conversation:
    """One person at a terminal, in one chat at a time."""

    def __init__(self, link: Link, say: Say, now: Now = local_now) -> None:
        self._link = link
        self._say = say
        self._seat = Seat(link, say, now)
        self.redraw: Callable[[], object] = lambda: None
        """Called when the prompt is another one and nothing was said."""
        self._typed_at = 0.0
        self._undone = 0
        """Lines that were typed and are not done."""
        self._leaving: trio.CancelScope | None = None
        """Set once the person wants to leave: there is no waiting for a network."""

    def prompt(self) -> str:
        """Return what stands before the line that is typed: where it will be said."""
        seat = self._seat
        if not seat.inside:
            return "> "
        name = called(seat.row) if seat.chat else "no chat"
        dots = f" ({seat.tickets.badge})" if seat.tickets.badge else ""
        return f"{name}{dots}> "

    def names(self, word: str) -> list[str]:
        """Return the commands that `word` may begin."""
        return begun(word.lower(), table.names(inside=self._seat.inside))

    def typing(self, text: str) -> None:
        """Let the others see that something is typed, unless it is a command."""
        chat, said = self._seat.chat, typed(text)
        now = self._seat.now().timestamp()
        if chat is None or now - self._typed_at < TYPING_S or not said.words:
            return
        if said.command in ("", "hold", "note"):
            self._typed_at = now
            self._link.typing(chat, note=said.command == "note")

    async def begin(self, chat: ChatId | None) -> None:
        """Open `chat`, or the one that the shopper has; say what there is."""
        link, seat = self._link, self._seat
        self._say(f"You are {brief(link.who)} ({link.role}). /help shows the commands.")
        if chat is None and link.greeting is not None:
            chat = link.greeting.chat
        if seat.inside:
            await self._tried(looking.listing(seat, ""))
        if chat is not None:
            await self._tried(seat.open(chat))

    async def show(self) -> None:
        """Write down what happens."""
        async for received in self._link:
            try:
                await self._hear(received)
            except RequestRefused as refused:
                self._say(refusal(refused))

    async def look(self) -> None:
        """Keep the other agents told which chat is on the screen."""
        while True:
            await trio.sleep(VIEW_S)
            chat = self._seat.chat
            if chat is not None and self._seat.inside and self._link.connected:
                self._link.view(chat)

    async def take(self, lines: AsyncIterable[str]) -> None:
        """Do what each line says, until one says `/quit` or there are no more."""
        send, receive = trio.open_memory_channel[Entered](UNDONE)
        async with trio.open_nursery() as nursery, send:
            nursery.start_soon(self._work, receive)
            async for line in lines:
                said = typed(line)
                if not (said.command or said.words):
                    continue
                if said.command and "quit".startswith(said.command):
                    self._leaving = nursery.cancel_scope
                    break
                seat = self._seat
                self._undone += 1
                if not self._link.connected:
                    self._say("      … waits for the connection")
                await send.send(Entered(said, seat.chat, seat.seen))
            send.close()
            self._give_up()

    def _give_up(self) -> None:
        """Leave without what cannot be done now, once the person wants to."""
        if self._leaving is not None and not self._link.connected:
            if self._undone:
                self._say(f"      ! {self._undone} lines may not have been sent")
            self._leaving.cancel()

    async def _work(self, entered: trio.MemoryReceiveChannel[Entered]) -> None:
        async for each in entered:
            await self._tried(self._do(each))
            self._undone -= 1

    async def _do(self, entered: Entered) -> None:
        seat, (name, words) = self._seat, entered.line
        if not name:
            seen = entered.seen if entered.chat == seat.chat else seat.seen
            await saying.say(seat, words, seen)
            seat.read()
            return
        known = table.names(inside=seat.inside)
        command = table.COMMANDS[matching(name, known)]
        if command.act is None:
            for line in table.help_for(words, inside=seat.inside):
                self._say(line)
        else:
            await command.act(seat, words)

    async def _tried(self, act: Awaitable[None]) -> None:
        try:
            await act
        except RequestRefused as refused:
            self._say(refusal(refused))
        except Unclear as unclear:
            self._say(f"      ! {unclear}")

    async def _hear(self, received: Received) -> None:
        seat = self._seat
        match received:
            case Event():
                seat.take(received)
            case InboxChange() | Badge():
                await self._listed(received)
            case Noticed():
                self._notice(received)
            case Eph():
                if seat.look(received):
                    self._tell(received)
            case Cut():
                self._tell(received)
                # Who is still there will be told of anew.
                seat.lookers.clear()
                self._give_up()
            case Greeting():
                self._tell(received)
                await self._listed(received)
            case Resynced():
                self._tell(received)
                seat.restart()
            case Vanished():
                self._tell(received)
                if received.chat == seat.chat:
                    await seat.leave()
            case _:
                pass

    def _tell(self, received: Received) -> None:
        line = told(received, self._seat.eyes)
        if line is not None:
            self._say(line)

    async def _listed(self, received: InboxChange | Badge | Greeting) -> None:
        """Say what has changed among the tickets that are not on the screen."""
        seat = self._seat
        if not seat.inside:
            return
        before = dict(seat.tickets.rows)
        if not await seat.tickets.take(received):
            self.redraw()
            return
        rows = seat.tickets.rows
        changed = [chat for chat in rows if rows[chat] != before.get(chat)]
        for chat in changed:
            if chat == seat.chat:
                seat.row = rows[chat]
            else:
                said = news.changed(before.get(chat), rows[chat], seat.me)
                self._news(chat, said, rows[chat])
        for chat in before.keys() - rows.keys() - {seat.chat}:
            self._news(chat, news.left(before[chat], seat.me), before[chat])

    def _notice(self, notice: Noticed) -> None:
        seat, fields = self._seat, notice.fields
        if notice.kind == "presence":
            self._present(fields)
            return
        if not seat.inside:
            said = rest(fields, "t", "kind", "chat")
            if notice.kind != "config":
                self._say(f"    * {brief(notice.kind)}{said}")
            return
        chat = ChatId(str(fields.get("chat", "")))
        if notice.kind == "transfer_offer":
            seat.offers.append(chat)
        self._news(chat, news.noticed(notice), seat.row_of(chat))

    def _news(self, chat: ChatId, said: news.News | None, row: Fields | None) -> None:
        if said is not None:
            self._say(said.line(self._seat.numbers.of(chat), row))

    def _present(self, fields: Fields) -> None:
        """Note who is there; what was known at the beginning is no news."""
        present = self._seat.present
        for agent in fields.get("agents", ()):
            who, state = str(agent.get("agent")), str(agent.get("state"))
            if present.get(who, "offline") != state and who != self._seat.me:
                self._say(f"    * {brief(who)} is {brief(state)}")
            present[who] = state


_HINTS = {
    Code.CHAT_CLOSED: "the chat has ended",
    Code.AGENT_OFFLINE: "they are not there; NAME! does it anyway",
    Code.AGENT_FULL: "they have enough chats; NAME! does it anyway",
    Code.NOT_FOUND: "there is no such thing, or it is not yours to see",
    Code.BAD_TIME: "the time is too near or too far away",
}


def refusal(refused: RequestRefused) -> str:
    """Return what a refusal means for the person."""
    fields, code = refused.fields, refused.code
    why = str(fields.get("reason") or fields.get("message", ""))
    if code == Code.BAD_FRAME and fields.get("path") == "$.op":
        why = "this broker cannot do that"
    elif code == Code.MACRO_MISSING_VAR:
        why = "it lacks " + " ".join(f"{name}=..." for name in fields.get("names", ()))
    elif code in _HINTS:
        why = _HINTS[Code(code)]
    holder = f" ({fields['holder']})" if fields.get("holder") else ""
    return f"      ! {brief(f'{code}: {why}{holder}', 160)}"
