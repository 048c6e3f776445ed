"""Random people doing random things: the promises hold whatever they do.

Each connection checks what it is sent as it comes: every event and every answer with a
place stands on the one before it, every request has one answer. At the end everybody
has seen what the journal has, as far as they may.
"""

import random
import sys
from collections import Counter
from typing import NamedTuple

import pytest
import trio

from tests.system.client import Client, Closed, Frame, new_id
from tests.system.shop import Shop

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("virtual_time")]

SEEDS, STEPS = 12, 150
SHOPPERS = ("s0", "s1", "s2")
AGENTS = ("ann", "bob")


class Opened:
    """A chat that is open on one connection."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.position = after
        self.started = False
        """Whether anything has come: the first event is right whatever its `prev`."""
        self.seen: list[int] = []


class Seat:
    """One connection of one person, and what it has open."""

    def __init__(self, world: "World", sub: str, client: Client) -> None:
        self.world = world
        self.sub = sub
        self.client = client
        self.insider = sub in AGENTS
        self.opened: dict[str, Opened] = {}
        self.asked: dict[str, Frame] = {}
        self.answers: Counter[str] = Counter()
        self.here = True

    async def ask(self, op: str, **fields: object) -> None:
        """Ask for something, and go on."""
        id_ = str(fields.pop("id", None) or new_id())
        self.asked[id_] = {"op": op, **fields}
        await self.client.say(op, id=id_, **fields)

    async def listen(self) -> None:
        """Check all that comes, until the connection is cut."""
        try:
            while True:
                self._take(await self.client.next())
        except Closed:
            self.here = False

    def _take(self, frame: Frame) -> None:
        match frame["t"]:
            case "ev":
                self._apply(frame, must_be_open=True)
            case "ok" | "err":
                self._answered(frame)
            case _:
                pass

    def _answered(self, frame: Frame) -> None:
        asked = self.asked[frame["re"]]
        self.answers[frame["re"]] += 1
        if frame["t"] == "err":
            assert frame["code"] in LEGAL, (asked, frame)
        elif asked["op"] == "chat.leave":
            del self.opened[frame["chat"]]
        elif asked["op"] == "chat.open":
            self.opened[frame["chat"]] = Opened(asked.get("after", 0))
        elif "prev" in frame:
            if frame.get("existing") is False and "dup" not in frame:
                # Its events came first, and opened it.
                assert frame["chat"] in self.opened
            self._apply(frame, must_be_open=False)

    def _apply(self, frame: Frame, *, must_be_open: bool) -> None:
        chat, seq, prev = frame["chat"], frame["seq"], frame["prev"]
        self.world.chats.setdefault(chat, self.sub)
        opened = self.opened.get(chat)
        if opened is None:
            if not must_be_open:
                return
            assert frame.get("kind") == "opened", ("not open", frame)
            opened = self.opened[chat] = Opened(0)
        if frame.get("dup") and seq <= opened.position:
            return
        assert seq > opened.position, ("twice", frame, opened.position)
        if opened.started or not opened.after:
            assert prev == opened.position, ("gap", frame, opened.position)
        else:
            assert prev <= opened.position, ("gap", frame, opened.position)
        opened.started = True
        opened.position = seq
        opened.seen.append(seq)


LEGAL = {
    *("chat_closed", "not_found", "bad_cursor", "stale_head", "conflict"),
    *("resync_required", "bad_frame", "forbidden"),
}


class World(NamedTuple):
    """A shop, everybody in it, and the chats there are."""

    shop: Shop
    chance: random.Random
    nursery: trio.Nursery
    seats: list[Seat]
    chats: dict[str, str]
    used: list[tuple[str, str, str]]
    """Who used which request id in which chat, to be repeated."""

    async def come(self, sub: str) -> Seat:
        client = await (
            self.shop.agent(sub) if sub in AGENTS else self.shop.shopper(sub)
        )
        seat = Seat(self, sub, client)
        self.seats.append(seat)
        self.nursery.start_soon(seat.listen)
        return seat

    async def step(self) -> None:
        """Have somebody do something."""
        here = [seat for seat in self.seats if seat.here]
        seat = self.chance.choice(here)
        acts = [self._start, self._send, self._send, self._send, self._open]
        acts += [self._leave, self._cursor, self._again, self._rest, self._change]
        acts += [self._end, self._reconnect, self._type]
        await self.chance.choice(acts)(seat)

    def _chat(self, seat: Seat) -> str:
        known = [*self.chats]
        return self.chance.choice(known) if known else f"none of {seat.sub}"

    async def _start(self, seat: Seat) -> None:
        if not seat.insider:
            await seat.ask("chat.start", text=self._text())

    async def _send(self, seat: Seat) -> None:
        chat = self._chat(seat)
        for _ in range(self.chance.choice((1, 1, 1, 5))):
            id_ = new_id()
            self.used.append((seat.sub, chat, id_))
            op = (
                "note.add"
                if seat.insider and self.chance.random() < 0.3
                else "msg.send"
            )
            await seat.ask(op, id=id_, chat=chat, text=self._text())

    async def _again(self, seat: Seat) -> None:
        mine = [(chat, id_) for sub, chat, id_ in self.used if sub == seat.sub]
        if mine:
            chat, id_ = self.chance.choice(mine[-20:])
            if id_ not in seat.asked:
                await seat.ask("msg.send", id=id_, chat=chat, text="again")

    async def _open(self, seat: Seat) -> None:
        chat = self._chat(seat)
        after = self.chance.choice((0, 0, 3, 10, 999))
        opened = seat.opened.get(chat)
        if opened is None and not seat.insider and self.chats.get(chat) != seat.sub:
            after = 0
        # One at a time for one chat: what comes meanwhile belongs to the last.
        if opened is None and not self._on_the_way(seat, chat):
            await seat.ask("chat.open", chat=chat, after=after)

    def _on_the_way(self, seat: Seat, chat: str) -> bool:
        return any(
            asked["op"] in {"chat.open", "chat.leave"} and asked["chat"] == chat
            for id_, asked in seat.asked.items()
            if not seat.answers[id_]
        )

    async def _leave(self, seat: Seat) -> None:
        chat = self._chat(seat)
        if chat in seat.opened and not self._on_the_way(seat, chat):
            await seat.ask("chat.leave", chat=chat)

    async def _cursor(self, seat: Seat) -> None:
        op = self.chance.choice(("read", "got"))
        await seat.ask(op, chat=self._chat(seat), seq=self.chance.randrange(12))

    async def _change(self, seat: Seat) -> None:
        if not seat.insider:
            return
        chat = self._chat(seat)
        match self.chance.randrange(4):
            case 0:
                to = self.chance.choice((*AGENTS, None))
                await seat.ask("ticket.assign", chat=chat, to=to)
            case 1:
                await seat.ask("ticket.snooze", chat=chat, preset="one_week")
            case 2:
                await seat.ask("ticket.wake", chat=chat)
            case _:
                head = self.chance.randrange(12)
                text = self._text()
                await seat.ask("msg.send", chat=chat, text=text, if_head=head)

    async def _end(self, seat: Seat) -> None:
        if self.chance.random() < 0.2:
            await seat.ask("chat.end", chat=self._chat(seat))

    async def _type(self, seat: Seat) -> None:
        on = self.chance.random() < 0.7
        await seat.client.say("typing", chat=self._chat(seat), on=on)

    async def _rest(self, seat: Seat) -> None:
        del seat
        await trio.sleep(self.chance.choice((0.001, 0.1, 1, 10)))

    async def _reconnect(self, seat: Seat) -> None:
        await seat.client.cut()
        seat.here = False
        await self.come(seat.sub)

    def _text(self) -> str:
        return "x" * self.chance.choice((1, 10, 8000))


async def test_a_random_walk_keeps_every_promise(quick_shop: Shop) -> None:
    first = random.randrange(2**32)
    for seed in range(first, first + SEEDS):
        print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown if it fails
        await walk(quick_shop, random.Random(seed))


async def walk(shop: Shop, chance: random.Random) -> None:
    async with trio.open_nursery() as nursery:
        world = World(shop, chance, nursery, [], {}, [])
        for sub in (*SHOPPERS, *SHOPPERS, *AGENTS, *AGENTS):
            await world.come(sub)
        for _ in range(STEPS):
            await world.step()
        # Cursors are written, typing ends, everything is delivered.
        await trio.sleep(20)
        for seat in world.seats:
            if seat.here:
                assert set(seat.answers.values()) <= {1}
                assert set(seat.answers) == set(seat.asked)
                await saw_everything(shop, seat)
        for seat in world.seats:
            await seat.client.cut()
        nursery.cancel_scope.cancel()


async def saw_everything(shop: Shop, seat: Seat) -> None:
    for chat, opened in seat.opened.items():
        visible = await shop.visible(chat, insider=seat.insider)
        expected = [e["seq"] for e in visible if e["seq"] > opened.after]
        assert opened.seen == expected, (seat.sub, chat, opened.after)
